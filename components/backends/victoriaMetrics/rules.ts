import * as pulumi from "@pulumi/pulumi";
import { createServer, type Server } from "../../kubernetes/server";
import { jobs } from "../../prometheus/jobs";
import { agentListens } from "./agent";
import type { VictoriaMetricsArgs, VictoriaMetricsRules } from "./args";
import { common, imageOf, probes } from "./common";
import { COMMON_FLAGS } from "./flags";
import { DEDUP_INTERVAL } from "./shape";
import type { StorageServers } from "./storageServers";

const listens = { http: { port: 8880, scrape: {} } };
const RULES_PATH = "/etc/vmalert";

/** Evaluates rules over the store. What they record goes through the agents' queue, so that it outlives the store's restarts. */
export function createRules(
  args: VictoriaMetricsArgs,
  rules: VictoriaMetricsRules,
  { storage, agents }: { storage: StorageServers; agents: Server },
  opts: pulumi.CustomResourceOptions,
): Server {
  const { notifierUrls = [] } = rules;
  const askedUrl = storage.rulesUrl ?? storage.queryUrl;
  return createServer(
    {
      ...common(args, jobs.vmalert, "alerting"),
      replicas: rules.replicas ?? 2,
      image: imageOf(args, "vmalert"),
      args: [
        ...COMMON_FLAGS,
        `-httpListenAddr=:${listens.http.port}`,
        `-rule=${RULES_PATH}/*.yaml`,
        `-evaluationInterval=${rules.evaluationInterval ?? args.dedupInterval ?? DEDUP_INTERVAL}`,
        pulumi.interpolate`-datasource.url=${askedUrl}`,
        pulumi.interpolate`-remoteWrite.url=http://${agents.host}:${agentListens.http.port}`,
        // Pending alerts survive a restart.
        pulumi.interpolate`-remoteRead.url=${askedUrl}`,
        // Alertmanagers do not pass alerts on to each other.
        ...notifierUrls.map((url) => pulumi.interpolate`-notifier.url=${url}`),
        ...(notifierUrls.length === 0 ? ["-notifier.blackhole"] : []),
        ...Object.entries(rules.externalLabels ?? {}).map(([name, value]) => `-external.label=${name}=${value}`),
      ],
      listens,
      cpu: rules.cpu ?? "100m",
      memory: rules.memory ?? "256Mi",
      ...probes("http"),
      files: [{ mountPath: RULES_PATH, content: rules.files }],
    },
    { ...opts, dependsOn: [agents.workload] },
  );
}
