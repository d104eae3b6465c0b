import { type ChildProcess, execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { configurationText, type RingStoreKind } from "../../../components/ringStores";
import type { Graph } from "../../../harness";
import { freePorts, type LocalPrograms } from "./localPrograms";
import { startTlsS3 } from "./tlsBucket";

type Programs = LocalPrograms<"mimir" | "cortex" | "vmauth" | "versitygw">;

export const KEYS = { accessKeyId: "local-id", secretAccessKey: "local-key-77" };
const LOOPBACK = "127.0.0.1";

/** How each part is told its name and its address in a ring. All pods of this machine have the same of both. */
const RINGS: Record<RingStoreKind, (name: string) => string[]> = {
  mimir: (name) => [
    ...["ingester.ring", "distributor.ring", "querier.ring", "store-gateway.sharding-ring", "compactor.ring"]
      .concat("query-scheduler.ring", "overrides-exporter.ring", "ruler.ring", "alertmanager.sharding-ring")
      .flatMap((ring) => [`-${ring}.instance-id=${name}`, `-${ring}.instance-addr=${LOOPBACK}`]),
    `-query-frontend.instance-addr=${LOOPBACK}`,
  ],
  cortex: (name) =>
    ["ingester.lifecycler.ID", "distributor.ring.instance-id", "store-gateway.sharding-ring.instance-id"]
      .concat("compactor.ring.instance-id")
      .map((flag) => `-${flag}=${name}`),
};

/** A store on this machine. */
export interface LocalStore {
  /** `http://127.0.0.1:PORT` of a part, or of the gateway. */
  url(part: string): string;
  /** Ends a part at once. */
  kill(part: string): Promise<void>;
}

interface Process {
  /** That of its Service, without the store's. */
  part: string;
  container: { args: string[]; env: { name: string; value?: string }[] };
  http: number;
  grpc: number;
  gossip: number;
}

/** The first pod of each part. */
async function processesOf(graph: Graph, kind: RingStoreKind): Promise<Process[]> {
  const workloads = graph.resources.filter(({ type }) => /:(StatefulSet|Deployment)$/.test(type));
  const processes = await Promise.all(
    workloads.map(async ({ type, name }) => {
      const { template } = graph.manifest(type.split(":").at(-1) ?? "", name).spec as {
        template: { spec: { containers: [Process["container"]] } };
      };
      const [http = 0, grpc = 0, gossip = 0] = await freePorts(3);
      return { part: name.slice(kind.length + 1), container: template.spec.containers[0], http, grpc, gossip };
    }),
  );
  return processes.filter(({ part }) => !part.endsWith("-cache"));
}

/**
 * Starts the first pod of each part with the arguments and files that it has in the cluster. Rewritten are: directories; addresses,
 * its own and those that it calls; and for how long it waits for others at its start.
 */
export async function startRingStore(
  programs: Programs,
  graph: Graph,
  kind: RingStoreKind,
  memcached: string,
): Promise<LocalStore> {
  const processes = await processesOf(graph, kind);
  const running = new Map<string, ChildProcess>();
  const of = (part: string): Process => {
    const found = processes.find((each) => each.part === part);
    if (found === undefined) throw new Error(`there is no ${part}`);
    return found;
  };
  const local = (text: string, folder: string) =>
    text
      .replaceAll(/(?<=[ =])\/(data|active-query-tracker|etc\/[a-z-]+)/g, (path) => folder + path)
      .replaceAll(new RegExp(`dnssrvnoa\\+_memcached\\._tcp\\.${kind}-[a-z]+-cache\\.monitoring\\.svc`, "g"), memcached)
      .replaceAll(`${kind}-gossip.monitoring.svc:7946`, `${LOOPBACK}:${of("distributor").gossip}`)
      .replaceAll(
        new RegExp(`${kind}-([a-z-]+)\\.monitoring\\.svc:(8080|9095)`, "g"),
        (_, part, port) => `${LOOPBACK}:${port === "8080" ? of(part).http : of(part).grpc}`,
      )
      .replaceAll("wait_stability_min_duration: 1m", "wait_stability_min_duration: 1s")
      .replaceAll("$(POD_IP)", LOOPBACK);

  const start = async (part: string) => {
    const { container, http, grpc, gossip } = of(part);
    const folder = programs.at(`${kind}-${part}`);
    const files = part === "gateway" ? gatewayFiles(graph, kind) : storeFiles(graph, kind);
    for (const directory of ["data", "active-query-tracker", `etc/${kind}`, `etc/${kind}-limits`, "etc/gateway"]) {
      await mkdir(`${folder}/${directory}`, { recursive: true });
    }
    for (const [file, content] of Object.entries(files)) await writeFile(folder + file, local(content, folder));
    const args = container.args.map((flag) => local(flag, folder));
    const environment = Object.fromEntries(
      container.env.flatMap(({ name, value }) =>
        value === undefined ? [] : [[name, local(`=${value}`, folder).slice(1)]],
      ),
    );
    const child =
      part === "gateway"
        ? await programs.start(
            "vmauth",
            args.map((flag) =>
              flag.replace("=:8427", `=${LOOPBACK}:${http}`).replace("=:8426", `=${LOOPBACK}:${grpc}`),
            ),
            `http://${LOOPBACK}:${grpc}/health`,
          )
        : await programs.start(
            kind,
            [...args, ...listening({ http, grpc, gossip }), ...RINGS[kind](part)],
            `http://${LOOPBACK}:${http}/ready`,
            environment,
          );
    running.set(part, child);
  };

  // The others find each other through it.
  await start("distributor");
  await Promise.all(processes.filter(({ part }) => part !== "distributor").map(({ part }) => start(part)));
  return {
    url: (part) => `http://${LOOPBACK}:${of(part).http}`,
    kill: async (part) => {
      const child = running.get(part);
      if (child === undefined) throw new Error(`${part} does not run`);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

const listening = ({ http, grpc, gossip }: Pick<Process, "http" | "grpc" | "gossip">) => [
  `-server.http-listen-address=${LOOPBACK}`,
  `-server.http-listen-port=${http}`,
  `-server.grpc-listen-address=${LOOPBACK}`,
  `-server.grpc-listen-port=${grpc}`,
  `-memberlist.bind-addr=${LOOPBACK}`,
  `-memberlist.bind-port=${gossip}`,
  `-memberlist.advertise-addr=${LOOPBACK}`,
  `-memberlist.advertise-port=${gossip}`,
];

const configMap = (graph: Graph, name: string, file: string): string =>
  (graph.manifest("ConfigMap", name) as unknown as { data: Record<string, string> }).data[file] ?? "";

const gatewayFiles = (graph: Graph, kind: RingStoreKind) => ({
  "/etc/gateway/auth.yaml": configMap(graph, `${kind}-gateway-files`, "auth.yaml"),
});

const storeFiles = (graph: Graph, kind: RingStoreKind) => ({
  [`/etc/${kind}/${kind}.yaml`]: configurationText(graph, kind),
  [`/etc/${kind}/ca.crt`]: configurationText(graph, kind, "ca.crt"),
  [`/etc/${kind}-limits/limits.yaml`]: configMap(graph, `${kind}-limits`, "limits.yaml"),
});

/** An S3 server with an empty bucket `metrics`, behind TLS with a certificate of its own. */
export async function startBucket(programs: Programs) {
  const [certificate, key] = [programs.at("s3.crt"), programs.at("s3.key")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=s3", "-addext", `subjectAltName=IP:${LOOPBACK}`, "-keyout", key, "-out", certificate],
    ],
    { stdio: "ignore" },
  );
  const pem = await readFile(certificate, "utf8");
  const { address, close } = await startTlsS3(programs, { pem, key }, KEYS);
  return {
    settings: {
      name: "metrics",
      endpoint: address,
      credentials: { kind: "keys", ...KEYS },
      caCertificate: pem,
    },
    folder: programs.at("objects", "metrics"),
    close,
  };
}
