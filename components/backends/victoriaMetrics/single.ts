import * as pulumi from "@pulumi/pulumi";
import { createServer } from "../../kubernetes/server";
import { dataOf } from "../../kubernetes/serverData";
import { jobs } from "../../prometheus/jobs";
import type { VictoriaMetricsArgs } from "./args";
import { common, imageOf, licenceFiles, probes } from "./common";
import { COMMON_FLAGS, GRACEFUL, insertFlags, STORAGE_PATH, searchFlags, storageFlags } from "./flags";
import type { StorageServers } from "./storageServers";

const listens = { http: { port: 8428, scrape: {} } };

/** One server for everything. */
export function createSingle(args: VictoriaMetricsArgs, opts: pulumi.CustomResourceOptions): StorageServers {
  const { storage = {} } = args;
  const memory = storage.memory ?? "2Gi";
  const server = createServer(
    {
      ...common(args, jobs.victoriaMetrics, "storage"),
      replicas: 1,
      image: imageOf(args, "single"),
      args: [
        ...COMMON_FLAGS,
        GRACEFUL,
        `-httpListenAddr=:${listens.http.port}`,
        ...storageFlags(args, 1),
        ...searchFlags(args, memory),
        ...insertFlags(args),
        // Whoever may query could delete series on the same port. This file has another content at each look, so no key fits.
        "-deleteAuthKey=file:///proc/sys/kernel/random/uuid",
      ],
      listens,
      cpu: storage.cpu ?? "500m",
      memory,
      readiness: probes("http").readiness,
      data: dataOf(STORAGE_PATH, storage),
      // Clients keep one address while the pod gets another.
      headless: false,
      // What is in memory has to reach the disk.
      terminationGraceSeconds: 120,
      ...licenceFiles(args),
      ...(args.deletionProtection === undefined ? {} : { protect: args.deletionProtection }),
    },
    opts,
  );
  const base = pulumi.interpolate`http://${server.host}:${listens.http.port}`;
  return {
    servers: [server],
    edges: [],
    entry: { server, listener: "http" },
    writeUrl: pulumi.interpolate`${base}/api/v1/write`,
    queryUrl: base,
    pods: [{ name: `${jobs.victoriaMetrics}-0`, snapshotUrl: pulumi.interpolate`${base}/snapshot/create` }],
    storage: server,
    snapshotListener: "http",
  };
}
