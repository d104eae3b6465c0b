import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** When a process started, in clock ticks since boot: tells a living owner from a stranger that got its id later. */
async function startTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses and may contain spaces; the 22nd field is the start time.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

async function isOwned(file: string): Promise<boolean> {
  const [pid, started] = (await readFile(file, "utf8").catch(() => "")).split(" ");
  return started !== undefined && (await startTime(Number(pid))) === started;
}

const hasCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code;

/** Makes the lock file with its content in one step, so that nobody ever sees it without an owner. */
async function acquire(file: string, own: string, owner: string): Promise<boolean> {
  try {
    // In every round: the last holder may have removed the folder with everything else, even between these lines.
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(own, owner);
    await link(own, file);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST") || hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

/** Removes the lock of a dead process, unless another one has replaced it since it was read. */
async function removeStale(file: string, aside: string): Promise<void> {
  try {
    await rename(file, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  if (await isOwned(aside)) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

let counter = 0;

/**
 * Runs `work` while holding a lock file, so that two commands at once do not do the same work twice. The lock of a process
 * that died is taken over. `waiting` is called once when another living process holds it.
 */
export async function withLock<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  counter += 1;
  const own = `${file}.${process.pid}-${counter}`;
  const owner = `${process.pid} ${await startTime(process.pid)}`;
  let announced = false;
  try {
    for (;;) {
      if (await acquire(file, own, owner)) break;
      if (await isOwned(file)) {
        if (!announced) waiting();
        announced = true;
        await sleep(200);
      } else {
        await removeStale(file, `${own}.stale`);
      }
    }
  } finally {
    await rm(own, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
