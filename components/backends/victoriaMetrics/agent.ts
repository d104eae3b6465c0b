import type * as pulumi from "@pulumi/pulumi";
import { createServer, type Server } from "../../kubernetes/server";
import { dataOf } from "../../kubernetes/serverData";
import { jobs } from "../../prometheus/jobs";
import type { VictoriaMetricsArgs } from "./args";
import { common, imageOf, probes } from "./common";
import { COMMON_FLAGS, GRACEFUL, shareOf } from "./flags";
import type { StorageServers } from "./storageServers";

export const agentListens = { http: { port: 8429, scrape: {} } };

const QUEUE_PATH = "/queue";

/** Takes samples at any time, and holds them on disk while the store is away. */
export function createAgents(
  args: VictoriaMetricsArgs,
  { writeUrl, entry }: StorageServers,
  opts: pulumi.CustomResourceOptions,
): Server {
  const { agents = {} } = args;
  const queue = agents.volumeSize ?? agents.ephemeralStorageSize ?? "1Gi";
  return createServer(
    {
      ...common(args, jobs.vmagent, "ingest"),
      replicas: agents.replicas ?? 2,
      image: imageOf(args, "vmagent"),
      args: [
        ...COMMON_FLAGS,
        GRACEFUL,
        `-httpListenAddr=:${agentListens.http.port}`,
        writeUrl.apply((url) => `-remoteWrite.url=${url}`),
        `-remoteWrite.tmpDataPath=${QUEUE_PATH}`,
        // Without a limit the volume would fill up, and new samples would be lost instead of the oldest. Files are of 500 MB.
        `-remoteWrite.maxDiskUsagePerURL=${shareOf(queue, 0.8)}`,
      ],
      listens: agentListens,
      cpu: agents.cpu ?? "250m",
      memory: agents.memory ?? "512Mi",
      ...probes("http"),
      data: dataOf(QUEUE_PATH, agents),
      ...(agents.drainedTo === undefined ? {} : { setWords: { drainedTo: agents.drainedTo } }),
      // Any of them takes anything: senders have one address, and are moved on every two minutes.
      headless: false,
      // Samples in memory have to reach the store, or the disk.
      terminationGraceSeconds: 60,
    },
    { ...opts, dependsOn: [entry.server.workload] },
  );
}
