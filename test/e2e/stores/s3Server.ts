import { randomBytes } from "node:crypto";
import { NOBODY, restrictedContainer, restrictedPod } from "../../../components/kubernetes/securityContext";
import { S3_IMAGE } from "../../../tools/local/images";
import { NODE_IMAGE } from "../../../tools/local/programs";
import { eventually } from "../platform/eventually";
import type { LivePlatform } from "../platform/livePlatform";
import { makeNamespace } from "../platform/testPod";

const NAME = "s3";
export const S3_NAMESPACE = "e2e-s3";
export const S3_PORT = 7070;
export const S3_ENDPOINT = `${NAME}.${S3_NAMESPACE}.svc:${S3_PORT}`;
export const S3_BUCKET = "e2e-metrics";

/** Keys of a server that lives as long as the test: new for each. */
export const S3_KEYS = { accessKeyId: "e2e", secretAccessKey: randomBytes(16).toString("hex") };

const selector = { app: NAME };
const FOLDER = "/data";

/** A real S3 server (versitygw over a folder of its pod), with an empty bucket. */
export async function startS3Server(platform: LivePlatform): Promise<void> {
  await makeNamespace(platform, S3_NAMESPACE);
  const metadata = { name: NAME, namespace: S3_NAMESPACE, labels: selector };
  await platform.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata,
    stringData: { id: S3_KEYS.accessKeyId, secret: S3_KEYS.secretAccessKey },
  });
  const key = (name: string, of: string) => ({ name, valueFrom: { secretKeyRef: { name: NAME, key: of } } });
  await platform.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: {
      securityContext: restrictedPod(NOBODY, NOBODY),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      // The server takes each folder for a bucket.
      initContainers: [
        {
          name: "bucket",
          image: NODE_IMAGE,
          command: [
            "node",
            "--eval",
            `require("fs").mkdirSync("${FOLDER}/buckets/${S3_BUCKET}", { recursive: true }); require("fs").mkdirSync("${FOLDER}/metadata")`,
          ],
          resources: { limits: { memory: "128Mi" } },
          securityContext: restrictedContainer(),
          volumeMounts: [{ name: "data", mountPath: FOLDER }],
        },
      ],
      containers: [
        {
          name: "s3",
          image: S3_IMAGE,
          args: ["--port", `:${S3_PORT}`, "posix", "--sidecar", `${FOLDER}/metadata`, `${FOLDER}/buckets`],
          env: [key("ROOT_ACCESS_KEY", "id"), key("ROOT_SECRET_KEY", "secret")],
          ports: [{ name: "http", containerPort: S3_PORT }],
          readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 1 },
          resources: { limits: { memory: "512Mi" } },
          securityContext: restrictedContainer(),
          volumeMounts: [{ name: "data", mountPath: FOLDER }],
        },
      ],
      volumes: [{ name: "data", emptyDir: { sizeLimit: "2Gi" } }],
    },
  });
  await reachable(platform, true);
  await eventually(
    "the S3 server is ready",
    () => platform.api.request("GET", `/api/v1/namespaces/${S3_NAMESPACE}/pods/${NAME}`),
    isReady,
  );
}

const isReady = (pod: unknown) =>
  ((pod as { status?: { conditions?: { type: string; status: string }[] } }).status?.conditions ?? []).some(
    ({ type, status }) => type === "Ready" && status === "True",
  );

/** Whether its address leads to it. Otherwise nobody answers there, as in an outage; what it holds stays. */
export async function reachable(platform: LivePlatform, is: boolean): Promise<void> {
  await platform.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: NAME, namespace: S3_NAMESPACE },
    spec: {
      selector: is ? selector : { app: "nobody" },
      ports: [{ name: "http", port: S3_PORT, targetPort: "http" }],
    },
  });
}
