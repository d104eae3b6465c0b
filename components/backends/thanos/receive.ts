import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { disruptionBudget } from "../../kubernetes/disruptionBudget";
import { commonLabels } from "../../kubernetes/labels";
import { createServer, type Server, type ServerFiles } from "../../kubernetes/server";
import { dataOf } from "../../kubernetes/serverData";
import { objectStoreFlag } from "./objectStore";
import {
  DATA_DIRECTORY,
  GRACE_SECONDS,
  LOG_FORMAT,
  listenFlags,
  probes,
  storeListens,
  type ThanosReplicas,
  type ThanosWorkloads,
} from "./process";

/** For clusters that push: routers that take remote writes, and ingestors that keep them and upload blocks. */
export interface ThanosReceive {
  /** The routers. */
  routers?: ThanosReplicas;
  /**
   * Zones in which there are ingestors; every zone has as many, and each sample is in as many zones as it has copies. Default: the
   * ingestors are spread over the zones that there are.
   */
  zones?: string[];
  /**
   * Ingestors in each zone, or without `zones` in all. More can be added at any time; fewer need `ingestorsDrainedTo`. Default: 1, or
   * without `zones` 3.
   */
  ingestors?: number;
  /**
   * The number down to which the bucket has everything that the ingestors above it held, as docs/stores.md says; it has to be that of
   * `ingestors`. Without it the API server refuses fewer than there are (needs Kubernetes 1.30 or newer).
   */
  ingestorsDrainedTo?: number;
  /** Copies of each sample; a write needs more than half of them. Default: 3. */
  replicationFactor?: number;
  /** CPU request of each ingestor. Default: `500m`. */
  cpu?: string;
  /** Memory request and limit of each ingestor. Default: `4Gi`. */
  memory?: string;
  /** Size of each ingestor's volume. Default: no volume, see `ephemeralStorageSize`. */
  volumeSize?: string;
  /** Storage class of the volumes. Default: the cluster's own. */
  storageClass?: string;
  /** Without `volumeSize`: the size of the pod's own directory, above which it is evicted. Default: `1Gi`. */
  ephemeralStorageSize?: string;
  /** How long ingestors keep what they have uploaded. Default: `2d`. */
  localRetention?: string;
  /** Samples of one request; one with more is refused. Default: 50 000. */
  samplesPerRequest?: number;
  /** Requests that one router works on at once; more of them wait. Default: 100. */
  concurrentRequests?: number;
  /** Whether Pulumi refuses to delete the ingestors, which hold what the bucket lacks. Default: false. */
  deletionProtection?: boolean;
}

interface ReceiveArgs extends ThanosWorkloads {
  receive: ThanosReceive;
  /** The value of {@link RECEIVE_LABEL}. */
  owner: string;
  bucket: ServerFiles;
  accountAnnotations?: Record<string, string>;
}

/** What {@link createReceive} made. */
export interface Receive {
  router: Server;
  ingestors: Server[];
  /** Where remote writes go. */
  url: pulumi.Output<string>;
}

/** The label that tells the copies of a sample apart; queriers and the compactor merge over it. */
export const RECEIVE_REPLICA_LABEL = "receive_replica";

/** The label of all blocks that ingestors upload; its value says whose ingestors. */
export const RECEIVE_LABEL = "receive";

const WRITE_PORT = 19291;
const routerListens = { "remote-write": { port: WRITE_PORT }, http: storeListens.http };
const CONFIG_DIRECTORY = "/etc/thanos";
const NAME = "thanos-receive";

interface Group {
  name: string;
  zone?: string;
  ingestors: number;
}

/** Makes ingestors, one zone after the other, and then the routers. */
export function createReceive(args: ReceiveArgs, opts: pulumi.CustomResourceOptions): Receive {
  const groups = groupsOf(args.receive);
  const ingestors: Server[] = [];
  for (const group of groups) {
    // The next zone's pods are replaced when those of this one are ready again: one copy is missing at most.
    const before = ingestors.slice(-1).map(({ workload }) => workload);
    ingestors.push(createIngestors(args, group, { ...opts, dependsOn: before }));
  }
  const identity = { name: NAME, instance: NAME, component: "receive" };
  disruptionBudget(
    NAME,
    {
      namespace: args.namespace,
      labels: commonLabels(identity),
      // Of all zones together: two pods that are gone may hold two copies of the same sample.
      matchLabels: { "app.kubernetes.io/name": NAME },
    },
    opts,
  );
  const router = createRouter(args, groups, ingestors, opts);
  return { router, ingestors, url: pulumi.interpolate`http://${router.host}:${WRITE_PORT}/api/v1/receive` };
}

function groupsOf({ zones = [], ingestors, ingestorsDrainedTo, replicationFactor = 3 }: ThanosReceive): Group[] {
  if (new Set(zones).size !== zones.length) throw new Error("receive.zones: a zone is there twice");
  if (zones.length > 0 && zones.length < replicationFactor) {
    throw new Error(
      `receive.replicationFactor: ${replicationFactor} copies in ${zones.length} zones would have two in one zone`,
    );
  }
  const groups: Group[] =
    zones.length === 0
      ? [{ name: NAME, ingestors: ingestors ?? 3 }]
      : zones.map((zone) => ({ name: `${NAME}-${zone}`, zone, ingestors: ingestors ?? 1 }));
  if (ingestorsDrainedTo !== undefined && ingestorsDrainedTo !== groups[0]?.ingestors) {
    throw new Error(
      `receive.ingestorsDrainedTo: must be the number of ingestors, ${groups[0]?.ingestors}, or not be there`,
    );
  }
  const total = groups.reduce((sum, group) => sum + group.ingestors, 0);
  if (total < replicationFactor) {
    throw new Error(
      `receive.replicationFactor: ${replicationFactor} copies need as many ingestors, and there are ${total}`,
    );
  }
  return groups;
}

function createIngestors(args: ReceiveArgs, group: Group, opts: pulumi.CustomResourceOptions): Server {
  const { receive } = args;
  return createServer(
    {
      identity: { name: NAME, instance: group.name, component: "receive" },
      namespace: args.namespace,
      protect: args.receive.deletionProtection ?? false,
      ...(receive.ingestorsDrainedTo === undefined ? {} : { setWords: { drainedTo: receive.ingestorsDrainedTo } }),
      replicas: group.ingestors,
      image: args.image,
      args: [
        "receive",
        LOG_FORMAT,
        ...listenFlags(storeListens),
        `--remote-write.address=0.0.0.0:${WRITE_PORT}`,
        objectStoreFlag,
        `--tsdb.path=${DATA_DIRECTORY}`,
        `--tsdb.retention=${receive.localRetention ?? "2d"}`,
        // A sample from the future would keep its block open, and everything that comes in time out of it [judgement].
        "--tsdb.too-far-in-future.time-window=5m",
        `--label=${RECEIVE_LABEL}="${args.owner}"`,
        `--label=${RECEIVE_REPLICA_LABEL}="$(POD_NAME)"`,
      ],
      env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
      listens: storeListens,
      cpu: receive.cpu ?? "500m",
      memory: receive.memory ?? "4Gi",
      requireSpread: args.requireSpread,
      ...(group.zone === undefined ? {} : { zone: group.zone }),
      ...(args.accountAnnotations === undefined ? {} : { accountAnnotations: args.accountAnnotations }),
      // It answers no request while it reads its log again, which may take long: nobody must end it for that.
      readiness: probes(8).readiness,
      files: [args.bucket],
      data: dataOf(DATA_DIRECTORY, receive),
      // Routers know ingestors by name, also those that start.
      namesUnready: true,
      budget: false,
      // Its log becomes a block and is uploaded: the time of kube-thanos.
      terminationGraceSeconds: 900,
    },
    opts,
  );
}

function createRouter(
  args: ReceiveArgs,
  groups: readonly Group[],
  ingestors: readonly Server[],
  opts: pulumi.CustomResourceOptions,
) {
  const { routers = {}, replicationFactor = 3 } = args.receive;
  return createServer(
    {
      identity: { name: `${NAME}-router`, instance: `${NAME}-router`, component: "receive-router" },
      namespace: args.namespace,
      replicas: routers.replicas ?? 2,
      image: args.image,
      args: [
        "receive",
        LOG_FORMAT,
        ...listenFlags(storeListens),
        `--remote-write.address=0.0.0.0:${WRITE_PORT}`,
        `--receive.hashrings-file=${CONFIG_DIRECTORY}/hashrings.json`,
        // The default, hashmod, moves nearly every series when one ingestor is added, and knows no zones.
        "--receive.hashrings-algorithm=ketama",
        `--receive.replication-factor=${replicationFactor}`,
        `--receive.limits-config-file=${CONFIG_DIRECTORY}/limits.yaml`,
        // It wants a label, and has no blocks that would get it.
        `--label=${RECEIVE_LABEL}="router"`,
      ],
      listens: routerListens,
      cpu: routers.cpu ?? "250m",
      memory: routers.memory ?? "512Mi",
      requireSpread: args.requireSpread,
      ...probes(8),
      files: [
        {
          mountPath: CONFIG_DIRECTORY,
          content: {
            "hashrings.json": hashrings(groups, ingestors),
            "limits.yaml": stringify(limits(args.receive)),
          },
        },
      ],
      terminationGraceSeconds: GRACE_SECONDS,
    },
    { ...opts, dependsOn: ingestors.map(({ workload }) => workload) },
  );
}

function hashrings(groups: readonly Group[], servers: readonly Server[]): pulumi.Output<string> {
  return pulumi.all(servers.map(({ host }) => host)).apply((hosts) =>
    JSON.stringify([
      {
        endpoints: groups.flatMap(({ name, zone, ingestors }, index) =>
          Array.from({ length: ingestors }, (_, ordinal) => ({
            address: `${name}-${ordinal}.${hosts[index]}:${storeListens.grpc.port}`,
            ...(zone === undefined ? {} : { az: zone }),
          })),
        ),
      },
    ]),
  );
}

const limits = ({ samplesPerRequest = 50_000, concurrentRequests = 100 }: ThanosReceive) => ({
  write: {
    global: { max_concurrency: concurrentRequests },
    // A sender's default is 2 000 samples; a request far above it is one that somebody configured wrongly [judgement].
    default: { request: { samples_limit: samplesPerRequest } },
  },
});
