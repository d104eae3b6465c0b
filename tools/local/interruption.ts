const GRACE_MILLISECONDS = 20_000;
const INTERRUPTED = 130;

const operations = new Set<Promise<unknown>>();
let interrupted = false;

/** Whether the person has asked to stop; what fails from then on fails because of that. */
export const isInterrupted = () => interrupted;

/** Resolves when no engine operation runs, however they ended. */
export async function engineOperationsEnd(): Promise<void> {
  await Promise.allSettled(operations);
}

/**
 * Marks an operation of the engine, so that an interruption waits for it. After an interruption it does not return:
 * nothing further is to be started.
 */
export async function duringEngineOperation<T>(operation: Promise<T>): Promise<T> {
  operations.add(operation);
  try {
    return await operation;
  } finally {
    operations.delete(operation);
    if (interrupted) await new Promise(() => {});
  }
}

function end(): never {
  process.stderr.write(
    "\ninterrupted; the same command continues from here, `npm run local -- down` removes everything\n",
  );
  process.exit(INTERRUPTED);
}

/**
 * Makes Ctrl-C end this process in order. A terminal sends it to the engine's CLI as well, which then finishes what it
 * has begun; the program and the provider that it works with may be in this process, so this process stays for it, at
 * most 20 s. All other work can end at once, as can the engine on a second Ctrl-C: the next run heals what is left.
 */
export function installInterruption(): void {
  process.on("SIGINT", () => {
    if (interrupted || operations.size === 0) end();
    interrupted = true;
    process.stderr.write("\nwaiting for the engine to finish what it has begun (Ctrl-C again ends at once) …\n");
    setTimeout(end, GRACE_MILLISECONDS);
    void engineOperationsEnd().then(end);
  });
}
