import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Expectation } from "./health";

/** What the last `local` deployed, for `status` and for the next run. */
export interface PlatformRecord extends Expectation {
  gpusPerNode: number;
}

const file = (directory: string) => path.join(directory, "platform.json");

export async function writeRecord(directory: string, record: PlatformRecord): Promise<void> {
  await writeFile(file(directory), JSON.stringify(record));
}

export async function readRecord(directory: string): Promise<PlatformRecord | undefined> {
  const text = await readFile(file(directory), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as PlatformRecord);
}
