import { gpuModels } from "./gpu";
import { createFleetServer } from "./server";

/**
 * The fleet's process. Environment: `FLEET_NODES` (default 2), `FLEET_GPUS_PER_NODE` (8), `FLEET_MODEL` (H100) and `PORT`
 * (9400, dcgm-exporter's).
 */

function wholeNumber(name: string, fallback: number, min: number, max: number): number {
  const text = process.env[name] ?? String(fallback);
  const number = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new Error(`${name} is '${text}'; it must be a whole number from ${min} to ${max}`);
}

function findModel() {
  const name = process.env.FLEET_MODEL ?? gpuModels[0]?.name;
  const model = gpuModels.find((known) => known.name === name);
  if (model) return model;
  throw new Error(`FLEET_MODEL is '${name}'; it must be one of: ${gpuModels.map((known) => known.name).join(", ")}`);
}

function main(): void {
  const options = {
    nodes: wholeNumber("FLEET_NODES", 2, 1, 10_000),
    gpusPerNode: wholeNumber("FLEET_GPUS_PER_NODE", 8, 1, 16),
    model: findModel(),
  };
  const server = createFleetServer(options);
  server.on("error", (error) => {
    process.stderr.write(`error: ${error.message}\n`);
    process.exit(1);
  });
  server.listen(wholeNumber("PORT", 9400, 0, 65_535), () => {
    const address = server.address();
    const port = typeof address === "object" ? address?.port : address;
    process.stdout.write(
      `${options.nodes} nodes with ${options.gpusPerNode} ${options.model.name} each on port ${port}\n`,
    );
  });
  const stop = () => {
    server.close(() => process.exit(0));
    // Scrapes that are under way may end; a client that keeps its connection open must not hold the pod.
    setTimeout(() => server.closeAllConnections(), 1000).unref();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

try {
  main();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
}
