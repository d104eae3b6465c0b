import { UserError } from "../cli/errors";
import { CommandError, run } from "../toolchain/command";

const ELSEWHERE = "use an existing cluster: npm run local -- --context NAME";

/** Throws a {@link UserError} where no cluster can be made, before anything is made or installed. */
export async function checkMachine(): Promise<void> {
  if (process.platform !== "linux") {
    throw new UserError(`a throwaway cluster needs Linux, and this is ${process.platform}`, ELSEWHERE);
  }
  if (process.getuid?.() !== 0) {
    throw new UserError("a throwaway cluster needs root", `sudo npm run local, or ${ELSEWHERE}`);
  }
  try {
    const probe = "mount -t tmpfs tmpfs /tmp && ip link set lo up";
    await run([
      ..."unshare --pid --fork --mount --propagation private --net --uts --ipc --mount-proc".split(" "),
      ...["sh", "-ec", probe],
    ]);
  } catch (error) {
    const reason = error instanceof CommandError ? error.output.trim() : (error as Error).message;
    throw new UserError(
      `this process may not make namespaces, which a throwaway cluster needs: ${reason}`,
      `run on a host, a VM or in a privileged container, or ${ELSEWHERE}`,
    );
  }
}
