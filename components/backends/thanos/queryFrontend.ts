import * as pulumi from "@pulumi/pulumi";
import { createServer, type Server } from "../../kubernetes/server";
import type { Cache } from "./caches";
import {
  GRACE_SECONDS,
  LOG_FORMAT,
  listenFlags,
  probes,
  queryListens,
  type ThanosReplicas,
  type ThanosWorkloads,
} from "./process";

interface QueryFrontendArgs extends ThanosWorkloads, ThanosReplicas {
  downstreamUrl: pulumi.Input<string>;
  cache: Cache;
}

const CONFIG_DIRECTORY = "/etc/thanos";
const CACHE_FILE = "response-cache.yaml";

/** Makes what stands before the queriers: it splits long ranges by days, asks again after an error, and keeps results. */
export function createQueryFrontend(args: QueryFrontendArgs, opts: pulumi.CustomResourceOptions): Server {
  return createServer(
    {
      identity: { name: "thanos-query-frontend", instance: "thanos-query-frontend", component: "query" },
      namespace: args.namespace,
      replicas: args.replicas ?? 2,
      image: args.image,
      args: frontendArguments(args.downstreamUrl),
      listens: queryListens,
      cpu: args.cpu ?? "100m",
      memory: args.memory ?? "512Mi",
      requireSpread: args.requireSpread,
      ...probes(4),
      files: [{ mountPath: CONFIG_DIRECTORY, content: { [CACHE_FILE]: args.cache.config } }],
      terminationGraceSeconds: GRACE_SECONDS,
    },
    opts,
  );
}

const frontendArguments = (downstreamUrl: pulumi.Input<string>): pulumi.Input<string>[] => [
  "query-frontend",
  LOG_FORMAT,
  ...listenFlags(queryListens),
  pulumi.interpolate`--query-frontend.downstream-url=${downstreamUrl}`,
  "--query-frontend.compress-responses",
  // Queries that somebody waited for.
  "--query-frontend.log-queries-longer-than=10s",
  // Days, so that yesterday's part of a result is the same for everybody and all day long.
  "--query-range.split-interval=24h",
  // A querier that goes away in the middle costs nobody a dashboard.
  "--query-range.max-retries-per-request=5",
  "--query.max-retries-per-request=5",
  `--query-range.response-cache-config-file=${CONFIG_DIRECTORY}/${CACHE_FILE}`,
  "--labels.split-interval=24h",
  "--labels.max-retries-per-request=5",
  `--labels.response-cache-config-file=${CONFIG_DIRECTORY}/${CACHE_FILE}`,
  "--cache-compression-type=snappy",
];
