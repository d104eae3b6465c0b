import assert from "node:assert/strict";
import { destroyStack } from "../../../../tools/local/stacks";
import { runCommand } from "../commands";
import type { LivePlatform } from "../livePlatform";

export function destruction(platform: LivePlatform, up: string[], summary: RegExp): void {
  it("destroy removes all but the CRDs, and up works again", async () => {
    await destroyStack(await platform.stack(), () => {});
    const namespaces = (await platform.api.request("GET", "/api/v1/namespaces")) as unknown as {
      items: { metadata: { name: string } }[];
    };
    assert.deepEqual(namespaces.items.map(({ metadata }) => metadata.name).sort(), [
      "default",
      "kube-node-lease",
      "kube-public",
      "kube-system",
    ]);
    const definitions = (await platform.api.request(
      "GET",
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    )) as unknown as { items: unknown[] };
    assert.equal(definitions.items.length, 10);
    const { code, stdout, stderr } = await runCommand("local", up);
    assert.equal(code, 0, stderr);
    assert.match(stdout, summary);
  });
}
