import { existsSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { isObject, type Json, type JsonObject, textAt } from "./json";
import type { ProviderOptions } from "./providerOptions";

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  /** HTTP status; 0 when no answer came at all. */
  readonly status: number;
  readonly reason: string;
  readonly body: JsonObject;

  constructor(status: number, body: JsonObject, fallback: string) {
    super(textAt(body, "message") ?? fallback);
    this.name = "ApiError";
    this.status = status;
    this.reason = textAt(body, "reason") ?? "";
    this.body = body;
  }
}

export interface ApiRequest {
  query?: Record<string, string>;
  body?: JsonObject;
  /** Default: application/json. */
  contentType?: string;
  signal?: AbortSignal;
}

const attempts = 4;
const answerWithin = 60_000;

/** Plain JSON requests to one API server, with the credentials of a kubeconfig. */
export class ApiClient {
  /** The namespace of the kubeconfig's context, else `default`. */
  readonly defaultNamespace: string;
  readonly server: URL;
  readonly #kubeConfig: KubeConfig;
  #agent: http.Agent | undefined;

  constructor(kubeConfig: KubeConfig) {
    const cluster = kubeConfig.getCurrentCluster();
    if (!cluster) throw new Error(`the kubeconfig has no cluster for its context "${kubeConfig.getCurrentContext()}"`);
    this.#kubeConfig = kubeConfig;
    this.server = new URL(cluster.server);
    this.defaultNamespace = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace ?? "default";
  }

  /**
   * Answers the parsed body. Repeats what the server asked to repeat and, for reads, lost connections.
   * @throws ApiError with the server's own message.
   */
  async request(method: string, path: string, request: ApiRequest = {}): Promise<JsonObject> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(method, path, request);
      } catch (error) {
        const status = error instanceof ApiError ? error.status : -1;
        // Server-side apply and reads can be repeated without harm.
        const again = status === 429 || status === 503 || (status === 0 && method !== "DELETE");
        if (!again || attempt === attempts || request.signal?.aborted) throw error;
        await sleep(200 * attempt);
      }
    }
  }

  /** The object, or undefined when there is none of that name. */
  async find(path: string, signal?: AbortSignal): Promise<JsonObject | undefined> {
    try {
      return await this.request("GET", path, signal ? { signal } : {});
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#agent?.destroy();
  }

  async #once(method: string, path: string, request: ApiRequest): Promise<JsonObject> {
    const url = new URL(this.server.pathname.replace(/\/$/, "") + path, this.server);
    for (const [key, value] of Object.entries(request.query ?? {})) url.searchParams.set(key, value);
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers: http.OutgoingHttpHeaders = { accept: "application/json" };
    if (body !== undefined) {
      headers["content-type"] = request.contentType ?? "application/json";
      headers["content-length"] = Buffer.byteLength(body);
    }
    const options: https.RequestOptions = { method, headers, timeout: answerWithin };
    if (request.signal) options.signal = request.signal;
    // Every time: exec plugins and token files renew their credentials.
    await this.#kubeConfig.applyToHTTPSOptions(options);
    options.agent = this.#keepAlive(options);
    return await new Promise((resolve, reject) => {
      const unanswered = (error: Error) => reject(new ApiError(0, {}, `${method} ${url.href}: ${error.message}`));
      const sent = (url.protocol === "http:" ? http : https).request(url, options);
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", unanswered);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const status = response.statusCode ?? 0;
          const answer = parse(text);
          if (status < 300) resolve(answer);
          else reject(new ApiError(status, answer, `${method} ${url.pathname}: ${status} ${text.slice(0, 300)}`));
        });
      });
      sent.on("timeout", () => sent.destroy(new Error("no answer within a minute")));
      sent.on("error", unanswered);
      sent.end(body);
    });
  }

  #keepAlive(options: https.RequestOptions): http.Agent | undefined {
    // A proxy needs the agent that the kubeconfig made; that one opens a connection per request.
    if (this.#kubeConfig.getCurrentCluster()?.proxyUrl) return options.agent as http.Agent;
    if (!this.#agent) {
      const { ca, cert, key, rejectUnauthorized, servername } = options;
      const tls = { ca, cert, key, rejectUnauthorized, servername };
      const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
      const Agent = this.server.protocol === "http:" ? http.Agent : https.Agent;
      this.#agent = new Agent({ ...given, keepAlive: true, maxSockets: 32 });
    }
    return this.#agent;
  }
}

/** Loads the kubeconfig that the options name: content, a path, or the usual places. */
export async function connect(
  options: Pick<ProviderOptions, "kubeconfig" | "context" | "cluster">,
): Promise<ApiClient> {
  // Nearly a second to load: only once a cluster is really asked.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const kubeConfig = new KubeConfig();
  const given = options.kubeconfig?.replace(/^~(?=\/|$)/, os.homedir());
  if (given === undefined) kubeConfig.loadFromDefault();
  else if (existsSync(given)) kubeConfig.loadFromFile(given);
  else if (given.includes("clusters")) kubeConfig.loadFromString(given);
  else throw new Error(`the kubeconfig "${given}" is neither a file nor a kubeconfig's content`);
  if (options.context !== undefined) kubeConfig.setCurrentContext(options.context);
  if (options.cluster !== undefined) {
    const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
    if (context) Object.assign(context, { cluster: options.cluster });
  }
  return new ApiClient(kubeConfig);
}

function parse(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
