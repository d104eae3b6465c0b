import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { parseSettings } from "../../stacks/settings";
import { manifestsOf } from "../../tools/plan/manifests";
import { platformOf, stackSettings } from "./platformProgram";

const withDrops = (...extraDrops: object[]) => ({ ...stackSettings("prod"), cardinality: { extraDrops } });
const hwmon = { job: "node-exporter", names: "node_hwmon_.+", why: "Nobody looks at them." };
const step = { sourceLabels: ["__name__"], regex: hwmon.names, action: "drop" };

interface Scrape {
  endpoints?: { metricRelabelings?: unknown[] }[];
  metricRelabelings?: unknown[];
}

const stepsOf = ({ endpoints, metricRelabelings }: Scrape) => [
  ...(metricRelabelings ?? []),
  ...(endpoints ?? []).flatMap((endpoint) => endpoint.metricRelabelings ?? []),
];

async function droppedAt(settings: object) {
  const graph = await platformOf(settings);
  return manifestsOf(graph.resources)
    .filter(({ object }) => ["ServiceMonitor", "ScrapeConfig"].includes(object.kind))
    .filter(({ object }) => stepsOf(object.spec as Scrape).some((one) => isDeepStrictEqual(one, step)))
    .map(({ object }) => object.metadata.name);
}

describe("extra drops", () => {
  it("are taken at the scrapes of their job, after its own steps, and nowhere else", async () => {
    assert.deepEqual(await droppedAt(withDrops(hwmon)), ["node-exporter"]);
    assert.deepEqual(await droppedAt(withDrops({ ...hwmon, job: "kubelet" })), ["kubelet"]);
    assert.deepEqual(await droppedAt(withDrops()), []);
    const graph = await platformOf(withDrops(hwmon));
    assert.deepEqual(stepsOf(graph.manifest("ServiceMonitor", "node-exporter").spec as Scrape).at(-1), step);
  });

  it("that would blind an alert are refused, by its name", () => {
    const parsed = parseSettings(withDrops({ job: "dcgm-exporter", names: "DCGM_FI_DEV_ROW_.+", why: "Test." }));
    assert.ok(!parsed.ok);
    const [problem] = parsed.problems;
    assert.equal(problem?.path, "cardinality.extraDrops[0].names");
    assert.match(problem?.rule ?? "", /GpuRowRemapFailure/);
  });
});
