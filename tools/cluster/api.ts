import { readFile } from "node:fs/promises";
import https from "node:https";
import type { Layout } from "./layout";

/** An answer of the API server other than 2xx. */
export class ApiError extends Error {
  readonly status: number;

  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path} answered ${status}: ${body.slice(0, 500)}`);
    this.name = "ApiError";
    this.status = status;
  }
}

interface Kubeconfig {
  clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
  users: [{ user: { "client-certificate-data": string; "client-key-data": string } }];
}

/** A client of the cluster's API server. The handful of calls here does not justify the second that the client library takes to load. */
export interface Api {
  get<T>(path: string): Promise<T>;
  getText(path: string): Promise<string>;
  /** Server-side apply. */
  apply(path: string, object: object): Promise<void>;
  close(): void;
}

/** Connects with the administrator's certificate; a call fails after 5 s without an answer. */
export async function connectApi(target: Layout): Promise<Api> {
  const config = JSON.parse(await readFile(target.kubeconfig, "utf8")) as Kubeconfig;
  const decode = (text: string) => Buffer.from(text, "base64");
  const { server, "certificate-authority-data": authority } = config.clusters[0].cluster;
  const { "client-certificate-data": certificate, "client-key-data": key } = config.users[0].user;
  const agent = new https.Agent({
    keepAlive: true,
    ca: decode(authority),
    cert: decode(certificate),
    key: decode(key),
  });

  const request = (method: string, path: string, body?: object): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = body ? { "content-type": "application/apply-patch+yaml" } : {};
      const call = https.request(new URL(path, server), { method, agent, headers, timeout: 5000 }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () => {
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(text);
          else reject(new ApiError(method, path, status, text));
        });
      });
      call.on("timeout", () => call.destroy(new Error(`${method} ${path}: no answer within 5 s`)));
      call.on("error", reject);
      call.end(body && JSON.stringify(body));
    });

  return {
    get: async <T>(path: string) => JSON.parse(await request("GET", path)) as T,
    getText: (path) => request("GET", path),
    apply: async (path, object) => {
      await request("PATCH", `${path}?fieldManager=gpu-observability-local&force=true`, object);
    },
    close: () => agent.destroy(),
  };
}
