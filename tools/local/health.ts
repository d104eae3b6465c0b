import { setTimeout as sleep } from "node:timers/promises";
import { REPLICA_LABEL } from "../../components/prometheus/replicaLabel";
import { names, nodesNamespace } from "../../stacks/names";
import { UserError } from "../cli/errors";
import type { Progress } from "../cli/progress";
import type { ApiClient } from "../provider/apiClient";
import { queryNow, queryNumber, queryPod, SICK_GPUS, serviceRequest } from "./questions";

/** What a platform should look like. */
export interface Expectation {
  namespace: string;
  /** Of each shard. */
  prometheusReplicas: number;
  alertmanagerReplicas: number;
  /** Nodes of the simulated fleet. */
  fleetNodes: number;
  /** Base URL inside the cluster of a store that cannot tell replicas apart. Default: Thanos is asked, which can. */
  queryUrl?: string;
}

/** What it looks like. */
export interface Health {
  /** Those that should run; a pod that has finished its work is not one of them. */
  pods: { name: string; ready: boolean }[];
  /** Fleet nodes that every replica of their shard scrapes. */
  scrapedNodes: number;
  /** Prometheus replicas that the querier reaches and that scrape something. */
  prometheusReplicas: number;
  /** Members of the Alertmanager cluster, as one of them sees it; a single one has no cluster and counts as 1. */
  alertmanagerMembers: number;
  watchdogFires: boolean;
  /** Targets of the platform that cannot be scraped, as `job instance`. */
  downTargets: string[];
  gpus: number;
  sickGpus: { node: string; gpu: string }[];
}

interface Pod {
  metadata: { name: string };
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
}

/** Asks the cluster, the pair and the Alertmanagers. */
export async function askHealth(api: ApiClient, expected: Expectation): Promise<Health> {
  const { namespace } = expected;
  const { items = [] } = (await api.request("GET", `/api/v1/namespaces/${namespace}/pods`)) as { items?: unknown };
  const pods = (items as Pod[])
    .filter(({ status }) => status?.phase !== "Succeeded")
    .map(({ metadata, status }) => ({
      name: metadata.name,
      ready: status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false,
    }));
  const { queryUrl } = expected;
  const merged = queryUrl === undefined ? {} : { queryUrl };
  // Those of teams are their own matter.
  const own = `namespace=~"|kube-system|${namespace}|${nodesNamespace(namespace)}"`;
  const [replicas, watchdog, gpus, sick, members, down] = await Promise.all([
    queryUrl === undefined
      ? replicasBehindThanos(api, expected)
      : replicasByPod(
          api,
          expected,
          pods.map(({ name }) => name),
        ),
    queryNumber(api, namespace, `count(ALERTS{alertname="Watchdog", alertstate="firing"})`, merged),
    queryNumber(api, namespace, "count(DCGM_FI_DEV_GPU_TEMP)", merged),
    queryNow(api, namespace, SICK_GPUS, merged),
    alertmanagerMembers(api, namespace),
    queryNow(api, namespace, `up{${own}} == 0`, merged),
  ]);
  return {
    pods,
    ...replicas,
    alertmanagerMembers: members,
    watchdogFires: watchdog > 0,
    downTargets: down.map(({ labels }) => `${labels.job} ${labels.instance}`).sort(),
    gpus,
    sickGpus: sick.map(({ labels }) => ({ node: labels.instance ?? "?", gpu: labels.gpu ?? "?" })),
  };
}

type Replicas = Pick<Health, "scrapedNodes" | "prometheusReplicas">;

async function replicasBehindThanos(api: ApiClient, { namespace, prometheusReplicas }: Expectation): Promise<Replicas> {
  const ask = (promql: string) => queryNumber(api, namespace, promql, { dedup: false });
  const [scrapedNodes, answering] = await Promise.all([
    ask(`count(count by (instance) (up{job="dcgm-exporter"} == 1) >= ${prometheusReplicas})`),
    ask(`count(count by (${REPLICA_LABEL}) (up))`),
  ]);
  return { scrapedNodes, prometheusReplicas: answering };
}

/** Each replica by itself: a store that takes only one of them, or merges them, does not say. */
async function replicasByPod(
  api: ApiClient,
  { namespace, prometheusReplicas }: Expectation,
  pods: readonly string[],
): Promise<Replicas> {
  const servers = pods.filter((name) => name.startsWith(`prometheus-${names.prometheus}-`));
  const answers = await Promise.all(
    servers.map((pod) => queryPod(api, namespace, pod, "up == 1").catch(() => undefined)),
  );
  const answering = answers.filter((answer) => answer !== undefined && answer.length > 0);
  const nodes = answering.flatMap((answer = []) =>
    answer.flatMap(({ labels }) => (labels.job === "dcgm-exporter" ? [labels.instance] : [])),
  );
  const byAll = [...new Set(nodes)].filter(
    (node) => nodes.filter((other) => other === node).length >= prometheusReplicas,
  );
  return { scrapedNodes: byAll.length, prometheusReplicas: answering.length };
}

async function alertmanagerMembers(api: ApiClient, namespace: string): Promise<number> {
  const status = await serviceRequest(
    api,
    { namespace, name: names.alertmanager, port: "web" },
    { path: "/api/v2/status" },
  );
  const { status: state, peers } = (status.cluster ?? {}) as { status?: string; peers?: unknown[] };
  // The operator switches clustering off for a single member.
  return state === "disabled" ? 1 : (peers?.length ?? 0);
}

/** What is not as it should be, in words; nothing when all is well. */
export function complaints(health: Health, expected: Expectation): string[] {
  const unready = health.pods.filter((pod) => !pod.ready).map((pod) => pod.name);
  const compare = (what: string, got: number, wanted: number) => (got >= wanted ? [] : [`${got} of ${wanted} ${what}`]);
  return [
    ...(health.pods.length === 0 ? ["no pods"] : []),
    ...(unready.length > 0 ? [`not ready: ${unready.join(", ")}`] : []),
    ...compare("Prometheus replicas answer", health.prometheusReplicas, expected.prometheusReplicas),
    ...compare("Alertmanager members see each other", health.alertmanagerMembers, expected.alertmanagerReplicas),
    ...compare("GPU nodes are scraped", health.scrapedNodes, expected.fleetNodes),
    ...(health.downTargets.length > 0 ? [`cannot be scraped: ${health.downTargets.join(", ")}`] : []),
    ...(health.watchdogFires ? [] : ["the Watchdog alert does not fire"]),
  ];
}

const PATIENCE_SECONDS = 600;

/** Waits until nothing is to complain of. */
export async function waitUntilHealthy(api: ApiClient, expected: Expectation, progress: Progress): Promise<Health> {
  return progress.step("waiting until everything is healthy", async (report) => {
    const until = Date.now() + PATIENCE_SECONDS * 1000;
    let last = "nothing answers yet";
    while (Date.now() < until) {
      try {
        const health = await askHealth(api, expected);
        const wrong = complaints(health, expected);
        if (wrong.length === 0) {
          report("");
          return health;
        }
        last = wrong.join("; ");
      } catch (error) {
        last = error instanceof Error ? error.message.slice(0, 200) : String(error);
      }
      report(last);
      await sleep(500);
    }
    throw new UserError(
      `the platform was not healthy after ${PATIENCE_SECONDS} s: ${last}`,
      "run the command again to wait longer, or `npm run local -- down` and again to start anew",
    );
  });
}
