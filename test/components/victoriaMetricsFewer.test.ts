import assert from "node:assert/strict";
import type { VictoriaMetricsArgs } from "../../components/backends/victoriaMetrics/args";
import { VictoriaMetrics } from "../../components/backends/victoriaMetrics/victoriaMetrics";
import { graphOf } from "../harness";
import { productionStore, storeSettings } from "./victoriaMetricsStore";

const store = (args: Partial<VictoriaMetricsArgs>) =>
  graphOf(() => {
    new VictoriaMetrics("victoria-metrics", { namespace: "n", retentionDays: 30, ...args });
    return {};
  });

describe("VictoriaMetrics with fewer pods", () => {
  it("has the API server refuse fewer storage nodes and agents, until a word says so", async () => {
    const refused = (await productionStore()).graph;
    const { spec } = refused.manifest("ValidatingAdmissionPolicy", "monitoring-victoria-metrics") as unknown as {
      spec: { validations: { expression: string }[] };
    };
    assert.match(spec.validations[0]?.expression ?? "", /matches\('\^\(vmstorage\|vmagent\)\$'\)/);
    const { cluster, agents } = storeSettings();
    const { graph } = await productionStore({
      cluster: { ...cluster, storageNodesLoweredTo: 3 },
      agents: { ...agents, drainedTo: 2 },
    });
    const drainedTo = (name: string) =>
      (graph.manifest("StatefulSet", name).metadata.annotations as Record<string, string>)[
        "gpu-observability/drained-to"
      ];
    assert.deepEqual(["vmstorage", "vmagent", "vmselect"].map(drainedTo), ["3", "2", undefined]);
  });

  it("refuses words for another number", async () => {
    await assert.rejects(store({ agents: { drainedTo: 3 } }), /must be the number of pods, 2/);
    await assert.rejects(store({ storageNodes: 3, storageNodesLoweredTo: 4 }), /must be the number of pods, 3/);
  });
});
