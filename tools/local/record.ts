import path from "node:path";
import { readJson, replaceJson } from "../cli/jsonFile";
import type { Expectation } from "./health";

/** What the last `local` deployed, for `status` and for the next run. */
export interface PlatformRecord extends Expectation {
  gpusPerNode: number;
}

const file = (directory: string) => path.join(directory, "platform.json");

export async function writeRecord(directory: string, record: PlatformRecord): Promise<void> {
  await replaceJson(file(directory), record);
}

export function readRecord(directory: string): Promise<PlatformRecord | undefined> {
  return readJson<PlatformRecord>(file(directory));
}
