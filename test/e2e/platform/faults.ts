import { killContainer } from "../../../tools/cluster";
import { layout } from "../../../tools/cluster/layout";
import { serviceRequest } from "../../../tools/local/questions";
import { eventually } from "./eventually";
import { type LivePlatform, NAMESPACE } from "./livePlatform";

/** SIGKILL to the main process of a container, as the kernel does when memory runs out. */
export async function sigkill(platform: LivePlatform, pod: string, container: string): Promise<void> {
  const cluster = { name: platform.name, kubeconfig: layout(platform.name).kubeconfig, nodeNames: [] };
  await killContainer(cluster, { namespace: NAMESPACE, pod, container });
}

interface PodStatus {
  status: {
    conditions?: { type: string; status: string }[];
    containerStatuses?: { name: string; ready: boolean; restartCount: number }[];
  };
}

/** How often a container was started again, and whether it is ready. */
export async function containerState(platform: LivePlatform, pod: string, container: string) {
  const { status } = (await platform.api.request(
    "GET",
    `/api/v1/namespaces/${NAMESPACE}/pods/${pod}`,
  )) as unknown as PodStatus;
  const found = status.containerStatuses?.find(({ name }) => name === container);
  return { restarts: found?.restartCount ?? 0, ready: found?.ready ?? false };
}

/** Waits until a killed container runs and is ready again. */
export async function recovers(platform: LivePlatform, pod: string, container: string, restarts: number) {
  await eventually(
    `${container} of ${pod} is ready again`,
    () => containerState(platform, pod, container),
    (state) => state.ready && state.restarts > restarts,
  );
}

/** Times, in seconds, of the raw samples of one series within the last `seconds`, as the querier merges them. */
export async function sampleTimes(
  platform: LivePlatform,
  selector: string,
  seconds: number,
  options: { dedup: boolean },
): Promise<number[][]> {
  const answer = await serviceRequest(
    platform.api,
    { namespace: NAMESPACE, name: "thanos-query", port: "http" },
    { path: "/api/v1/query", query: { query: `${selector}[${seconds}s]`, dedup: String(options.dedup) } },
  );
  const { result } = answer.data as unknown as { result: { values: [number, string][] }[] };
  return result.map(({ values }) => values.map(([time]) => time));
}

/** The longest time between two neighbours, in seconds. */
export const longestGap = (times: number[]) =>
  Math.max(0, ...times.slice(1).map((time, index) => time - (times[index] ?? time)));
