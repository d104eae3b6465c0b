import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import type * as pulumi from "@pulumi/pulumi";
import type { DeepInput } from "../kubernetes/customResources";
import { REPLICA_LABEL } from "./replicaLabel";

/** Where samples are written as they are scraped. */
export interface RemoteWriteArgs {
  /** Unique among the places; names the queue in metrics and alerts. */
  name: string;
  /** The whole address. */
  url: pulumi.Input<string>;
  /** Headers of each request, such as the tenant. Not for secrets. */
  headers?: Record<string, string>;
  /**
   * Label under which the replicas of one shard are one group, for stores that take each group from one replica at a time. Its
   * value is `CLUSTER/SHARD`, of rulers `CLUSTER/RULER`. Default: no such label.
   */
  haGroupLabel?: string;
  /** Whether the label that tells replicas apart is left out, for stores that merge equal series. Default: false. */
  dropReplicaLabel?: boolean;
  /**
   * Parallel senders at most, each with `capacity` and `maxSamplesPerSend` samples, about 1 KiB each: memory of the server that it
   * needs when the place is slow or away. Default: 20, which is 160 000 samples or 160 MiB.
   */
  maxShards?: number;
  /** Samples of one request. Default: 2 000. */
  maxSamplesPerSend?: number;
  /** Samples that each sender holds besides those of its request; three requests or more. Default: 6 000. */
  capacity?: number;
}

/** Requests of 100 ms make 400 000 samples a second of it, a dozen times a million series each 30 s. Prometheus' own 50 need 2.5 times that. */
const MOST_SENDERS = 20;
const CAPACITY = 6_000;
const PER_SEND = 2_000;

/** About 100 bytes in the queue; in a request twenty labels of it, as references and as text, before and after packing [judgement]. */
const SAMPLE_BYTES = 1_024;

/** How many senders of one queue fit into so many bytes, with the default samples each; one at least, and no more than by default. */
export const sendersWithin = (bytes: number): number =>
  Math.min(Math.max(Math.floor(bytes / ((CAPACITY + PER_SEND) * SAMPLE_BYTES)), 1), MOST_SENDERS);

type RemoteWrite = DeepInput<NonNullable<NonNullable<IPrometheus["spec"]>["remoteWrite"]>[number]>;
type Relabelings = NonNullable<
  NonNullable<NonNullable<IPrometheus["spec"]>["remoteWrite"]>[number]["writeRelabelConfigs"]
>;

/** Whose queue it is, where it is not that of Prometheus. */
export interface Writer {
  /** The label that tells its replicas apart; stores only know that of Prometheus. */
  replicaLabel: string;
  /** The value of the group's label, where a store asks for one. */
  haGroup: string;
}

/** One queue, in the operator's notation; of Prometheus, unless a writer is named. */
export function remoteWrite(args: RemoteWriteArgs, writer?: Writer): RemoteWrite {
  const relabelings = [
    ...(writer ? ofWriter(args, writer) : ofPrometheus(args)),
    ...(args.dropReplicaLabel ? [{ regex: REPLICA_LABEL, action: "labeldrop" as const }] : []),
  ];
  return {
    name: args.name,
    url: args.url,
    ...(args.headers === undefined ? {} : { headers: args.headers }),
    // Requests must not be redirected to where the network policy has nothing to say.
    followRedirects: false,
    queueConfig: {
      capacity: args.capacity ?? CAPACITY,
      maxShards: args.maxShards ?? MOST_SENDERS,
      maxSamplesPerSend: args.maxSamplesPerSend ?? PER_SEND,
      maxBackoff: "5s",
      // A tenant above its rate limit would otherwise lose what it was told to send later.
      retryOnRateLimit: true,
    },
    metadataConfig: { send: true, sendInterval: "1m" },
    ...(relabelings.length === 0 ? {} : { writeRelabelConfigs: relabelings }),
  };
}

/** External labels are there already when these look. */
function ofPrometheus({ haGroupLabel }: RemoteWriteArgs): Relabelings {
  if (haGroupLabel === undefined) return [];
  return [
    {
      // `CLUSTER;prometheus-NAME-shard-1-0`: all but the last number is the shard.
      sourceLabels: ["cluster", REPLICA_LABEL],
      regex: "(.+);(.+)-[0-9]+",
      targetLabel: haGroupLabel,
      replacement: "$1/$2",
      action: "replace",
    },
  ];
}

/**
 * Nothing that writes a label by an expression: Thanos 0.42.5 ends there, with "Invalid name validation scheme requested: unset" (seen on a
 * real cluster). A constant and `labelmap` do not ask what a name may be.
 */
const ofWriter = ({ haGroupLabel }: RemoteWriteArgs, { replicaLabel, haGroup }: Writer): Relabelings => [
  { regex: replicaLabel, replacement: REPLICA_LABEL, action: "labelmap" },
  { regex: replicaLabel, action: "labeldrop" },
  ...(haGroupLabel === undefined
    ? []
    : [{ targetLabel: haGroupLabel, replacement: haGroup, action: "replace" as const }]),
];
