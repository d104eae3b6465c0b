import assert from "node:assert/strict";
import { InputPropertiesError } from "@pulumi/pulumi";
import { parse } from "yaml";
import { Mimir } from "../../components/backends/mimir/mimir";
import { manifestsOf } from "../../tools/plan/manifests";
import { graphOf } from "../harness";
import { platformOf, stackSettings } from "./platformProgram";
import { configured, productionStore, stackStore } from "./ringStores";

const built = (args: object) =>
  graphOf(() => {
    new Mimir("mimir", { namespace: "monitoring", bucket: { name: "metrics" }, ...args });
    return {};
  });

const withKafka = (password: string) => ({
  architecture: "ingestStorage",
  kafka: { brokers: ["k1:9093", "k2:9093"], cidrs: ["10.7.0.0/16"], username: "mimir", password },
});

/** Settings of an evaluator, or of an Alertmanager. */
const part = { replicas: 3, resources: { cpu: "1", memory: "1Gi" }, storage: { kind: "volume", size: "1Gi" } };

interface Pods {
  template: { metadata: { annotations: Record<string, string> } };
}

describe("Mimir's options", () => {
  it("reads and writes Kafka in the architecture ingestStorage, with a password that nobody sees", async () => {
    const { graph, contract } = await productionStore("mimir", withKafka("kafka-secret-0815"));
    const wanted = {
      "ingest_storage.enabled": true,
      "ingest_storage.kafka.address": "k1:9093,k2:9093",
      "ingest_storage.kafka.tls_enabled": true,
      "ingest_storage.kafka.sasl_mechanism": "SCRAM-SHA-512",
      "ingest_storage.kafka.sasl_password": "kafka-secret-0815",
      "ingester.push_grpc_method_enabled": false,
    };
    assert.deepEqual(configured(graph, "mimir", Object.keys(wanted)), wanted);
    assert.doesNotMatch(JSON.stringify(manifestsOf(graph.resources)), /kafka-secret-0815/);
    assert.deepEqual(
      contract.callOutside?.map(({ member, cidrs, ports }) => [member.name, cidrs[0], ports[0]]),
      [
        "mimir-distributor",
        ...["a", "b", "c"].map((zone) => `mimir-ingester-zone-${zone}`),
        "mimir-query-frontend",
      ].map((name) => [name, "10.7.0.0/16", 9093]),
    );
  });

  it("rolls its pods for a new password of Kafka, and takes a dollar in a password for a dollar", async () => {
    const template = async (password: string) => {
      const { graph } = await productionStore("mimir", withKafka(password));
      assert.equal(
        configured(graph, "mimir", ["ingest_storage.kafka.sasl_password"])["ingest_storage.kafka.sasl_password"],
        password,
      );
      const ingesters = graph.manifest("StatefulSet", "mimir-ingester-zone-a").spec as unknown as Pods;
      return ingesters.template;
    };
    const [before, after] = [await template("one"), await template("t$" + "{HOME}o")];
    assert.notDeepEqual(after.metadata.annotations, before.metadata.annotations);
    // With -config.expand-env Mimir would look for variables in every value of the file.
    assert.doesNotMatch(JSON.stringify(after), /expand-env/);
  });

  it("keeps a password of Kafka in a Secret, whoever the pods are to the bucket", async () => {
    const bucket = { name: "metrics", credentials: { kind: "podIdentity" } };
    const { graph } = await productionStore("mimir", { ...withKafka("kafka-secret-0815"), bucket });
    assert.deepEqual(graph.names("kubernetes:core/v1:Secret"), ["mimir-configuration"]);
    assert.doesNotMatch(JSON.stringify(manifestsOf(graph.resources)), /kafka-secret-0815/);
  });

  it("has an evaluator and an Alertmanager of its own where they are wanted", async () => {
    const graph = await built({ ruler: {}, alertmanager: {} });
    assert.deepEqual(
      graph.names("kubernetes:apps/v1:StatefulSet").filter((name) => /ruler|alertmanager/.test(name)),
      ["mimir-alertmanager", "mimir-ruler"],
    );
    assert.deepEqual(configured(graph, "mimir", ["ruler.alertmanager_url", "ruler.query_frontend.address"]), {
      "ruler.alertmanager_url": "dnssrvnoa+http://_http._tcp.mimir-alertmanager.monitoring.svc/alertmanager",
      "ruler.query_frontend.address": "dns:///mimir-query-frontend.monitoring.svc:9095",
    });
  });

  it("lets tenants reach the evaluator and the Alertmanager through the gateway", async () => {
    const { graph, contract } = await productionStore("mimir", { ruler: part, alertmanager: part });
    const { data } = graph.manifest("ConfigMap", "mimir-gateway-files") as unknown as { data: Record<string, string> };
    const { unauthorized_user } = parse(data["auth.yaml"] ?? "") as {
      unauthorized_user: { url_map: { src_paths: string[]; url_prefix: string; headers?: string[] }[] };
    };
    const tenantAndPart = (path: string) => {
      const route = unauthorized_user.url_map.find(({ src_paths }) =>
        src_paths.some((pattern) => new RegExp(`^(?:${pattern})$`).test(path)),
      );
      return [route?.headers?.[0]?.split(": ")[1], route && /mimir-([a-z-]+)\./.exec(route.url_prefix)?.[1]];
    };
    for (const [path, target] of [
      ["/prometheus/config/v1/rules", "ruler"],
      ["/prometheus/config/v1/rules/space/group", "ruler"],
      ["/prometheus/api/v1/rules", "ruler"],
      ["/prometheus/api/v1/alerts", "ruler"],
      ["/api/v1/alerts", "alertmanager"],
      ["/alertmanager/api/v2/silences", "alertmanager"],
      ["/prometheus/api/v1/query", "query-frontend"],
      ["/api/v1/push", "distributor"],
    ] as const) {
      assert.deepEqual(tenantAndPart(path), [undefined, target], path);
      assert.deepEqual(tenantAndPart(`/tenants/research${path}`), ["research", target], path);
    }
    const called = contract.edges.filter(({ from }) => from === contract.query.member).map(({ to }) => to.name);
    assert.deepEqual(called, ["mimir-distributor", "mimir-ruler", "mimir-alertmanager", "mimir-query-frontend"]);
  });

  it("tells alerts to its own Alertmanager, which may notify, and without one to the platform's", async () => {
    const policies = async (over: object) => {
      const longTermStorage = { kind: "mimir", ...stackStore, bucket: { name: "metrics" }, ...over };
      const network = { receivers: { cidrs: ["203.0.113.0/24"] } };
      const graph = await platformOf({ ...stackSettings("prod"), network, longTermStorage });
      const url = configured(graph, "mimir", ["ruler.alertmanager_url"])["ruler.alertmanager_url"];
      const leaves = (name: string) =>
        graph.names("kubernetes:networking.k8s.io/v1:NetworkPolicy").includes(name)
          ? JSON.stringify((graph.manifest("NetworkPolicy", name).spec as unknown as { egress: object[] }).egress)
          : "";
      return { url, ruler: leaves("mimir-ruler"), alertmanager: leaves("mimir-alertmanager") };
    };
    const alone = await policies({ ruler: part });
    assert.equal(alone.url, "dnssrvnoa+http://_web._tcp.alertmanager-gossip.monitoring.svc");
    assert.match(alone.ruler, /"port":9093[^\]]*\],"to":[^\]]*\/instance":"alertmanager"/);
    const both = await policies({ ruler: part, alertmanager: part });
    assert.equal(both.url, "dnssrvnoa+http://_http._tcp.mimir-alertmanager.monitoring.svc/alertmanager");
    assert.doesNotMatch(both.ruler, /9093/);
    assert.match(both.alertmanager, /203\.0\.113\.0/);
  });

  it("refuses what would lose data, by the name of the argument", async () => {
    const cases: [object, RegExp][] = [
      [{ tenants: [{ name: "" }] }, /tenants\.0\.name must be a name/],
      [
        { tenant: "x", tenants: [{ name: "a" }, { name: "a" }] },
        /tenants\.1\.name must be unique.*tenant must be one of/,
      ],
      [{ zones: ["a", "b"] }, /zones must be at least as many as replicationFactor, 3/],
      [{ zones: ["a", "b", "b"] }, /zones must not name a zone twice/],
      [{ replicationFactor: 2 }, /replicationFactor must be odd/],
      [{ retention: "12h" }, /retention must be at least 24h/],
      [{ haFailoverSeconds: 12 }, /haFailoverSeconds must be more than 12/],
      [
        { ingester: { replicas: 3 }, ingestersDrainedTo: 2 },
        /ingestersDrainedTo must be the number of ingesters per zone, 3/,
      ],
      [{ architecture: "ingestStorage" }, /kafka must name the brokers/],
      [{ kafka: { brokers: ["k:1"], cidrs: [] } }, /kafka is of no use in the architecture classic/],
      [
        { architecture: "ingestStorage", kafka: { brokers: ["k:1"], cidrs: [] }, ingester: { replicas: 101 } },
        /kafka\.partitions must be at least the number of ingesters per zone, 101/,
      ],
      [{ architecture: "new" }, /'new' is none of classic, ingestStorage/],
      [{ bucket: { name: "b", prefix: "a/b" } }, /bucket\.prefix 'a\/b' has other characters/],
    ];
    for (const [args, message] of cases) {
      await assert.rejects(
        built(args),
        (error) => InputPropertiesError.isInstance(error) && message.test(error.message),
      );
    }
  });
});
