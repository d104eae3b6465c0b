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

/** How the querier answers. */
export interface QueryOptions {
  /** Whether the replicas' series are merged into one; otherwise each carries its replica's label. */
  dedup: boolean;
}

/** Asks the platform's query address for one moment; the replicas merged, unless said otherwise. */
export async function queryNow(
  api: ApiClient,
  namespace: string,
  promql: string,
  { dedup }: QueryOptions = { dedup: true },
): Promise<Sample[]> {
  const answer = await serviceRequest(
    api,
    { namespace, name: names.query, port: "http" },
    { path: "/api/v1/query", query: { query: promql, dedup: String(dedup) } },
  );
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
