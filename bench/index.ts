import { Argument, Command, InvalidArgumentError } from "commander";
import { reportError } from "../tools/cli/errors";
import { terminalProgress } from "../tools/cli/progress";
import { formatRow, type MachineFacts, type MeasureOptions, machineFacts, type Row } from "./measure";

const measurements: Record<string, (options: MeasureOptions) => Promise<Row[]>> = {
  plan: (options) => (require("./plan") as typeof import("./plan")).measurePlan(options),
  local: (options) => (require("./local") as typeof import("./local")).measureLocal(options),
  fleet: (options) => (require("./fleet") as typeof import("./fleet")).measureFleet(options),
  faults: (options) => (require("./faultTraces") as typeof import("./faultTraces")).measureFaults(options),
};

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
}

function printMachine({ date, system, processor, cores, memoryGiB, loadAtStart, node }: MachineFacts): void {
  process.stdout.write(
    `${date}  ${system}, ${cores} cores (${processor}), ${memoryGiB} GiB, load ${loadAtStart.toFixed(1)}, Node ${node}\n`,
  );
}

async function main(): Promise<void> {
  const program = new Command("npm run bench --")
    .description(
      "The measurements that the docs quote: time and memory of the commands, and what the alerts are worth, beside their targets.",
    )
    .addArgument(new Argument("[name]", "which one; default: all").choices(Object.keys(measurements)))
    .option(
      "--runs <n>",
      "runs of each measurement; default: 7 of plan, 1 of local, 7 of each query of fleet, 1 of faults",
      wholeNumber,
    )
    .option("--gpus <n>", "GPUs of the simulated fleet; default: 1000", wholeNumber)
    .option("--json", "print JSON and nothing else on stdout")
    .addHelpText(
      "after",
      "\nlocal starts and removes a throwaway cluster of its own, called bench (Linux, as root).\nfleet runs Prometheus and Thanos on simulated GPUs: 1000 need 2 GiB of memory and of disk, 10000 need 8 GiB and 15 (Linux, Go).\nfaults evaluates the alerts over traces of GPUs that fail; each run has other traces.\nplan compares with helm where it is on the PATH and BENCH_CHART is the path of a pulled kube-prometheus-stack chart.",
    )
    .showHelpAfterError()
    .parse();
  const { runs, gpus, json } = program.opts<{ runs?: number; gpus?: number; json?: boolean }>();
  const chosen = program.args[0] === undefined ? Object.keys(measurements) : [program.args[0]];
  const machine = machineFacts();
  const progress = terminalProgress();
  const results: Record<string, Row[]> = {};
  if (!json) printMachine(machine);
  for (const name of chosen) {
    const rows = (await measurements[name]?.({ runs, gpus, progress })) ?? [];
    results[name] = rows;
    if (!json) process.stdout.write(`\n${name}\n${rows.map(formatRow).join("")}`);
  }
  if (json) process.stdout.write(`${JSON.stringify({ machine, measurements: results }, null, 2)}\n`);
}

process.on("SIGINT", () => {
  process.stderr.write("\ninterrupted; this removes what is left: npm run local -- down --name bench\n");
  process.exit(130);
});

main().then(
  () => process.exit(),
  (error: unknown) => process.exit(reportError(error)),
);
