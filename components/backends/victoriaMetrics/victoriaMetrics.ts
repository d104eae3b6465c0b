import * as pulumi from "@pulumi/pulumi";
import { guardSets } from "../../kubernetes/guardedSets";
import { commonLabels } from "../../kubernetes/labels";
import { call, type NetworkEdge, type NetworkMember } from "../../network/edges";
import { jobs } from "../../prometheus/jobs";
import { describeStore, type LongTermStore } from "../backend";
import { agentListens, createAgents } from "./agent";
import type { VictoriaMetricsArgs } from "./args";
import { createBackups } from "./backup";
import { createCluster } from "./cluster";
import { createRules } from "./rules";
import { checkShape } from "./shape";
import { createSingle } from "./single";

/**
 * VictoriaMetrics as the long-term store, on disks of its own: a cluster that keeps copies on several storage nodes, or one server.
 * Prometheus writes to agents, which hold samples on disk while the store is away. The replicas of a pair become one by
 * deduplication, for which they must write equal series: the label that tells them apart is left out.
 *
 * ```typescript
 * new VictoriaMetrics("victoria-metrics", {
 *   namespace: "monitoring",
 *   retentionDays: 400,
 *   dedupInterval: "30s",
 *   storage: { volumeSize: "500Gi" },
 *   agents: { volumeSize: "50Gi" },
 * }, { provider });
 * ```
 */
export class VictoriaMetrics extends pulumi.ComponentResource implements LongTermStore {
  /** Base URL of the query API inside the cluster. */
  readonly queryUrl: pulumi.Output<string>;
  /** Address of remote write inside the cluster, of the agents. */
  readonly writeUrl: pulumi.Output<string>;

  constructor(name: string, args: VictoriaMetricsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:VictoriaMetrics", name, {}, opts);
    checkShape(args);
    const child = { parent: this };
    guardSets(
      `${args.clusterScopedPrefix ?? "gpu-observability"}-${name}`,
      {
        namespace: args.namespace,
        labels: commonLabels({ name, instance: name, component: "storage" }),
        sets: [jobs.victoriaMetrics, jobs.vmstorage, jobs.vmselect, jobs.vmagent].join("|"),
        keepers: [jobs.vmstorage, jobs.vmagent].join("|"),
        drainedWord: "storageNodesLoweredTo, or drainedTo of the agents,",
      },
      child,
    );

    const storage = args.architecture === "single" ? createSingle(args, child) : createCluster(args, child);
    const agents = createAgents(args, storage, child);
    const rules = args.rules && createRules(args, args.rules, { storage, agents }, child);
    const backups = args.backup && createBackups(args, args.backup, storage, child);

    this.queryUrl = storage.queryUrl;
    this.writeUrl = pulumi.interpolate`http://${agents.host}:${agentListens.http.port}/api/v1/write`;
    const entry = storage.entry.server.member;
    const feed = {
      write: { name, url: this.writeUrl, dropReplicaLabel: true },
      to: agents.member,
      listener: "http",
    };
    describeStore(this, {
      feed: { kind: "remoteWrite", ...feed },
      query: { member: entry, listener: storage.entry.listener },
      ...(storage.rulesUrl === undefined
        ? {}
        : { rules: { url: storage.rulesUrl, member: entry, listener: storage.entry.listener } }),
      members: [
        ...storage.servers.map(({ member }) => member),
        agents.member,
        ...(rules ? [rules.member] : []),
        ...(backups ? [backups] : []),
      ],
      edges: [
        ...storage.edges,
        call(agents.member, entry, storage.entry.listener, "writes samples"),
        ...(rules ? ruleEdges(rules.member, agents.member, { entry, listener: storage.entry.listener }) : []),
        ...(backups ? [call(backups, storage.storage.member, storage.snapshotListener, "takes snapshots")] : []),
      ],
      callBucket: backups ? [backups] : [],
      clients: [{ member: agents.member, listener: "http", why: "writes samples" }],
      rulerWrites: feed,
    });

    this.registerOutputs({ queryUrl: this.queryUrl, writeUrl: this.writeUrl });
  }
}

const ruleEdges = (
  rules: NetworkMember,
  agents: NetworkMember,
  { entry, listener }: { entry: NetworkMember; listener: string },
): NetworkEdge[] => [
  call(rules, entry, listener, "asks what its rules need"),
  call(rules, agents, "http", "writes recorded series"),
];
