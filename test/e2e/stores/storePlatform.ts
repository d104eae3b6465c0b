import type { OutputMap } from "@pulumi/pulumi/automation";
import type { Sample } from "../../../tools/local/questions";
import { deployStack } from "../../../tools/local/stacks";
import { LivePlatform, NAMESPACE } from "../platform/livePlatform";
import { S3_BUCKET, S3_ENDPOINT, S3_KEYS, S3_PORT } from "./s3Server";

/** Asks a store through the API server: which Service, below which path, as which tenant. */
export interface QueryAddress {
  service: string;
  port: string;
  /** Before `/api/v1/…`. Default: none. */
  path?: string;
}

/** Between two scrapes, and two evaluations. */
export const INTERVAL_SECONDS = 20;

/** What every deployment of these tests has: two shards, and room for what Thanos asks for. */
export const BASE = [
  "prometheus.shards=2",
  "prometheus.localRetention.time=6h",
  // Two processors evaluate everything twice for two shards: every 20 s, not every 10.
  `prometheus.scrapeInterval=${INTERVAL_SECONDS}s`,
  `gpu.scrapeInterval=${INTERVAL_SECONDS}s`,
];

/** Settings of the bucket on the test's own S3 server; the keys are set apart, encrypted. */
const bucket = {
  name: S3_BUCKET,
  endpoint: S3_ENDPOINT,
  insecure: true,
  credentials: { kind: "keys", accessKeyId: "", secretAccessKey: "" },
};

/** A store's settings, as the value of a `path=value` setting. */
export const storeSetting = (place: string, kind: string, withBucket: boolean, more: object = {}): string =>
  `${place}=${JSON.stringify({ kind, ...(withBucket ? { bucket } : {}), ...more })}`;

/** A platform whose long-term stores change while it runs. */
export class StorePlatform extends LivePlatform {
  private outputs: OutputMap = {};

  /** Deploys with these settings, and the keys of the bucket wherever one is named. */
  async deploy(settings: string[]): Promise<void> {
    const opened = await this.stack([...BASE, `network.objectStorage.ports=[${S3_PORT}]`, ...settings]);
    for (const setting of settings) {
      const [place = "", value = ""] = [
        setting.slice(0, setting.indexOf("=")),
        setting.slice(setting.indexOf("=") + 1),
      ];
      if (!value.includes(`"bucket"`)) continue;
      for (const [key, secret] of Object.entries(S3_KEYS)) {
        await this.setSecret(opened, `${place}.bucket.credentials.${key}`, secret);
      }
    }
    await deployStack(opened, () => {});
    this.outputs = await opened.stack.outputs();
  }

  /** A stack output of the last deployment. */
  output(name: string): string {
    return String(this.outputs[name]?.value);
  }

  /** The answer of a store to a query for one moment; default: now. */
  async query(address: QueryAddress, promql: string, more: Record<string, string> = {}): Promise<Sample[]> {
    const { result = [] } = (await this.ask(address, { query: promql, ...more })) as {
      result?: { metric: Record<string, string>; value: [number, string] }[];
    };
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** The one number that a query answers; 0 without a result. */
  async number(address: QueryAddress, promql: string, more: Record<string, string> = {}): Promise<number> {
    return (await this.query(address, promql, more))[0]?.value ?? 0;
  }

  /** Times, in seconds, of the stored samples of each series within the seconds before `at`, a time in seconds. */
  async sampleTimes(
    address: QueryAddress,
    selector: string,
    seconds: number,
    at: number,
    more: Record<string, string> = {},
  ): Promise<{ labels: Record<string, string>; times: number[] }[]> {
    const answer = await this.ask(address, { query: `${selector}[${seconds}s]`, time: String(at), ...more });
    const { result = [] } = answer as { result?: { metric: Record<string, string>; values: [number, string][] }[] };
    return result.map(({ metric, values }) => ({ labels: metric, times: values.map(([time]) => time) }));
  }

  private async ask({ service, port, path = "" }: QueryAddress, query: Record<string, string>): Promise<unknown> {
    const base = `/api/v1/namespaces/${NAMESPACE}/services/${service}:${port}/proxy`;
    const answer = await this.api.request("GET", `${base}${path}/api/v1/query`, { query });
    return answer.data ?? {};
  }

  /** Leads a Service of the platform to nobody, as in an outage, or back to its pods. */
  async reachable(service: string, is: boolean): Promise<void> {
    const place = `/api/v1/namespaces/${NAMESPACE}/services/${service}`;
    const body = { spec: { selector: { "e2e/outage": is ? null : "yes" } } };
    await this.api.request("PATCH", place, { body: body as never, contentType: "application/merge-patch+json" });
  }
}
