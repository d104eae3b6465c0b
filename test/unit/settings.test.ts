import assert from "node:assert/strict";
import { formatProblems, opaqueSecret, type Problem, parseSettings, settingsSecretPaths } from "../../stacks/settings";

const cluster = { kind: "kubeconfig", name: "c1" };
const production = { environment: "production", cluster, alerting: { heartbeat: { kind: "none" } } };

function problemsOf(raw: unknown, encryptedPaths?: string[]): Problem[] {
  const parsed = parseSettings(raw, encryptedPaths ? { encryptedPaths } : {});
  return parsed.ok ? [] : parsed.problems;
}

function settingsOf(raw: unknown) {
  const parsed = parseSettings(raw);
  assert.ok(parsed.ok, parsed.ok ? "" : formatProblems(parsed.problems, "the test"));
  return parsed.settings;
}

const paths = (problems: Problem[]) => problems.map((problem) => problem.path).sort();

describe("settings: presets", () => {
  it("make production highly available without a word", () => {
    const settings = settingsOf(production);
    assert.equal(settings.prometheus.replicas, 2);
    assert.equal(settings.alertmanager.replicas, 3);
    assert.equal(settings.longTermStorage.kind === "none" && settings.longTermStorage.queriers, 2);
    assert.equal(settings.spread, "required");
    assert.equal(settings.prometheus.storage.kind, "volume");
  });

  it("make development one of everything", () => {
    const settings = settingsOf({ environment: "development", cluster });
    assert.deepEqual(
      [
        settings.prometheus.replicas,
        settings.alertmanager.replicas,
        settings.longTermStorage.kind === "none" && settings.longTermStorage.queriers,
        settings.spread,
      ],
      [1, 1, 1, "preferred"],
    );
  });

  it("keep what stands beside a changed key", () => {
    const { prometheus } = settingsOf({ ...production, prometheus: { localRetention: { time: "3d" }, replicas: 3 } });
    assert.deepEqual(prometheus.localRetention, { time: "3d" });
    assert.equal(prometheus.replicas, 3);
    assert.deepEqual(prometheus.storage, { kind: "volume", size: "100Gi" });
  });

  it("do not leak into a union of another kind", () => {
    const storage = { kind: "ephemeral", sizeLimit: "2Gi" };
    const { prometheus } = settingsOf({ environment: "development", cluster, prometheus: { storage } });
    assert.deepEqual(prometheus.storage, storage);
  });
});

describe("settings: errors", () => {
  it("are reported all at once, each with its path", () => {
    const problems = problemsOf({
      environment: "production",
      cluster: { kind: "kubeconfg", name: "c1" },
      prometheus: { replica: 3, replicas: 1, scrapeInterval: "often" },
      alertmanager: { replicas: 2 },
      alerting: { routes: [{ matchers: ["severity"], receiver: "oncall" }] },
    });
    assert.deepEqual(paths(problems), [
      "alerting.heartbeat",
      "alerting.routes[0].matchers[0]",
      "alertmanager.replicas",
      "cluster.kind",
      "prometheus.replica",
      "prometheus.replicas",
      "prometheus.scrapeInterval",
    ]);
  });

  it("name path, value, rule and fix", () => {
    const text = formatProblems(
      problemsOf({ ...production, prometheus: { scrapeInterval: "often" } }),
      "Pulumi.x.yaml",
    );
    assert.equal(
      text,
      [
        "1 problem in Pulumi.x.yaml:",
        "  prometheus.scrapeInterval",
        '    value: "often"',
        "    rule:  must be a duration: a whole number above 0 and ms, s, m, h, d, w or y",
        "    fix:   for example: prometheus.scrapeInterval: 30s",
      ].join("\n"),
    );
  });

  it("guess what a misspelt key was meant to be, and only when it is near", () => {
    const fixes = problemsOf({ ...production, prometheus: { replica: 2, walrus: true } }).map((problem) => problem.fix);
    assert.deepEqual(fixes, ["did you mean replicas?", "remove it"]);
  });

  it("list the kinds of a union", () => {
    const [problem] = problemsOf({ ...production, prometheusOperator: { kind: "helm" } });
    assert.deepEqual(
      [problem?.path, problem?.value, problem?.rule],
      ["prometheusOperator.kind", '"helm"', "must be one of install, preinstalled"],
    );
  });

  it("say what to do where there is nothing", () => {
    assert.deepEqual(paths(problemsOf({})), ["alerting.heartbeat", "cluster", "environment"]);
    assert.deepEqual(paths(problemsOf(undefined)), ["gpu-observability:platform"]);
    assert.deepEqual(paths(problemsOf([1])), ["gpu-observability:platform"]);
  });
});

describe("settings: rules between fields", () => {
  const local = { environment: "local", cluster };
  const cases: [string, unknown, string[]][] = [
    ["one Prometheus in production", { ...production, prometheus: { replicas: 1 } }, ["prometheus.replicas"]],
    ["two Alertmanagers in production", { ...production, alertmanager: { replicas: 2 } }, ["alertmanager.replicas"]],
    ["one querier in production", { ...production, longTermStorage: { queriers: 1 } }, ["longTermStorage.queriers"]],
    [
      "ephemeral data in production",
      { ...production, prometheus: { storage: { kind: "ephemeral", sizeLimit: "9Gi" } } },
      ["prometheus.storage.kind"],
    ],
    [
      "more blocks than disk",
      { ...production, prometheus: { localRetention: { size: "96Gi" } } },
      ["prometheus.localRetention.size"],
    ],
    ["blocks with room to spare", { ...production, prometheus: { localRetention: { size: "95Gi" } } }, []],
    [
      "less than one block of time",
      { ...local, prometheus: { localRetention: { time: "90m" } } },
      ["prometheus.localRetention.time"],
    ],
    ["an interval with holes", { ...local, prometheus: { scrapeInterval: "3m" } }, ["prometheus.scrapeInterval"]],
    [
      "a route to nobody",
      { ...local, alerting: { routes: [{ matchers: ['a="b"'], receiver: "x" }], defaultReceiver: "y" } },
      ["alerting.defaultReceiver", "alerting.routes[0].receiver"],
    ],
    [
      "two receivers of one name",
      {
        ...local,
        alerting: { receivers: ["https://a", "https://b"].map((url) => ({ name: "r", kind: "webhook", url })) },
      },
      ["alerting.receivers[1].name"],
    ],
    [
      "a receiver with the platform's own name",
      { ...local, alerting: { receivers: [{ name: "nobody", kind: "webhook", url: "https://a" }] } },
      ["alerting.receivers[0].name"],
    ],
    [
      "a heartbeat faster than the members agree",
      {
        ...local,
        alerting: { heartbeat: { kind: "webhook", url: "https://a", interval: "30s" } },
      },
      ["alerting.heartbeat.interval"],
    ],
    ["days where Alertmanager knows none", { ...local, alertmanager: { retention: "5d" } }, ["alertmanager.retention"]],
    ["one of everything in development", { environment: "development", cluster }, []],
  ];
  for (const [what, raw, expected] of cases) {
    it(`${expected.length === 0 ? "accept" : "refuse"} ${what}`, () => {
      assert.deepEqual(paths(problemsOf(raw)), expected);
    });
  }
});

describe("settings: secrets", () => {
  const url = "https://hooks.example/T0/very-secret";
  const withUrl = (value: unknown) => ({
    environment: "local",
    cluster,
    alerting: {
      receivers: [{ name: "r", kind: "webhook", url: value }],
      heartbeat: { kind: "webhook", url: value },
    },
  });

  it("stand exactly here", () => {
    const ofStores = [
      "bucket.credentials.accessKeyId",
      "bucket.credentials.secretAccessKey",
      "kafka.password",
      "licence",
    ];
    assert.deepEqual([...settingsSecretPaths].sort(), [
      "alerting.heartbeat.url",
      "alerting.receivers[].url",
      ...ofStores.map((path) => `alsoWriteTo.${path}`),
      ...ofStores.map((path) => `longTermStorage.${path}`),
    ]);
  });

  it("are never printed, whatever else is wrong with them", () => {
    const wrong = [withUrl("ftp://very-secret"), withUrl(["very-secret"]), withUrl({ key: "very-secret" })];
    for (const raw of wrong) {
      const problems = problemsOf(raw);
      assert.deepEqual(paths(problems), ["alerting.heartbeat.url", "alerting.receivers[0].url"]);
      assert.doesNotMatch(JSON.stringify(problems), /very-secret/);
    }
  });

  it("are never printed as part of what holds them", () => {
    const problems = problemsOf({
      environment: "local",
      cluster,
      alerting: { receivers: { name: "r", url }, heartbeat: [url] },
    });
    assert.equal(problems.length, 2);
    assert.doesNotMatch(JSON.stringify(problems), /very-secret/);
  });

  it("are never printed when their key, or everything around them, is wrong", () => {
    const misspelt = { environment: "local", cluster, alerting: { heartbeats: { kind: "webhook", url } } };
    const item = { name: "r", kind: "webhook", ulr: url };
    const raws = [misspelt, { environment: "local", cluster, alerting: { receivers: [item] } }, [url], url];
    for (const raw of raws) {
      const problems = problemsOf(raw);
      assert.notDeepEqual(problems, []);
      assert.doesNotMatch(JSON.stringify(problems), /very-secret/);
    }
  });

  it("that are misspelt and encrypted are one problem: the key", () => {
    const heartbeat = { kind: "webhook", url: opaqueSecret, urll: opaqueSecret };
    const raw = { environment: "local", cluster, alerting: { heartbeat } };
    const problems = problemsOf(raw, ["alerting.heartbeat.url", "alerting.heartbeat.urll"]);
    assert.deepEqual(
      problems.map(({ path, fix }) => [path, fix]),
      [["alerting.heartbeat.urll", "did you mean url?"]],
    );
  });

  it("must be encrypted where that can be seen", () => {
    const problems = problemsOf(withUrl(url), ["alerting.heartbeat.url"]);
    assert.deepEqual(paths(problems), ["alerting.receivers[0].url"]);
    assert.match(problems[0]?.rule ?? "", /must be encrypted/);
    assert.doesNotMatch(JSON.stringify(problems), /very-secret/);
  });

  it("are all that may be encrypted", () => {
    const encrypted = ["alerting.heartbeat.url", "alerting.receivers[0].url", "prometheus.replicas"];
    const problems = problemsOf({ ...withUrl(opaqueSecret), prometheus: { replicas: opaqueSecret } }, encrypted);
    assert.deepEqual(paths(problems), ["prometheus.replicas"]);
    assert.doesNotMatch(JSON.stringify(problems), /opaque/);
    assert.deepEqual(paths(problemsOf(withUrl(opaqueSecret), encrypted.slice(0, 2))), []);
  });
});
