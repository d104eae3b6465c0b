import * as pulumi from "@pulumi/pulumi";
import type { NetworkMember } from "../../network/edges";
import { images } from "../../versions";
import { describeStore, type LongTermStore } from "../backend";
import type { RingStoreArgs, RingStoreWorkload } from "../ringStore/args";
import { ringStoreContract } from "../ringStore/contract";
import { tenantUrl } from "../ringStore/gateway";
import { DEFAULT_TENANT, type RingStoreProblem, refuseProblems, ringStoreProblems } from "../ringStore/problems";
import { createRingStore } from "../ringStore/ringStore";
import { commonRoles, furtherRole, type Role } from "../ringStore/roles";
import { DEFAULT_PARTITIONS, mimirConfiguration } from "./configuration";

/** Brokers of a Kafka that somebody else runs; it must take records of 16 MB (`message.max.bytes`). */
export interface KafkaArgs {
  /** HOST:PORT of each, or of some. */
  brokers: string[];
  /** Addresses (CIDR) of all of them: network policies let the pods reach them. */
  cidrs: string[];
  /** The topic, made when it is not there. Default: `mimir-ingest`. */
  topic?: string;
  /** Partitions of a topic that is made; at least as many as ingesters per zone ever. Default: 100. */
  partitions?: number;
  /** Whether the brokers speak TLS. Default: true. */
  tls?: boolean;
  /** User at the brokers. Default: none. */
  username?: string;
  /** Its password, always treated as secret. */
  password?: pulumi.Input<string>;
  /** How the user proves itself: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. Default: SCRAM-SHA-512. */
  saslMechanism?: string;
}

/** Arguments of {@link Mimir}. */
export interface MimirArgs extends RingStoreArgs {
  /**
   * `classic`: distributors write to ingesters. `ingestStorage`: they write to Kafka, from which ingesters read; for more than some
   * 10 million series. Default: `classic`. A change is a migration with steps of its own, which Mimir's documentation has.
   */
  architecture?: string;
  /** For `ingestStorage`. */
  kafka?: KafkaArgs;
  /** Pods that show the tenants' limits as metrics. Default: 2. */
  overridesExporter?: RingStoreWorkload;
  /** Mimir's own evaluator of rules. Default: none; Prometheus and ThanosRuler evaluate. */
  ruler?: RingStoreWorkload;
  /** Where its alerts go, in Mimir's notation. Default: to `alertmanager`, else nowhere. */
  rulerAlertmanagerUrl?: string;
  /** Mimir's own Alertmanager, with a configuration for each tenant. Default: none. */
  alertmanager?: RingStoreWorkload;
  /** Whether tenants may upload blocks of their own, to bring history along. Default: false. */
  blockUpload?: boolean;
}

/** What is wrong with the arguments of Mimir. */
export function mimirProblems(args: Omit<MimirArgs, "namespace">): RingStoreProblem[] {
  const { architecture = "classic", kafka, bucket } = args;
  const problems = ringStoreProblems(args);
  if (!["classic", "ingestStorage"].includes(architecture)) {
    problems.push({
      property: ["architecture"],
      reason: `'${architecture}' is none of classic, ingestStorage`,
      fix: "set it to classic",
    });
  }
  if (architecture === "ingestStorage" && (kafka === undefined || kafka.brokers.length === 0)) {
    problems.push({
      property: ["kafka"],
      reason: "must name the brokers: in the architecture ingestStorage every sample goes through Kafka",
      fix: "set kafka: { brokers: [HOST:PORT, …], cidrs: […] }, or architecture to classic",
    });
  }
  if (architecture === "classic" && kafka !== undefined) {
    problems.push({
      property: ["kafka"],
      reason: "is of no use in the architecture classic",
      fix: "remove it, or set architecture to ingestStorage",
    });
  }
  const ingesters = args.ingester?.replicas ?? 1;
  if (kafka !== undefined && (kafka.partitions ?? DEFAULT_PARTITIONS) < ingesters) {
    problems.push({
      property: ["kafka", "partitions"],
      reason: `must be at least the number of ingesters per zone, ${ingesters}: each of them reads one partition`,
      fix: `set it to ${ingesters} or more, and add as many partitions to a topic that is there already`,
    });
  }
  if (kafka !== undefined && (kafka.username === undefined) !== (kafka.password === undefined)) {
    problems.push({
      property: ["kafka", "password"],
      reason: "belongs together with username",
      fix: "give both, or none",
    });
  }
  if (!/^[A-Za-z0-9]*$/.test(bucket.prefix ?? "")) {
    problems.push({
      property: ["bucket", "prefix"],
      reason: `'${bucket.prefix}' has other characters than letters and digits, which is all that Mimir takes there`,
      fix: "leave out the others, or remove it: a stack then has one of its own",
    });
  }
  return problems;
}

/**
 * Grafana Mimir: Prometheus writes to it, samples live in three zones and then in a bucket, and tenants do not see each other.
 *
 * ```typescript
 * new Mimir("mimir", {
 *   namespace: "monitoring", bucket: { name: "metrics" }, zones: ["us-east-1a", "us-east-1b", "us-east-1c"],
 * }, { provider });
 * ```
 */
export class Mimir extends pulumi.ComponentResource implements LongTermStore {
  /** Base URL of the query API of the platform's own tenant. */
  readonly queryUrl: pulumi.Output<string>;
  /** The address to which samples of the platform's own tenant are written through the gateway. */
  readonly writeUrl: pulumi.Output<string>;

  constructor(name: string, args: MimirArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:Mimir", name, {}, opts);
    refuseProblems(mimirProblems(args));

    const store = createRingStore(
      name,
      args,
      {
        software: "mimir",
        image: args.image ?? images.mimir,
        roles: [...commonRoles(args), ...ownRoles(args)],
        configuration: (facts) => mimirConfiguration(facts, withAlertmanager(facts, args)),
        flags: (target, zone) => zoneFlags(target, zone, args),
        ...(args.kafka?.password === undefined ? {} : { password: pulumi.secret(args.kafka.password) }),
      },
      { parent: this },
    );
    describeStore(this, {
      ...ringStoreContract(store, args, "mimir"),
      ...(args.kafka === undefined ? {} : { callOutside: kafkaCalls(store, args.kafka) }),
      ...(args.rulerAlertmanagerUrl === undefined ? {} : { sendAlerts: membersOf(store, ["ruler"]) }),
      notify: membersOf(store, ["alertmanager"]),
    });
    const base = tenantUrl(store.gateway, args.tenant ?? DEFAULT_TENANT);
    this.queryUrl = pulumi.interpolate`${base}/prometheus`;
    this.writeUrl = pulumi.interpolate`${base}/api/v1/push`;

    this.registerOutputs({ queryUrl: this.queryUrl, writeUrl: this.writeUrl });
  }
}

/** Alerts go to Mimir's own Alertmanager, where there is one and nothing else was said. */
const withAlertmanager = ({ name, namespace }: { name: string; namespace: string }, args: MimirArgs): MimirArgs =>
  args.alertmanager === undefined || args.rulerAlertmanagerUrl !== undefined
    ? args
    : {
        ...args,
        rulerAlertmanagerUrl: `dnssrvnoa+http://_http._tcp.${name}-alertmanager.${namespace}.svc/alertmanager`,
      };

function zoneFlags(target: string, zone: string | undefined, { kafka }: MimirArgs): string[] {
  if (zone === undefined) return [];
  if (target === "ingester") {
    return [
      `-ingester.ring.instance-availability-zone=${zone}`,
      // One that sees nobody would think that every series is its own.
      "-memberlist.abort-if-fast-join-fails=true",
      ...(kafka === undefined ? [] : [`-ingest-storage.kafka.client-rack=${zone}`]),
    ];
  }
  return [
    `-store-gateway.sharding-ring.instance-availability-zone=${zone}`,
    // Answers may be as large as what queriers take.
    "-server.grpc-max-send-msg-size-bytes=209715200",
  ];
}

/** What Mimir has besides; sizes as those of {@link commonRoles}. */
function ownRoles({ overridesExporter = {}, ruler, alertmanager }: MimirArgs): Role[] {
  return [
    furtherRole(
      { target: "overrides-exporter", graceSeconds: 30, size: { replicas: 2, cpu: "50m", memory: "128Mi" } },
      overridesExporter,
    ),
    ...(ruler === undefined
      ? []
      : [
          furtherRole(
            {
              target: "ruler",
              bucket: true,
              caches: ["metadata"],
              data: true,
              size: { replicas: 2, cpu: "1", memory: "2Gi", ephemeralStorageSize: "1Gi" },
            },
            ruler,
          ),
        ]),
    ...(alertmanager === undefined
      ? []
      : [
          furtherRole(
            {
              target: "alertmanager",
              bucket: true,
              data: true,
              graceSeconds: 900,
              size: { replicas: 3, cpu: "1", memory: "1Gi", volumeSize: "1Gi" },
            },
            alertmanager,
          ),
        ]),
  ];
}

/** Writers, readers, and those that ask how far the writers are. */
const KAFKA_CLIENTS = ["distributor", "ingester", "query-frontend", "ruler"];

type RingStore = ReturnType<typeof createRingStore>;

const membersOf = ({ parts }: RingStore, targets: readonly string[]): NetworkMember[] =>
  parts
    .filter(({ role }) => targets.includes(role.target))
    .flatMap(({ servers }) => servers.map(({ member }) => member));

const kafkaCalls = (store: RingStore, { brokers, cidrs }: KafkaArgs) =>
  membersOf(store, KAFKA_CLIENTS).map((member) => ({
    member,
    name: "Kafka",
    cidrs,
    ports: [...new Set(brokers.map((broker) => Number(broker.split(":").at(-1))))].sort((a, b) => a - b),
    why: "passes samples through Kafka",
  }));
