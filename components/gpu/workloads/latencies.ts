import * as pulumi from "@pulumi/pulumi";

/** Times that an engine measures for each request or token, and that an objective can be set for. */
export const latencies = ["timeToFirstToken", "interTokenLatency", "endToEndLatency"] as const;

export type Latency = (typeof latencies)[number];

/** A histogram of seconds. */
export interface LatencyHistogram {
  /** Its name in Prometheus, after relabelling. */
  metric: string;
  /** Its name in older versions; some have both, with the same values. */
  older?: string;
  /** Where its buckets end, in seconds. */
  edges: readonly number[];
}

/**
 * vLLM's, of vllm/v1/metrics/buckets.py and, before that file, loggers.py; the same since the V1 engine. Nobody can
 * configure them.
 */
export const vllmLatencies: Readonly<Record<Latency, LatencyHistogram>> = {
  timeToFirstToken: {
    metric: "vllm:time_to_first_token_seconds",
    edges: [
      0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2_560,
    ],
  },
  interTokenLatency: {
    metric: "vllm:inter_token_latency_seconds",
    older: "vllm:time_per_output_token_seconds",
    edges: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80],
  },
  endToEndLatency: {
    metric: "vllm:e2e_request_latency_seconds",
    edges: [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1_920, 7_680],
  },
};

/**
 * The edge of a bucket that a threshold lies on. Between two edges nobody knows how many requests were fast enough, and a
 * query for such a bucket finds nothing, for ever.
 * @throws InputPropertyError at `propertyPath` that names the nearest edges.
 */
export function bucketEdge({ metric, edges }: LatencyHistogram, seconds: number, propertyPath: string): number {
  if (edges.includes(seconds)) return seconds;
  const below = edges.filter((edge) => edge < seconds).slice(-2);
  const above = edges.filter((edge) => edge > seconds).slice(0, 2);
  const nearest = [...below, ...above].map((edge) => `${edge} s`).join(", ");
  throw new pulumi.InputPropertyError({
    propertyPath,
    reason: `${seconds} s is between two buckets of ${metric}; the nearest edges are ${nearest}`,
  });
}
