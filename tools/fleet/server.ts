import http from "node:http";
import type { Profile } from "../../components/gpu/signals";
import { abbreviate, Faults, faultKinds, RequestError } from "./faults";
import { createGpu, type GpuModel } from "./gpu";
import { renderMetrics } from "./metrics";

export interface FleetOptions {
  nodes: number;
  gpusPerNode: number;
  model: GpuModel;
  /** The counter file that the exporters have. */
  profile: Profile;
  /** Milliseconds since 1970. Default: the clock. */
  now?: () => number;
}

interface Reply {
  status: number;
  type: string;
  body: string;
}

const json = (status: number, value: unknown): Reply => ({
  status,
  type: "application/json",
  body: `${JSON.stringify(value)}\n`,
});
const text = (status: number, body: string): Reply => ({
  status,
  type: "text/plain; version=0.0.4; charset=utf-8",
  body,
});

const help = (nodes: readonly string[]) => `A simulated GPU fleet that speaks dcgm-exporter's format.

GET    /nodes/NODE/metrics              metrics of one node: ${abbreviate(nodes).join(", ")}
GET    /targets                         the nodes, for Prometheus' HTTP service discovery
GET    /healthz                         200 while the server runs
GET    /faults                          faults that are switched on
PUT    /faults/KIND?node=NODE[&gpu=N]   switch one on; without gpu, for every GPU of the node
DELETE /faults/KIND[?node=NODE[&gpu=N]] switch one off; without node, everywhere
DELETE /faults                          switch all off

Kinds:
${Object.entries(faultKinds)
  .map(([kind, effect]) => `  ${kind.padEnd(8)} ${effect}`)
  .join("\n")}
`;

/** Two nodes at a time work on a training job; a node that idles holds none. */
function holderOf(index: number, load: number) {
  if (load < 0.1) return undefined;
  const job = `train-${Math.floor(index / 2)}`;
  return { namespace: "ml-training", pod: `${job}-${index % 2}`, container: "trainer" };
}

function parseTarget(request: http.IncomingMessage) {
  const host = request.headers.host ?? "localhost";
  try {
    const url = new URL(request.url ?? "/", `http://${host}`);
    return { host, path: url.pathname.slice(1).split("/").map(decodeURIComponent), query: url.searchParams };
  } catch {
    throw new RequestError("not a valid URL", []);
  }
}

/** The server, not listening yet. Nodes are called `gpu-node-0`, `gpu-node-1` …; values depend on names and clock alone. */
export function createFleetServer({ nodes, gpusPerNode, model, profile, now = Date.now }: FleetOptions): http.Server {
  const names = Array.from({ length: nodes }, (_, index) => `gpu-node-${index}`);
  const fleet = new Map(
    names.map((node) => [node, Array.from({ length: gpusPerNode }, (_, index) => createGpu(node, index, model))]),
  );
  const faults = new Faults({ nodes: names, gpusPerNode, nvlink: model.nvlinkMegabytesPerSecond !== undefined });
  const seconds = () => now() / 1000;

  function metricsOf(node: string): Reply {
    const gpus = fleet.get(node);
    if (!gpus) return json(404, { error: `node '${node}' does not exist`, allowed: abbreviate(names) });
    if (faults.has("down", node)) return text(500, "Failed to gather metrics\n");
    const mapped = !faults.has("unmapped", node);
    const views = gpus.flatMap((gpu) => {
      const view = faults.view(node, gpu.index, seconds());
      const holder = mapped ? holderOf(names.indexOf(node), gpu.load.mean) : undefined;
      return view === undefined ? [] : [{ gpu, ...view, holder }];
    });
    return text(200, renderMetrics(node, views, profile));
  }

  const targets = (host: string) =>
    names.map((node) => ({
      targets: [host],
      labels: {
        __metrics_path__: `/nodes/${node}/metrics`,
        // All nodes share one address, by which the operator would put them into one shard.
        __tmp_hash: node,
        instance: node,
        node,
        region: "simulated",
        // Two nodes share a rack.
        failure_domain: `rack-${Math.floor(names.indexOf(node) / 2)}`,
      },
    }));

  function reply(request: http.IncomingMessage): Reply {
    const { host, path, query } = parseTarget(request);
    const [section = "", argument, leaf, ...rest] = path;
    const handlers: Record<string, () => Reply> = {};
    if (rest.length === 0 && section === "nodes" && argument !== undefined && leaf === "metrics") {
      handlers.GET = () => metricsOf(argument);
    } else if (leaf === undefined && section === "faults") {
      if (argument === undefined) handlers.GET = () => json(200, faults.list());
      else handlers.PUT = () => json(200, faults.set(argument, query, seconds()));
      handlers.DELETE = () => json(200, { removed: faults.clear(argument, query) });
    } else if (argument === undefined) {
      if (section === "") handlers.GET = () => text(200, help(names));
      if (section === "targets") handlers.GET = () => json(200, targets(host));
      if (section === "healthz") handlers.GET = () => text(200, "ok\n");
    }
    const methods = Object.keys(handlers);
    if (methods.length === 0) return json(404, { error: `nothing at /${path.join("/")}; GET / says what there is` });
    const handler = handlers[request.method ?? ""];
    return handler ? handler() : json(405, { error: `${request.method} is not possible here`, allowed: methods });
  }

  return http.createServer((request, response) => {
    let answer: Reply;
    try {
      answer = reply(request);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      answer = json(400, { error: error.message, allowed: error.allowed });
    }
    response.writeHead(answer.status, { "content-type": answer.type }).end(answer.body);
  });
}
