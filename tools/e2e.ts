import { Command } from "commander";
import { reportError, UserError } from "./cli/errors";
import { terminalProgress } from "./cli/progress";
import * as cluster from "./cluster";
import { clusterTools } from "./cluster/daemons";
import { imageTools } from "./local/images";
import { installCheckov } from "./testing/checkov";
import { closeRuns, runMocha } from "./testing/runMocha";
import { findTools, type ToolName } from "./toolchain";
import { systemPrograms } from "./toolchain/packages";

/** What the tests of the provider need: an API server, and the engine. */
const PROVIDER_CLUSTER = "e2e-provider";

async function main(): Promise<number> {
  const program = new Command("npm run e2e --")
    .description(
      "The platform on a real Kubernetes on this machine, with faults. Linux, as root; about forty minutes with the tools built.",
    )
    .option("--grep <text>", "only tests whose name contains it")
    .parse();
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new UserError(
      "the e2e tests start a Kubernetes of their own, which needs Linux and root",
      "sudo npm run e2e",
    );
  }
  const progress = terminalProgress();
  // All of them before the first test: none may build a tool within its time limit.
  await systemPrograms(progress);
  const tools = await findTools<ToolName>([...clusterTools, ...imageTools, "kubectl", "pulumi"], progress);
  process.env.E2E_CHECKOV = await installCheckov(progress);
  process.env.E2E_PULUMI = tools.pulumi.path;
  const { grep } = program.opts<{ grep?: string }>();
  // Alone on the machine: it compares everything on the host before and after.
  const first = await runMocha(["e2e/manifests", "e2e/cluster"], { grep, timeoutMs: 900_000 });
  process.stdout.write("\n");
  const { kubeconfig } = await cluster.up(PROVIDER_CLUSTER, progress);
  process.env.E2E_KUBECONFIG = kubeconfig;
  try {
    // What the first of them leaves for later is waited for while the others run.
    const second = await runMocha(["e2e/platform", "e2e/provider", "e2e/commands", "e2e/platform/later"], {
      grep,
      timeoutMs: 900_000,
    });
    return closeRuns([first, second]);
  } finally {
    await cluster.down(PROVIDER_CLUSTER, progress);
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => process.exit(reportError(error)),
);
