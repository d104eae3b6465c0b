import { names } from "../../stacks/names";
import type { ApiClient } from "../provider/apiClient";
import type { JsonObject } from "../provider/json";

/** One sample of an instant query. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** Sends a request to a Service through the API server: works wherever the API server can be reached. */
export function serviceRequest(
  api: ApiClient,
  service: { namespace: string; name: string; port: string },
  request: { path: string; method?: string; query?: Record<string, string> },
): Promise<JsonObject> {
  const base = `/api/v1/namespaces/${service.namespace}/services/${service.name}:${service.port}/proxy`;
  return api.request(request.method ?? "GET", `${base}${request.path}`, request.query ? { query: request.query } : {});
}

/** How the query address answers. */
export interface QueryOptions {
  /** Whether the replicas' series are merged into one; otherwise each carries its replica's label. Only Thanos can do either. */
  dedup?: boolean;
  /** Base URL of the query API inside the cluster, as the stack's output `queryUrl`. Default: that of the Thanos queriers. */
  queryUrl?: string;
}

/** The Service, the port and the path of an address inside the cluster. */
export function placeOf(url: string): { service: string; port: string; path: string } {
  const { hostname, port, pathname } = new URL(url);
  return { service: hostname.split(".")[0] ?? hostname, port, path: pathname === "/" ? "" : pathname };
}

/** Asks the platform's query address for one moment; the replicas merged, unless said otherwise. */
export async function queryNow(
  api: ApiClient,
  namespace: string,
  promql: string,
  { dedup = true, queryUrl }: QueryOptions = {},
): Promise<Sample[]> {
  const { service, port, path } =
    queryUrl === undefined ? { service: names.query, port: "http", path: "" } : placeOf(queryUrl);
  const answer = await serviceRequest(
    api,
    { namespace, name: service, port },
    { path: `${path}/api/v1/query`, query: { query: promql, dedup: String(dedup) } },
  );
  return samplesOf(answer);
}

/** Asks one pod of Prometheus alone. */
export async function queryPod(api: ApiClient, namespace: string, pod: string, promql: string): Promise<Sample[]> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}:9090/proxy/api/v1/query`;
  return samplesOf(await api.request("GET", path, { query: { query: promql } }));
}

function samplesOf(answer: JsonObject): Sample[] {
  const { result = [] } = (answer.data ?? {}) as {
    result?: { metric: Record<string, string>; value: [number, string] }[];
  };
  return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/** The answer to a query of one number; 0 when it has no result. */
export async function queryNumber(
  api: ApiClient,
  namespace: string,
  promql: string,
  options?: QueryOptions,
): Promise<number> {
  return (await queryNow(api, namespace, promql, options))[0]?.value ?? 0;
}

/** A GPU that reports a hardware error, has failed to replace broken memory, or is at its slowdown limit. */
export const SICK_GPUS = `count by (instance, gpu) (
  DCGM_FI_DEV_XID_ERRORS > 0 or DCGM_FI_DEV_ROW_REMAP_FAILURE > 0 or DCGM_FI_DEV_GPU_TEMP_LIMIT < 0
)`;
