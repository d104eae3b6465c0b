import assert from "node:assert/strict";
import { images } from "../../components/versions";
import { imageTools, plannedTools, S3_IMAGE } from "../../tools/local/images";
import { plannedObjects, platformStack } from "../../tools/local/programs";

describe("images for a throwaway cluster", () => {
  it("are those that the planned platform names, the operator's arguments included", async () => {
    const objects = await plannedObjects(await platformStack({ name: "local" }, []));
    assert.deepEqual(plannedTools(objects), imageTools);
  });

  it("are fewer when a part is switched off", async () => {
    const stack = await platformStack({ name: "local" }, ["clusterMetrics.kind=none", "workloads.kueue={kind: none}"]);
    const left = imageTools.filter((name) => name !== "kube-state-metrics" && name !== "node_exporter");
    assert.deepEqual(plannedTools(await plannedObjects(stack)), left);
  });

  it("are a store's only where an object names one, as an image or at the end of an argument", () => {
    const pod = (image: string, args: string[] = []) => ({ spec: { containers: [{ name: "main", image, args }] } });
    assert.deepEqual(plannedTools([pod(images.mimir), pod("a", [`--image=${S3_IMAGE}`])]), ["mimir", "versitygw"]);
    assert.deepEqual(plannedTools([pod(images.vmagent)]), ["vmagent"]);
    assert.deepEqual(
      plannedTools([pod(`mirror/${images.mimir}`), pod(`${images.cortex}-x`), pod(images.vmselect)]),
      [],
    );
  });
});
