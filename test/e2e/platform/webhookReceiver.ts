import { partOf } from "../../../components/kubernetes/labels";
import { NOBODY, restrictedContainer, restrictedPod } from "../../../components/kubernetes/securityContext";
import { NODE_IMAGE } from "../../../tools/local/programs";
import { serviceRequest } from "../../../tools/local/questions";
import { eventually } from "./eventually";
import type { LivePlatform } from "./livePlatform";
import { makeNamespace } from "./testPod";

/** One post of an Alertmanager. */
export interface Post {
  /** Milliseconds since 1970. */
  at: number;
  status: string;
  /** The receiver in Alertmanager's configuration. */
  receiver: string;
  alerts: { status: string; labels: Record<string, string> }[];
}

const NAME = "webhook-receiver";
/** Not the platform's: there, nobody could reach it. */
export const RECEIVER_NAMESPACE = "e2e-receiver";
export const RECEIVER_PORT = 8080;
/** A URL with a part that must stay secret. */
export const SECRET = "e2e-token-4f1c";
export const WEBHOOK_URL = `http://${NAME}.${RECEIVER_NAMESPACE}.svc:${RECEIVER_PORT}/${SECRET}`;

/** Keeps every post in memory; ends when Kubernetes asks it to. */
const script = `
const posts = [];
require("node:http").createServer((request, response) => {
  if (request.method === "GET") return response.end(JSON.stringify({ posts }));
  let body = "";
  request.on("data", (chunk) => { body += chunk; });
  request.on("end", () => {
    if (request.url !== "/${SECRET}") return response.writeHead(403).end();
    posts.push({ at: Date.now(), ...JSON.parse(body) });
    response.end();
  });
}).listen(${RECEIVER_PORT});
process.on("SIGTERM", () => process.exit());
`;

/** A real receiver of Alertmanager's webhooks, in a pod of its own. */
export async function startReceiver(platform: LivePlatform): Promise<void> {
  await makeNamespace(platform, RECEIVER_NAMESPACE);
  const metadata = { name: NAME, namespace: RECEIVER_NAMESPACE, labels: { app: NAME, ...partOf } };
  await platform.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { "receiver.js": script } });
  await platform.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: {
      securityContext: restrictedPod(NOBODY, NOBODY),
      automountServiceAccountToken: false,
      containers: [
        {
          name: "receiver",
          image: NODE_IMAGE,
          command: ["node", "/script/receiver.js"],
          ports: [{ name: "http", containerPort: RECEIVER_PORT }],
          readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 1 },
          resources: { limits: { memory: "128Mi" } },
          securityContext: restrictedContainer(),
          volumeMounts: [{ name: "script", mountPath: "/script" }],
        },
      ],
      volumes: [{ name: "script", configMap: { name: NAME } }],
    },
  });
  await platform.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: { app: NAME }, ports: [{ name: "http", port: RECEIVER_PORT, targetPort: "http" }] },
  });
  await eventually("the webhook receiver answers", () => receivedPosts(platform), Array.isArray);
}

/** Every post so far, oldest first. */
export async function receivedPosts(platform: LivePlatform): Promise<Post[]> {
  const { posts } = await serviceRequest(
    platform.api,
    { namespace: RECEIVER_NAMESPACE, name: NAME, port: "http" },
    { path: "/" },
  );
  return posts as unknown as Post[];
}

/** The posts that say that an alert fires. */
export const postsOf = (posts: Post[], alertname: string) =>
  posts.filter(({ alerts }) =>
    alerts.some(({ status, labels }) => status === "firing" && labels.alertname === alertname),
  );
