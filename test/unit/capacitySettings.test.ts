import assert from "node:assert/strict";
import { parseSettings } from "../../stacks/settings";
import { cardinalityPreset, cardinalitySchema } from "../../stacks/settings/cardinality";
import { budgetPolicy, cardinalitySettingRules, monitored } from "../../stacks/settings/cardinalityRules";
import { fleetPresets, fleetSchema } from "../../stacks/settings/fleet";

const drop = (job: string, names: string) => ({ job, names, why: "nobody looks" });

function settingsOf({ fleet = [] as unknown, cardinality = {}, ...raw }: Record<string, unknown> = {}) {
  const parsed = parseSettings({
    environment: "production",
    cluster: { kind: "kubeconfig", name: "c1" },
    alerting: { heartbeat: { kind: "none" } },
    ...raw,
  });
  assert.ok(parsed.ok);
  return {
    ...parsed.settings,
    fleet: fleetSchema.parse(fleet),
    cardinality: cardinalitySchema.parse({ ...cardinalityPreset, ...Object(cardinality) }),
  };
}

const problemsOf = (raw?: Record<string, unknown>) =>
  cardinalitySettingRules.flatMap((rule) => rule.check(settingsOf(raw)));

describe("settings: the fleet and cardinality", () => {
  it("have presets that break no rule", () => {
    assert.deepEqual(problemsOf(), []);
    for (const fleet of Object.values(fleetPresets)) assert.deepEqual(problemsOf({ fleet }), []);
  });

  it("become what the capacity functions ask for", () => {
    const teams = {
      kind: "namespaceLabel",
      seriesPerNamespace: 1_000,
      namespaces: [{ name: "a", series: 5_000 }, { name: "b" }],
    };
    const settings = settingsOf({
      teams,
      fleet: [{ gpuModel: "h100", nodes: 4, gpusPerNode: 8 }],
      cardinality: { seriesPerGpu: 45 },
      workloads: { inference: { kind: "scrape", namespaces: ["serving"], engines: ["vllm", "ray-serve"] } },
    });
    assert.deepEqual(monitored(settings), {
      fleet: [{ name: "h100", nodes: 4, gpusPerNode: 8 }],
      gpuProfile: "health",
      sharedGpus: false,
      clusterMetrics: true,
      engines: ["vllm", "rayServe"],
      kueue: false,
      efa: false,
      shards: 1,
      replicas: 2,
      queriers: 2,
      alertmanagers: 3,
      rulers: 0,
      storeProcesses: [],
      teamSeries: 7_000,
    });
    assert.deepEqual(budgetPolicy(settings), { headroom: 1.5, seriesPerGpu: 45 });
    assert.equal(monitored(settingsOf({ teams: { kind: "none" } })).teamSeries, 0);
    assert.equal(monitored(settingsOf({ cardinality: { teamSeries: 5 } })).teamSeries, 5);
    assert.equal(monitored(settingsOf({ gpu: { kind: "none" } })).gpuProfile, undefined);
  });

  it("count both groups of rulers while there are stores of both ways", () => {
    const bucket = { name: "metrics" };
    const rulers = (stores: object) => monitored(settingsOf({ prometheus: { shards: 2 }, ...stores })).rulers;
    const mimir = { kind: "mimir", bucket, zones: ["a", "b", "c"] };
    assert.equal(rulers({}), 2);
    assert.equal(rulers({ longTermStorage: mimir }), 2);
    assert.equal(rulers({ longTermStorage: { kind: "thanos", bucket }, alsoWriteTo: mimir }), 4);
  });

  it("refuse limits of scrapes that leave less than twice the budget", () =>
    assert.deepEqual(problemsOf({ fleet: [{ nodes: 1_250, gpusPerNode: 16 }], gpu: { samplesPerScrape: 1_000 } }), [
      {
        path: ["gpu", "samplesPerScrape"],
        rule: "must be at least 1728, twice the budget of the largest target of dcgm-exporter in this fleet: a scrape above the limit is lost as a whole",
        fix: "set it to 1728 or more, or correct fleet",
      },
      {
        path: ["clusterMetrics", "kubeStateMetrics", "samplesPerScrape"],
        rule: "must be at least 2887500, twice the budget of the largest target of kube-state-metrics in this fleet: a scrape above the limit is lost as a whole",
        fix: "set it to 2887500 or more, or correct fleet",
      },
    ]));

  it("refuse a budget for each GPU below what the profile collects", () =>
    assert.deepEqual(problemsOf({ fleet: [{ nodes: 1, gpusPerNode: 8 }], cardinality: { seriesPerGpu: 35 } }), [
      {
        path: ["cardinality", "seriesPerGpu"],
        rule: "must be at least 36, which gpu.profile collects of this fleet: the alert would never end",
        fix: "set it to 54, or remove it",
      },
    ]));

  it("refuse drops of jobs that do not exist", () => {
    const extraDrops = [
      drop("node-exportr", "node_hwmon_.+"),
      drop("trainer", "x"),
      drop("node-exporter", "node_nvme_.+"),
    ];
    const problems = problemsOf({ cardinality: { extraDrops } });
    assert.deepEqual(
      problems.map(({ path, fix }) => [path.join("."), fix]),
      [
        ["cardinality.extraDrops.0.job", "did you mean node-exporter?"],
        ["cardinality.extraDrops.1.job", "name one of them, or remove the drop"],
      ],
    );
    assert.match(problems[0]?.rule ?? "", /^must be a job of the platform: prometheus, .*dcgm-exporter/);
  });

  it("refuse drops of what an alert needs, and name the alert", () => {
    const extraDrops = [
      drop("node-exporter", "node_sockstat_.+"),
      drop("node-exporter", "node_boot_time_.+|node_sockstat_.+"),
    ];
    assert.deepEqual(
      problemsOf({ cardinality: { extraDrops } }).map(({ path, fix }) => [path.join("."), fix]),
      [["cardinality.extraDrops.1.names", "make the expression narrower, or remove the drop"]],
    );
    const [problem] = problemsOf({ cardinality: { extraDrops: [drop("dcgm-exporter", ".+_TEMP")] } });
    assert.match(
      problem?.rule ?? "",
      /^must not match DCGM_FI_DEV_GPU_TEMP.*: [A-Z]\w+, .* and \d+ more would go blind$/,
    );
    assert.match(
      problemsOf({ cardinality: { extraDrops: [extraDrops[1]] } })[0]?.rule ?? "",
      /^must not match node_boot_time_seconds: .*NodeRebooted.* would go blind$/,
    );
  });

  it("take regular expressions that Prometheus and this program read alike", () => {
    const ok = (names: string) =>
      cardinalitySchema.safeParse({ ...cardinalityPreset, extraDrops: [drop("vllm", names)] }).success;
    for (const names of ["a_.+", "vllm:(a|b)_bucket", "x[0-9]*"]) assert.equal(ok(names), true, names);
    for (const names of ["", "(a", "(?!a)b", "(?i)a", "a\\d", "a b", "*"]) assert.equal(ok(names), false, names);
  });
});
