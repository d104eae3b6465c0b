import { profiles } from "../../components/gpu/signals";
import { gpuModels } from "./gpu";
import { createFleetServer } from "./server";

/**
 * The fleet's process. Environment: `FLEET_NODES` (default 2), `FLEET_GPUS_PER_NODE` (8), `FLEET_MODEL` (H100), `FLEET_PROFILE`
 * (profiling) and `PORT` (9400, dcgm-exporter's).
 */

function wholeNumber(name: string, fallback: number, min: number, max: number): number {
  const text = process.env[name] ?? String(fallback);
  const number = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new Error(`${name} is '${text}'; it must be a whole number from ${min} to ${max}`);
}

function oneOf<T>(name: string, known: readonly T[], nameOf: (one: T) => string, fallback: T | undefined): T {
  const wanted = process.env[name] ?? (fallback === undefined ? "" : nameOf(fallback));
  const found = known.find((one) => nameOf(one) === wanted);
  if (found !== undefined) return found;
  throw new Error(`${name} is '${wanted}'; it must be one of: ${known.map(nameOf).join(", ")}`);
}

function main(): void {
  const options = {
    nodes: wholeNumber("FLEET_NODES", 2, 1, 10_000),
    gpusPerNode: wholeNumber("FLEET_GPUS_PER_NODE", 8, 1, 16),
    model: oneOf("FLEET_MODEL", gpuModels, ({ name }) => name, gpuModels[0]),
    profile: oneOf("FLEET_PROFILE", profiles, (profile) => profile, "profiling" as const),
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
