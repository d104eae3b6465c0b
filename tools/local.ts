import { Command, InvalidArgumentError, Option } from "commander";
import { reportError } from "./cli/errors";
import { terminalProgress } from "./cli/progress";
import { installInterruption, isInterrupted } from "./local/interruption";
import { DEFAULT_CLUSTER, type Place } from "./local/place";

const help = `
Without a word it brings up a running platform; again, it changes nothing:
  npm run local                          a throwaway Kubernetes on this machine (Linux, as root)
  npm run local -- --context kind-dev    a cluster that you have, by the name of its kubeconfig context
  npm run local -- status                how it is, at any time
  npm run local -- down                  removes every trace

The tools are found on the PATH, downloaded, or built with Go; building takes three quarters of an hour on 2 cores, once.
Exit codes: 0 all is well, 1 an error, 2 wrong settings, 3 status of something absent or unhealthy, 130 Ctrl-C.`;

function count(max: number) {
  return (text: string) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
    }
    return value;
  };
}

interface PlaceOptions {
  context?: string;
  name: string;
}

const placeOf = ({ context, name }: PlaceOptions): Place =>
  context === undefined ? { kind: "throwaway", name } : { kind: "context", context };

/** The options that say where, for every subcommand. */
function onPlace(command: Command): Command {
  return command
    .option("--context <name>", "use the cluster of this kubeconfig context instead of a throwaway one")
    .addOption(new Option("--name <name>", "name of the throwaway cluster, to have several").default(DEFAULT_CLUSTER));
}

// The subcommands are loaded when they are chosen: `--help` should not wait for the Pulumi SDK.
async function main(): Promise<void> {
  const program = new Command("npm run local --")
    .description("Runs the whole platform on this machine and asks it a question.")
    .addHelpText("after", help)
    .showHelpAfterError("(npm run local -- --help shows all options)");
  onPlace(program.command("up", { isDefault: true }).description("bring the platform up (the default)"))
    .option("--nodes <n>", "nodes of the simulated GPU fleet", count(500), 4)
    .option("--gpus-per-node <n>", "GPUs of each", count(16), 8)
    .option("--set <path=value...>", "a setting over Pulumi.local.yaml, such as prometheus.scrapeInterval=10s")
    .action(async (options: PlaceOptions & { nodes: number; gpusPerNode: number; set?: string[] }) => {
      const { bringUp } = require("./local/up") as typeof import("./local/up");
      const { printPlatform } = require("./local/print") as typeof import("./local/print");
      const place = placeOf(options);
      const { nodes, gpusPerNode, set: settings = [] } = options;
      const platform = await bringUp({ place, nodes, gpusPerNode, settings }, terminalProgress());
      await printPlatform(place, platform);
    });
  onPlace(program.command("status").description("say how the platform is")).action(async (options: PlaceOptions) => {
    const { printStatus } = require("./local/status") as typeof import("./local/status");
    process.exitCode = await printStatus(placeOf(options));
  });
  onPlace(program.command("down").description("remove every trace")).action(async (options: PlaceOptions) => {
    const { takeDown } = require("./local/down") as typeof import("./local/down");
    await takeDown(placeOf(options), terminalProgress());
  });
  await program.parseAsync();
}

installInterruption();
main().then(
  () => process.exit(),
  (error: unknown) => {
    if (!isInterrupted()) process.exit(reportError(error));
  },
);
