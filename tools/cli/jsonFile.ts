import { readFile, rename, writeFile } from "node:fs/promises";

/** Writes a value in one step: whoever reads, and whoever is killed in between, leaves or finds a whole file. */
export async function replaceJson(file: string, value: unknown): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  await writeFile(temporary, JSON.stringify(value));
  await rename(temporary, file);
}

/** What a file of our own holds; nothing where it is missing or was cut off by a killed process. */
export async function readJson<T>(file: string): Promise<T | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
