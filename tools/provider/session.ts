import { type ApiClient, ApiError, connect } from "./apiClient";
import { Discovery } from "./discovery";
import { type EngineLog, engineLog, noLog } from "./engineLog";
import type { ProviderOptions } from "./providerOptions";

/** An API server that answered. */
export interface Cluster {
  api: ApiClient;
  discovery: Discovery;
}

/** Or why none did. */
export type Reached = { cluster: Cluster; reason?: undefined } | { cluster?: undefined; reason: string };

const firstAnswerWithin = 10_000;

/** One provider instance of the engine: its options, its cluster, its log. */
export class Session {
  /** Resources whose last diff asked for a replacement: their object may exist when the new one is previewed. */
  readonly replacing = new Set<string>();
  #options: ProviderOptions | undefined;
  #reached: Promise<Reached> | undefined;
  #log: EngineLog = noLog;
  readonly #said = new Set<string>();
  readonly #cancelled = new AbortController();

  get log(): EngineLog {
    return this.#log;
  }

  /** Aborted when the engine cancels (Ctrl-C): waits end, and what they waited for is recorded as not ready. */
  get cancelled(): AbortSignal {
    return this.#cancelled.signal;
  }

  get options(): ProviderOptions {
    if (!this.#options) throw new Error("the engine asked for a resource before it configured the provider");
    return this.#options;
  }

  attach(engineAddress: string): void {
    this.#log.close();
    this.#log = engineAddress === "" ? noLog : engineLog(engineAddress);
  }

  configure(options: ProviderOptions): void {
    this.#options = options;
    this.#reached = undefined;
  }

  /** The cluster, asked once whether it answers. */
  reach(): Promise<Reached> {
    this.#reached ??= reach(this.options);
    return this.#reached;
  }

  /** About the whole provider, not one of its resources; the same text is said once. */
  warnOnce(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#log.warn("", message);
  }

  /** @throws Error when the cluster does not answer. */
  async cluster(): Promise<Cluster> {
    const { cluster, reason } = await this.reach();
    if (!cluster) throw new Error(`the Kubernetes cluster cannot be reached: ${reason}`);
    return cluster;
  }

  cancel(): void {
    this.#cancelled.abort(new Error("cancelled"));
  }

  async close(): Promise<void> {
    this.cancel();
    this.#log.close();
    (await this.#reached)?.cluster?.api.close();
  }
}

async function reach(options: ProviderOptions): Promise<Reached> {
  try {
    const api = await connect(options);
    await api.request("GET", "/version", { signal: AbortSignal.timeout(firstAnswerWithin) });
    return { cluster: { api, discovery: new Discovery(api) } };
  } catch (error) {
    // A refusal is an answer: some clusters hide /version, and later requests say why they are refused.
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof ApiError && error.status > 0) return { reason: `${reason} (HTTP ${error.status})` };
    return { reason };
  }
}
