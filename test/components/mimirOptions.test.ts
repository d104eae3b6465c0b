import assert from "node:assert/strict";
import { InputPropertiesError } from "@pulumi/pulumi";
import { Mimir } from "../../components/backends/mimir/mimir";
import { manifestsOf } from "../../tools/plan/manifests";
import { graphOf } from "../harness";
import { configured, productionStore } from "./ringStores";

const built = (args: object) =>
  graphOf(() => {
    new Mimir("mimir", { namespace: "monitoring", bucket: { name: "metrics" }, ...args });
    return {};
  });

describe("Mimir's options", () => {
  it("reads and writes Kafka in the architecture ingestStorage, with a password that nobody sees", async () => {
    const kafka = {
      brokers: ["k1:9093", "k2:9093"],
      cidrs: ["10.7.0.0/16"],
      username: "mimir",
      password: "kafka-secret-0815",
    };
    const { graph, contract } = await productionStore("mimir", { architecture: "ingestStorage", kafka });
    const wanted = {
      "ingest_storage.enabled": true,
      "ingest_storage.kafka.address": "k1:9093,k2:9093",
      "ingest_storage.kafka.tls_enabled": true,
      "ingest_storage.kafka.sasl_mechanism": "SCRAM-SHA-512",
      "ingest_storage.kafka.sasl_password": "$" + "{KAFKA_PASSWORD}",
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
