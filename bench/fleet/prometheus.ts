import { writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { stringify } from "yaml";
import { gpuLimits } from "../../components/gpu/gpuTarget";
import { type RuleGroup, ruleFile } from "../../components/prometheus/rules/rule";
import { Process } from "./processes";
import { type Exporter, INTERVAL_SECONDS } from "./spec";

/** Where a simulated fleet answers, and the targets that Prometheus has there. */
export interface Exporters {
  address: string;
  targets: { targets: string[]; labels: Record<string, string> }[];
  exporter: Exporter;
  /** Whether kube-state-metrics and node-exporter are scraped too. */
  objects: boolean;
}

/** What a Prometheus is started with. */
export interface PrometheusSettings {
  binary: string;
  /** Of the configuration and the log. */
  folder: string;
  /** Of the store. */
  data: string;
  replica: string;
  /** Default: nothing is scraped. */
  exporters?: Exporters;
  rules?: readonly RuleGroup[];
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  const server = net.createServer();
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function scrapeConfigs({ address, targets, exporter, objects }: Exporters): object[] {
  const limits = gpuLimits();
  return [
    {
      job_name: exporter.job,
      honor_labels: exporter.honorLabels,
      static_configs: targets,
      relabel_configs: exporter.relabelings,
      metric_relabel_configs: exporter.metricRelabelings,
      sample_limit: limits.samples,
      label_limit: limits.labels,
    },
    ...(objects
      ? [
          {
            job_name: "objects",
            honor_labels: true,
            metrics_path: "/objects",
            static_configs: [{ targets: [address] }],
          },
        ]
      : []),
  ];
}

/** The configuration as Prometheus reads it. */
export const configuration = ({
  replica,
  exporters,
  rules,
}: Omit<PrometheusSettings, "binary" | "folder" | "data">) => ({
  global: {
    scrape_interval: `${INTERVAL_SECONDS}s`,
    evaluation_interval: `${INTERVAL_SECONDS}s`,
    external_labels: { cluster: "bench", prometheus_replica: replica },
  },
  ...(rules === undefined ? {} : { rule_files: ["rules.yaml"] }),
  ...(exporters === undefined ? {} : { scrape_configs: scrapeConfigs(exporters) }),
});

/** A rule, and how long its last evaluation took, in seconds. */
export interface RuleTime {
  name: string;
  seconds: number;
}

/** A Prometheus that runs, with the questions that the measurement asks it. */
export class Prometheus {
  readonly url: string;
  readonly process: Process;

  private constructor(url: string, process: Process) {
    this.url = url;
    this.process = process;
  }

  /** Starts one; it may not be ready yet. */
  static async start(settings: PrometheusSettings): Promise<Prometheus> {
    const { binary, folder, data, rules } = settings;
    const file = path.join(folder, `prometheus-${settings.replica}.yaml`);
    await writeFile(file, stringify(configuration(settings), { aliasDuplicateObjects: false }));
    if (rules !== undefined) await writeFile(path.join(folder, "rules.yaml"), stringify(ruleFile(rules)));
    const address = `127.0.0.1:${await freePort()}`;
    const command = [
      binary,
      `--config.file=${file}`,
      `--storage.tsdb.path=${data}`,
      // As beside a Thanos sidecar.
      "--storage.tsdb.min-block-duration=2h",
      "--storage.tsdb.max-block-duration=2h",
      "--storage.tsdb.retention.time=10d",
      "--enable-feature=extra-scrape-metrics",
      `--web.listen-address=${address}`,
    ];
    return new Prometheus(
      `http://${address}`,
      new Process(command, path.join(folder, `prometheus-${settings.replica}.log`)),
    );
  }

  readonly isReady = () => answers(`${this.url}/-/ready`);

  /** The sum of a metric of its own over all its series. */
  async own(metric: string): Promise<number> {
    const page = await (await fetch(`${this.url}/metrics`)).text();
    return sumOf(page, metric);
  }

  /** How long each rule took the last time, the slowest first. */
  async ruleSeconds(): Promise<RuleTime[]> {
    const { groups } = await api<{ groups: { rules: { name: string; evaluationTime: number }[] }[] }>(
      `${this.url}/api/v1/rules`,
    );
    return groups
      .flatMap(({ rules }) => rules.map(({ name, evaluationTime }) => ({ name, seconds: evaluationTime })))
      .sort((left, right) => right.seconds - left.seconds);
  }

  /** The values of an instant query. */
  query(expr: string, time?: number): Promise<number[]> {
    return instant(this.url, expr, time);
  }
}

/** The sum over the series of a metric on a page in the text format. */
export const sumOf = (page: string, metric: string): number =>
  [...page.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, "gm"))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );

/** Whether something answers there with success. */
export const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

async function api<Data>(url: string): Promise<Data> {
  const response = await fetch(url);
  const body = (await response.json()) as { status: string; error?: string; data: Data };
  if (body.status !== "success") throw new Error(`${url}: ${body.error}`);
  return body.data;
}

/** The values of an instant query at something that speaks Prometheus' API. */
export async function instant(url: string, expr: string, time?: number): Promise<number[]> {
  const at = time === undefined ? {} : { time: String(time) };
  const { result } = await api<{ result: { value: [number, string] }[] }>(
    `${url}/api/v1/query?${new URLSearchParams({ query: expr, ...at })}`,
  );
  return result.map(({ value }) => Number(value[1]));
}
