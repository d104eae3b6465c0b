import assert from "node:assert/strict";
import type * as k8s from "@pulumi/kubernetes";
import { guardSets } from "../../../components/kubernetes/guardedSets";
import { createServer, type ServerArgs } from "../../../components/kubernetes/server";
import { rejects, useCluster } from "../../provider/clusterFixture";

const identity = { name: "store", instance: "store-zone-a", component: "storage" };

/** Nothing waits for pods: what is refused is refused before any of them would change. */
const skipAwait = { "pulumi.com/skipAwait": "true" };

describe("sets that keep data, with the real engine and API server", function () {
  this.timeout(900_000);
  const fixture = useCluster();
  const { namespace } = fixture;

  function declare(over: Partial<ServerArgs> = {}): void {
    fixture.declare((provider) => {
      const guard = { namespace, labels: {}, sets: "store-.+", keepers: "store-zone-.+", drainedWord: "drainedTo" };
      guardSets(namespace, guard, { provider });
      const server: ServerArgs = {
        identity,
        namespace,
        replicas: 2,
        image: "none.invalid/none:1",
        args: [],
        listens: { http: { port: 80 } },
        cpu: "1m",
        memory: "1Mi",
        requireSpread: false,
        readiness: { port: "http", periodSeconds: 10, failureThreshold: 3 },
        data: { mountPath: "/data", volumeSize: "1024Gi" },
        ...over,
      };
      createServer(server, {
        provider,
        transforms: [
          ({ type, props, opts }) =>
            type === "kubernetes:apps/v1:StatefulSet"
              ? {
                  opts,
                  props: {
                    ...props,
                    metadata: { ...props.metadata, annotations: { ...props.metadata.annotations, ...skipAwait } },
                  },
                }
              : undefined,
        ],
      });
    });
  }

  const set = `/apis/apps/v1/namespaces/${namespace}/statefulsets/${identity.instance}`;
  const replicas = async () =>
    ((await fixture.api.request("GET", set)) as unknown as k8s.types.output.apps.v1.StatefulSet).spec.replicas;

  /** The API server learns of a new policy some moments later. */
  async function up(): Promise<void> {
    await fixture.stack.up();
    const lower = () => fixture.merge(`${set}/scale`, { spec: { replicas: 1 } });
    for (let attempt = 0; attempt < 60; attempt++) {
      const refused = await lower().then(
        () => false,
        () => true,
      );
      if (refused) return;
      await fixture.merge(`${set}/scale`, { spec: { replicas: 2 } });
    }
    assert.fail("fewer pods were never refused");
  }

  it("are not lowered by anybody, unless the number is named", async () => {
    declare();
    await up();
    await rejects(fixture.merge(`${set}/scale`, { spec: { replicas: 1 } }), /then set drainedTo to the new number/);
    declare({ replicas: 1 });
    await rejects(fixture.stack.preview(), /fewer pods would lose what only they hold/);
    declare({ replicas: 1, setWords: { drainedTo: 1 } });
    await fixture.stack.up();
    assert.equal(await replicas(), 1);
  });

  it("do not change their zones without a word", async () => {
    declare({ setWords: { layout: "3 copies in a, b, c" } });
    await up();
    declare({ setWords: { layout: "3 copies in a, b, d" } });
    await rejects(fixture.stack.up(), /volumes stay in their zone/);
    declare({ setWords: { layout: "3 copies in a, b, d", acceptLayoutChange: true } });
    await fixture.stack.up();
  });

  it("are neither replaced nor told of larger volumes, until a new set has them", async () => {
    declare({ data: { mountPath: "/data", volumeSize: "1024Gi" }, protect: true });
    await up();
    declare({ data: { mountPath: "/data", volumeSize: "1Ti" }, protect: true });
    await fixture.stack.up();
    declare({ data: { mountPath: "/data", volumeSize: "2Ti" }, protect: true });
    await rejects(fixture.stack.up(), /never changes the size of its volumes/);
    await fixture.api.request("DELETE", set, { query: { propagationPolicy: "Orphan" } });
    await fixture.stack.refresh();
    const made = await fixture.stack.up();
    assert.equal(made.steps[identity.instance]?.op, "create");
    declare({ data: { mountPath: "/data", volumeSize: "2Ti" } });
    await fixture.stack.up();
  });
});
