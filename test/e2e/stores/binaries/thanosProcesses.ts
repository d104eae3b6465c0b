import { mkdir, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { Secret } from "../../../../tools/engine";
import type { Graph } from "../../../harness";
import { freePorts, type LocalPrograms } from "./localPrograms";

interface Volume {
  name: string;
  configMap?: { name: string };
  secret?: { secretName: string };
}

interface Container {
  image: string;
  args: string[];
  ports: { containerPort: number }[];
  volumeMounts: { name: string; mountPath: string }[];
}

/** One pod of a workload, as it would be started. */
interface Process {
  /** That of its Service. */
  name: string;
  args: string[];
  /** Files by name, by the directory in which they are. */
  files: Map<string, Record<string, string>>;
  /** Directories that are its own. */
  data: string[];
  /** Ports on this machine by those in the pod. */
  ports: Map<number, number>;
}

/** The value behind a secret, and everything else as it is. */
const revealed = (value: unknown): unknown => (value instanceof Secret ? revealed(value.value) : value);

function filesOf(graph: Graph, { configMap, secret }: Volume): Record<string, string> | undefined {
  if (configMap)
    return (graph.manifest("ConfigMap", configMap.name) as { data?: object }).data as Record<string, string>;
  if (!secret) return undefined;
  const { stringData } = graph.one("kubernetes:core/v1:Secret", secret.secretName).inputs;
  const files = revealed(stringData) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, String(revealed(content))]));
}

/** The first pod of each workload of Thanos. */
async function processesOf(graph: Graph): Promise<Process[]> {
  const workloads = graph.resources.filter(({ type }) => /:(StatefulSet|Deployment)$/.test(type));
  return Promise.all(
    workloads.map(async ({ type, name }): Promise<Process> => {
      const { spec } = graph.manifest(type.split(":").at(-1) ?? "", name) as unknown as {
        spec: { template: { spec: { containers: [Container]; volumes: Volume[] } } };
      };
      const { containers, volumes } = spec.template.spec;
      const mounts = containers[0].volumeMounts.map(({ name: volume, mountPath }) => ({
        mountPath,
        files: filesOf(graph, volumes.find((each) => each.name === volume) ?? { name: volume }),
      }));
      const own = containers[0].ports.map(({ containerPort }) => containerPort);
      const inPod = containers[0].image.includes("thanos") ? [...new Set([...own, GRPC, WRITE])] : [];
      const free = await freePorts(inPod.length);
      return {
        name,
        args: containers[0].args,
        files: new Map(mounts.flatMap(({ mountPath, files }) => (files ? [[mountPath, files]] : []))),
        data: mounts.flatMap(({ mountPath, files }) => (files ? [] : [mountPath])),
        ports: new Map(inPod.map((port, index) => [port, free[index] ?? 0])),
      };
    }),
  );
}

// Routers and ingestors listen on both, whichever their Services have.
const WRITE = 19291;
const GRPC = 10901;

/** Everything of a store that is Thanos, on this machine. */
export interface ThanosProcesses {
  /** `127.0.0.1:PORT` of a port of a workload. */
  address(workload: string, port: number): string;
  /** Starts the workloads whose names match, and waits until they are ready. */
  start(names: RegExp): Promise<void>;
}

/**
 * One pod of each workload of Thanos with the arguments and files that it has in the cluster. Rewritten are: directories; the
 * addresses that they listen on and call; how long the compactor waits for blocks and where receivers would take another protocol.
 */
export async function thanosProcesses(
  programs: LocalPrograms<"thanos">,
  graph: Graph,
  memcached: string,
): Promise<ThanosProcesses> {
  const processes = (await processesOf(graph)).filter(({ ports }) => ports.size > 0);
  const address = (workload: string, port: number) =>
    `127.0.0.1:${processes.find(({ name }) => name === workload)?.ports.get(port) ?? NOBODY}`;
  const start = async (names: RegExp) => {
    const matching = processes.filter(({ name }) => names.test(name));
    if (matching.length === 0) throw new Error(`no workload matches ${names}`);
    await Promise.all(matching.map((each) => startOne(programs, each, memcached, address)));
  };
  return { address, start };
}

/** A port on which nobody listens. */
const NOBODY = 1;

async function startOne(
  programs: LocalPrograms<"thanos">,
  { name, args, files, data, ports }: Process,
  memcached: string,
  address: ThanosProcesses["address"],
): Promise<void> {
  const folders = [...files.keys(), ...data];
  const local = (text: string) =>
    [...folders]
      // The longest first: one begins as the other does.
      .sort((one, other) => other.length - one.length)
      .reduce((rest, folder) => rest.replaceAll(folder, programs.at(name, path.basename(folder))), text)
      .replaceAll(/0\.0\.0\.0:(\d+)/g, (_, port) => `127.0.0.1:${ports.get(Number(port))}`)
      .replaceAll(/dnssrvnoa\+_memcached\._tcp\.[a-z-]+\.monitoring\.svc/g, memcached)
      .replaceAll(
        /(?:dnssrv\+_grpc\._tcp\.)?(?:[a-z0-9-]+-0\.)?([a-z0-9-]+)\.monitoring\.svc(?::(\d+))?/g,
        (_, service, port = GRPC) => address(service, Number(port)),
      )
      .replaceAll("$(POD_NAME)", `${name}-0`)
      .replace(/--consistency-delay=.*/, "--consistency-delay=0s");
  for (const folder of folders) {
    await mkdir(programs.at(name, path.basename(folder)), { recursive: true });
    for (const [file, content] of Object.entries(files.get(folder) ?? {})) {
      await writeFile(programs.at(name, path.basename(folder), file), local(content), { mode: 0o600 });
    }
  }
  const [capnproto] = await freePorts(1);
  const other = args[0] === "receive" ? [`--receive.capnproto-address=127.0.0.1:${capnproto}`] : [];
  const http = ports.get(10902) ?? ports.get(9090);
  await programs.start("thanos", [...args.map(local), ...other], `http://127.0.0.1:${http}/-/ready`);
}

/** So much of memcached's protocol as clients of a cache need. */
export async function startMemcached(): Promise<{
  address: string;
  items: ReadonlyMap<string, Buffer>;
  close(): void;
}> {
  const items = new Map<string, Buffer>();
  const server = net.createServer((socket) => {
    let rest = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      rest = Buffer.concat([rest, data]);
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const [verb, ...words] = rest.subarray(0, end).toString().split(" ");
        if (verb === "set") {
          const size = Number(words[3]);
          if (rest.length < end + size + 4) return;
          items.set(words[0] ?? "", Buffer.from(rest.subarray(end + 2, end + 2 + size)));
          rest = rest.subarray(end + size + 4);
          socket.write("STORED\r\n");
        } else {
          for (const key of words) {
            const item = items.get(key);
            if (item)
              socket.write(
                Buffer.concat([Buffer.from(`VALUE ${key} 0 ${item.length} 1\r\n`), item, Buffer.from("\r\n")]),
              );
          }
          socket.write("END\r\n");
          rest = rest.subarray(end + 2);
        }
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as net.AddressInfo;
  return { address: `127.0.0.1:${port}`, items, close: () => server.close() };
}
