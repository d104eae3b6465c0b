import type * as pulumi from "@pulumi/pulumi";
import { disruptionBudget } from "../../kubernetes/disruptionBudget";
import { guardSets } from "../../kubernetes/guardedSets";
import { createServer, type Server, type ServerArgs, type ServerFiles } from "../../kubernetes/server";
import { dataOf } from "../../kubernetes/serverData";
import type { Relabeling } from "../../kubernetes/serviceMonitor";
import { bucketAccount } from "../bucket";
import type { RingStoreArgs } from "./args";
import { type CacheName, DATA, GOSSIP_PORT, GRPC_PORT, HA_GROUP_LABEL, HTTP_PORT, SCRATCH } from "./configuration";
import { createGateway } from "./gateway";
import { createCaches, createFiles, createGossipService, labelsOf } from "./objects";
import { DEFAULT_REPLICATION, zoneCount } from "./problems";
import type { RingStoreProduct } from "./product";
import type { Role } from "./roles";

/** The tracker calls the group of a pair `cluster`, which is the label of the cluster everywhere else. */
const haTrackerLabels: Relabeling[] = [
  {
    sourceLabels: ["__name__", "cluster"],
    regex: "cortex_ha_tracker_.+;(.+)",
    targetLabel: HA_GROUP_LABEL,
    replacement: "$1",
    action: "replace",
  },
  {
    sourceLabels: ["__name__"],
    regex: "cortex_ha_tracker_.+",
    targetLabel: "cluster",
    replacement: "",
    action: "replace",
  },
];

/** A part, with its pods: one set, or one for each zone. */
export interface Part {
  role: Role;
  servers: Server[];
}

/** Everything that a store is made of. */
export interface RingStore {
  parts: Part[];
  caches?: Record<CacheName, Server>;
  gateway: Server;
  /** Label of all pods that gossip. */
  gossip: Record<string, string>;
}

/** User of the pods: that of Mimir's chart. */
const USER = 10001;

const letter = (index: number) => `zone-${String.fromCharCode(97 + index)}`;

/** Makes all workloads of a store. */
export function createRingStore(
  name: string,
  args: RingStoreArgs,
  product: RingStoreProduct,
  opts: pulumi.CustomResourceOptions,
): RingStore {
  const gossip = { "gpu-observability/gossip": name };
  createGossipService(name, args, product, gossip, opts);
  const caches = createCaches(name, args, opts);
  const files = createFiles(name, args, product, caches, opts);
  const context = { name, args, product, files, gossip, opts };
  guardSets(
    `${args.clusterScopedPrefix ?? "gpu-observability"}-${name}`,
    {
      namespace: args.namespace,
      labels: labelsOf(name, product),
      sets: `${name}-.+`,
      keepers: `${name}-ingester-zone-.+`,
      drainedWord: "ingestersDrainedTo",
    },
    opts,
  );
  const parts = product.roles.map((role) => ({
    role,
    servers: role.zoned ? zoned(context, role) : [single(context, role)],
  }));
  return {
    parts,
    ...(caches === undefined ? {} : { caches }),
    gateway: createGateway(
      name,
      args,
      product.roles.map(({ target }) => target),
      opts,
    ),
    gossip,
  };
}

interface Context {
  name: string;
  args: RingStoreArgs;
  product: RingStoreProduct;
  files: ServerFiles[];
  gossip: Record<string, string>;
  opts: pulumi.CustomResourceOptions;
}

function single(context: Context, role: Role): Server {
  return createServer(serverArgs(context, role, `${context.name}-${role.target}`, undefined), context.opts);
}

/** One set of pods after the other: a zone is rolled when the one before it is ready. */
function zoned(context: Context, role: Role): Server[] {
  const { name, args, product, opts } = context;
  const count = zoneCount(args);
  const group = { "gpu-observability/rollout-group": `${name}-${role.target}` };
  const servers: Server[] = [];
  for (let index = 0; index < count; index += 1) {
    const previous = servers.at(-1);
    const base = serverArgs(context, role, `${name}-${role.target}-${letter(index)}`, letter(index));
    const zone = args.zones?.[index];
    servers.push(
      createServer(
        {
          ...base,
          podLabels: { ...base.podLabels, ...group },
          budget: false,
          ...(zone === undefined ? { spreadGroup: { labels: group, replicas: count * role.size.replicas } } : { zone }),
          ...words(args, role),
        },
        {
          ...opts,
          ...(previous === undefined ? {} : { dependsOn: [...dependencies(opts), previous.workload] }),
        },
      ),
    );
  }
  const budget = { namespace: args.namespace, labels: labelsOf(name, product), matchLabels: group };
  if (count * role.size.replicas > 1) disruptionBudget(`${name}-${role.target}`, budget, opts);
  return servers;
}

/** Zones, and copies, with which the pods were once started; both have to stay. */
const layoutOf = ({ zones = [], replicationFactor = DEFAULT_REPLICATION }: RingStoreArgs): string =>
  `${replicationFactor} copies in ${zones.length === 0 ? "any zones" : zones.join(", ")}`;

function words(args: RingStoreArgs, { target }: Role): Pick<ServerArgs, "protect" | "setWords"> {
  const everywhere = { layout: layoutOf(args), acceptLayoutChange: args.acceptZoneChange ?? false };
  if (target !== "ingester") return { setWords: everywhere };
  return {
    protect: args.deletionProtection ?? false,
    setWords: {
      ...everywhere,
      ...(args.ingestersDrainedTo === undefined ? {} : { drainedTo: args.ingestersDrainedTo }),
    },
  };
}

const dependencies = ({ dependsOn = [] }: pulumi.CustomResourceOptions): pulumi.Input<pulumi.Resource>[] =>
  Array.isArray(dependsOn) ? dependsOn : [dependsOn as pulumi.Input<pulumi.Resource>];

function serverArgs(context: Context, role: Role, instance: string, zone: string | undefined): ServerArgs {
  const { args, product, files, gossip } = context;
  const { size } = role;
  return {
    identity: { name: `${product.software}-${role.target}`, instance, component: "storage" },
    namespace: args.namespace,
    replicas: size.replicas,
    cpu: size.cpu,
    memory: size.memory,
    image: product.image,
    args: [
      `-target=${role.target}`,
      `-config.file=/etc/${product.software}/${product.software}.yaml`,
      ...product.flags(role.target, zone),
    ],
    ...(product.env === undefined ? {} : { env: product.env }),
    listens: {
      http: { port: HTTP_PORT, scrape: role.target === "distributor" ? { metricRelabelings: haTrackerLabels } : {} },
      grpc: { port: GRPC_PORT },
      ...(role.gossip ? { gossip: { port: GOSSIP_PORT } } : {}),
    },
    requireSpread: args.requireSpread ?? true,
    user: USER,
    ...(role.bucket ? bucketAccount(args.bucket) : {}),
    // No liveness probe: what replays its log or merges blocks must not be killed for being slow.
    readiness: { path: "/ready", port: "http", periodSeconds: 10, failureThreshold: 3 },
    files,
    ...(role.data ? { data: dataOf(DATA, size) } : {}),
    headless: role.headless || role.data,
    scratch: [{ mountPath: SCRATCH, size: "64Mi" }],
    terminationGraceSeconds: role.graceSeconds,
    ...(role.gossip ? { podLabels: gossip } : {}),
  };
}
