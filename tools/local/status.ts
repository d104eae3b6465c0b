import { UserError } from "../cli/errors";
import * as cluster from "../cluster";
import { layout } from "../cluster/layout";
import { connect } from "../provider/apiClient";
import { connectToContext } from "./access";
import { askHealth, complaints } from "./health";
import { engineDirectory, type Place, placeFlags, placeName } from "./place";
import { printHealth } from "./print";
import { readRecord } from "./record";

const UNHEALTHY = 3;

/** Prints how the platform is and returns the exit code: 0 when all is well. */
export async function printStatus(place: Place): Promise<number> {
  if (place.kind === "throwaway") {
    const state = await cluster.status(place.name);
    if (state !== "running") {
      process.stdout.write(`${placeName(place)} is ${state}\n  npm run local --${placeFlags(place)} brings it up\n`);
      return UNHEALTHY;
    }
  }
  const record = await readRecord(engineDirectory(place));
  if (!record) {
    process.stdout.write(
      `${placeName(place)} has no finished platform\n  npm run local --${placeFlags(place)} deploys it\n`,
    );
    return UNHEALTHY;
  }
  const api =
    place.kind === "throwaway"
      ? await connect({ kubeconfig: layout(place.name).kubeconfig })
      : await connectToContext(place.context);
  try {
    const health = await askHealth(api, record);
    const wrong = complaints(health, record);
    printHealth(health);
    process.stdout.write(wrong.length === 0 ? "healthy\n" : `unhealthy: ${wrong.join("; ")}\n`);
    return wrong.length === 0 ? 0 : UNHEALTHY;
  } catch (error) {
    throw new UserError(
      `${placeName(place)} does not answer: ${error instanceof Error ? error.message : String(error)}`,
      `npm run local --${placeFlags(place)} brings it up again`,
    );
  } finally {
    api.close();
  }
}
