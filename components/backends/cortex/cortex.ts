import * as pulumi from "@pulumi/pulumi";
import { images } from "../../versions";
import { describeStore, type LongTermStore } from "../backend";
import { CA_FILE } from "../bucket";
import type { RingStoreArgs } from "../ringStore/args";
import { ringStoreContract } from "../ringStore/contract";
import { tenantUrl } from "../ringStore/gateway";
import { DEFAULT_TENANT, type RingStoreProblem, refuseProblems, ringStoreProblems } from "../ringStore/problems";
import { createRingStore } from "../ringStore/ringStore";
import { commonRoles } from "../ringStore/roles";
import { cortexConfiguration } from "./configuration";

/** Arguments of {@link Cortex}. */
export interface CortexArgs extends RingStoreArgs {}

/** What is wrong with the arguments of Cortex. */
export function cortexProblems(args: Omit<CortexArgs, "namespace">): RingStoreProblem[] {
  const problems = ringStoreProblems(args);
  if (args.bucket.prefix !== undefined && args.bucket.prefix !== "") {
    problems.push({
      property: ["bucket", "prefix"],
      reason:
        "is nothing that Cortex has: its tenants lie at the root of the bucket, and it takes whatever lies there for tenants",
      fix: "remove it, and give Cortex a bucket of its own",
    });
  }
  return problems;
}

/**
 * Cortex: Prometheus writes to it, samples live in three zones and then in a bucket of its own, and tenants do not see each other.
 * Rules are evaluated by Prometheus and ThanosRuler: Cortex' own would lie among the tenants in the bucket.
 *
 * ```typescript
 * new Cortex("cortex", {
 *   namespace: "monitoring", bucket: { name: "metrics" }, zones: ["us-east-1a", "us-east-1b", "us-east-1c"],
 * }, { provider });
 * ```
 */
export class Cortex extends pulumi.ComponentResource implements LongTermStore {
  /** Base URL of the query API of the platform's own tenant. */
  readonly queryUrl: pulumi.Output<string>;
  /** The address to which samples of the platform's own tenant are written through the gateway. */
  readonly writeUrl: pulumi.Output<string>;

  constructor(name: string, args: CortexArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:Cortex", name, {}, opts);
    refuseProblems(cortexProblems(args));

    const store = createRingStore(
      name,
      args,
      {
        software: "cortex",
        image: args.image ?? images.cortex,
        roles: commonRoles(args).map((role) => (RINGLESS.includes(role.target) ? { ...role, gossip: false } : role)),
        configuration: cortexConfiguration,
        flags: (target, zone) => [...addressFlags(target), ...zoneFlags(target, zone)],
        env: [
          { name: ADDRESS, valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
          // There is no setting for it.
          ...(args.bucket.caCertificate === undefined
            ? []
            : [{ name: "SSL_CERT_FILE", value: `/etc/cortex/${CA_FILE}` }]),
        ],
      },
      { parent: this },
    );
    describeStore(this, ringStoreContract(store, args, "cortex"));
    const base = tenantUrl(store.gateway, args.tenant ?? DEFAULT_TENANT);
    this.queryUrl = pulumi.interpolate`${base}/prometheus`;
    this.writeUrl = pulumi.interpolate`${base}/api/v1/push`;

    this.registerOutputs({ queryUrl: this.queryUrl, writeUrl: this.writeUrl });
  }
}

/** Without a ring, and so without a port for gossip. */
const RINGLESS = ["query-frontend", "query-scheduler"];

const ADDRESS = "POD_IP";

/** By which flags each part says its address in a ring: by default it is that of an interface called eth0 or en0. */
const ADDRESS_FLAGS: Record<string, string[]> = {
  distributor: ["distributor.ring.instance-addr"],
  ingester: ["ingester.lifecycler.addr"],
  "store-gateway": ["store-gateway.sharding-ring.instance-addr"],
  compactor: ["compactor.ring.instance-addr"],
  querier: ["querier.instance-addr"],
  "query-frontend": ["frontend.instance-addr"],
};

const addressFlags = (target: string): string[] => [
  ...(ADDRESS_FLAGS[target] ?? []).map((flag) => `-${flag}=$(${ADDRESS})`),
  ...(RINGLESS.includes(target) ? [] : [`-memberlist.advertise-addr=$(${ADDRESS})`]),
];

function zoneFlags(target: string, zone: string | undefined): string[] {
  if (zone === undefined) return [];
  return target === "ingester"
    ? [`-ingester.availability-zone=${zone}`]
    : [`-store-gateway.sharding-ring.instance-availability-zone=${zone}`];
}
