import { NOBODY, restrictedContainer, restrictedPod } from "../../../components/kubernetes/securityContext";
import { NODE_IMAGE } from "../../../tools/local/programs";
import { eventually } from "./eventually";
import type { LivePlatform } from "./livePlatform";

const PORT = 8080;

/**
 * What a test pod serves: metrics that claim to be of another namespace, more of them than any limit allows, the answer of a
 * prober, and whether it can open a connection itself.
 */
const script = `
const net = require("node:net");
const connect = (host, port) => new Promise((resolve) => {
  const socket = net.connect({ host, port: Number(port), timeout: 3000 });
  socket.on("connect", () => { socket.destroy(); resolve("connected"); });
  socket.on("timeout", () => { socket.destroy(); resolve("timeout"); });
  socket.on("error", (error) => resolve(error.code));
});
require("node:http").createServer(async (request, response) => {
  const url = new URL(request.url, "http://pod");
  response.setHeader("content-type", "text/plain; version=0.0.4");
  if (url.pathname === "/connect") {
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify({ result: await connect(url.searchParams.get("host"), url.searchParams.get("port")) }));
  }
  if (url.pathname === "/probe") return response.end("probe_success 1\\n");
  const count = url.pathname === "/many" ? 25000 : 10;
  const lines = Array.from({ length: count }, (_, index) => 'e2e_metric{namespace="monitoring",index="' + index + '"} 1');
  response.end(lines.join("\\n") + "\\n");
}).listen(${PORT});
process.on("SIGTERM", () => process.exit());
`;

/** Makes a namespace, unless it is there. */
export async function makeNamespace(
  platform: LivePlatform,
  name: string,
  labels: Record<string, string> = {},
): Promise<void> {
  await platform.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
}

/** Starts a pod with a Service of the same name; its port is called `http`. */
export async function startTestPod(platform: LivePlatform, namespace: string, name: string): Promise<void> {
  const labels = { app: name };
  const metadata = { name, namespace, labels };
  await platform.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: {
      securityContext: restrictedPod(NOBODY, NOBODY),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      containers: [
        {
          name: "server",
          image: NODE_IMAGE,
          command: ["node", "--eval", script],
          ports: [{ name: "http", containerPort: PORT }],
          readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 1 },
          resources: { limits: { memory: "128Mi" } },
          securityContext: restrictedContainer(),
        },
      ],
    },
  });
  await platform.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: labels, ports: [{ name: "http", port: PORT, targetPort: "http" }] },
  });
  await eventually(
    `${name} answers`,
    () => asksFor(platform, namespace, name, "127.0.0.1", PORT),
    (result) => result === "connected",
  );
}

/** What comes of a connection that the pod tries to open: `connected`, `timeout`, or the error's code. */
export async function asksFor(
  platform: LivePlatform,
  namespace: string,
  name: string,
  host: string,
  port: number,
): Promise<string> {
  const { result } = await platform.api.request(
    "GET",
    `/api/v1/namespaces/${namespace}/pods/${name}:${PORT}/proxy/connect`,
    {
      query: { host, port: String(port) },
    },
  );
  return String(result);
}
