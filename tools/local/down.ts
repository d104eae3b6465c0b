import { access, rm } from "node:fs/promises";
import type { Progress } from "../cli/progress";
import * as cluster from "../cluster";
import { connectToContext } from "./access";
import { withEngine } from "./engine";
import { engineDirectory, type Place } from "./place";
import { crdsStack, fleetStack, platformStack } from "./programs";
import { readRecord } from "./record";
import { destroyStack, openStack, type StackDefinition } from "./stacks";

/**
 * Removes the platform. A throwaway cluster goes as a whole; from a cluster of the user's everything is destroyed but
 * the CRDs, which others may use.
 */
export async function takeDown(place: Place, progress: Progress): Promise<void> {
  const directory = engineDirectory(place);
  if (place.kind === "throwaway") {
    await cluster.down(place.name, progress);
    await rm(directory, { recursive: true, force: true });
    return;
  }
  const exists = await access(directory).then(
    () => true,
    () => false,
  );
  if (!exists) {
    progress.note(`nothing was deployed to the context "${place.context}" by this command`);
    return;
  }
  (await connectToContext(place.context)).close();
  await withEngine(place, progress, async (engine) => {
    const record = await readRecord(directory);
    const reference = { name: "local", context: place.context };
    const destroy = (title: string, definition: StackDefinition) =>
      progress.step(title, async (report) => destroyStack(await openStack(engine, definition), report));
    const namespace = record?.namespace ?? "monitoring";
    // To destroy it, what it was made of is of no matter.
    const fleet = { namespace, nodes: 1, gpusPerNode: 1, profile: "essential", interval: "30s" } as const;
    await destroy("destroying the simulated GPU fleet", await fleetStack(reference, fleet));
    await destroy("destroying the platform", await platformStack(reference, []));
    await destroy("letting go of the CRDs, which stay in the cluster", crdsStack(reference));
  });
  await rm(directory, { recursive: true, force: true });
}
