import { z } from "zod";
import {
  HA_NOTE_SECONDS,
  type RingStoreProblem,
  type RingStoreShape,
} from "../../../components/backends/ringStore/problems";
import { duration, milliseconds, wholeNumber } from "../fields";
import type { Settings } from "../schema";
import type { FoundProblem } from "../settingRule";
import { resourcesSchema, storageSchema } from "../storage";
import { bucketSchema } from "./bucket";
import { deletionProtection } from "./deletionProtection";
import { loadProblems } from "./ringStoreLoad";

/** A component without data: how many pods, how large. */
export const statelessSchema = z.strictObject({
  replicas: wholeNumber(1, 500).describe("Identical pods."),
  resources: resourcesSchema,
});

/** A component with data of its own. */
export const statefulSchema = z.strictObject({
  replicas: wholeNumber(1, 500).describe("Identical pods; of ingesters and storeGateway, those of each zone."),
  resources: resourcesSchema,
  storage: storageSchema.describe("Where each keeps its data."),
});

const cachesSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("inMemory") }).describe("Store gateways cache indexes in their own memory."),
  z.strictObject({
    kind: z.literal("memcached"),
    replicas: wholeNumber(1, 100).describe("Servers of each of the four caches."),
    indexMegabytes: wholeNumber(64, 1_000_000).describe("Megabytes of each server for indexes of blocks."),
    chunksMegabytes: wholeNumber(64, 1_000_000).describe("Megabytes of each server for chunks of blocks."),
    metadataMegabytes: wholeNumber(64, 1_000_000).describe("Megabytes of each server for what the bucket lists."),
    resultsMegabytes: wholeNumber(64, 1_000_000).describe("Megabytes of each server for results of queries."),
  }),
]);

const tenantName = () => z.string({ error: "must be the name of a tenant" });

const tenantSchema = z.strictObject({
  name: tenantName().describe("What clients send as X-Scope-OrgID, or write into the gateway's path."),
  seriesLimit: wholeNumber(1, 1_000_000_000)
    .optional()
    .describe(
      "Series that are being written to, before replication. Above it new series are refused. Default: 1000000; the platform's own tenant: what the fleet brings, if that is more.",
    ),
  samplesPerSecond: wholeNumber(1, 1_000_000_000)
    .optional()
    .describe(
      "Samples per second, averaged. Above it senders wait and retry. Default: 100000; the platform's own tenant: three times what the fleet brings, if that is more.",
    ),
  retention: duration().optional().describe("How long its blocks are kept. Default: the store's retention."),
});

/** What Mimir and Cortex have in common. */
export const ringStoreFields = {
  bucket: bucketSchema.describe("Where blocks go."),
  tenant: tenantName().describe("The platform's own tenant: Prometheus writes as this one."),
  tenants: z
    .array(tenantSchema)
    .describe("Everybody who may write, with limits; tenants do not see each other. Others are refused (429)."),
  retention: duration().describe("How long blocks are kept."),
  zones: z
    .array(z.string().min(1, { error: "must be the name of an availability zone" }))
    .describe(
      "Availability zones of ingesters and store gateways: one copy of each series in each. A change moves no data, and is refused without acceptZoneChange. Empty: copies are kept apart, wherever they are.",
    ),
  replicationFactor: wholeNumber(1, 5).describe(
    "Copies of each series among the ingesters. A change is refused without acceptZoneChange.",
  ),
  acceptZoneChange: z
    .boolean({ error: "must be true or false" })
    .describe(
      "Whether zones and replicationFactor may be others than those with which the pods run: for the one `up` that docs/stores.md describes.",
    ),
  haFailoverSeconds: wholeNumber(1, 600).describe(
    "Seconds of silence after which the other Prometheus of a pair is taken: the longest hole that the loss of one leaves is about this and two scrape intervals.",
  ),
  distributor: statelessSchema.describe("They take samples and write them to ingesters."),
  ingester: statefulSchema.describe("They keep what is younger than a block. The same number in each zone."),
  ingestersDrainedTo: wholeNumber(1, 500)
    .optional()
    .describe(
      "The number of ingesters per zone down to which they were drained (docs/stores.md). Without it the API server refuses fewer than there are.",
    ),
  deletionProtection: deletionProtection(),
  storeGateway: statefulSchema.describe("They read blocks from the bucket. The same number in each zone."),
  querier: statelessSchema.describe("They evaluate PromQL."),
  queryFrontend: statelessSchema.describe("They split queries and cache results."),
  queryScheduler: statelessSchema.describe("They hand queries to queriers."),
  compactor: statefulSchema.describe("They merge blocks and delete old ones."),
  gateway: statelessSchema.describe("The one address of all tenants, which is vmauth."),
  caches: cachesSchema.describe("Where what was read from the bucket is kept."),
};

const ephemeral = (sizeLimit: string) => ({ kind: "ephemeral", sizeLimit });
const volume = (size: string) => ({ kind: "volume", size });
const pods = (replicas: number, cpu: string, memory: string) => ({ replicas, resources: { cpu, memory } });

const shared = {
  tenant: "platform",
  tenants: [{ name: "platform" }],
  zones: [],
  replicationFactor: 3,
  acceptZoneChange: false,
  haFailoverSeconds: 45,
  deletionProtection: false,
};

/** Small enough for a laptop, with three ingesters, so that one may go. */
const local = {
  ...shared,
  retention: "24h",
  // With 10 s between scrapes.
  haFailoverSeconds: 25,
  distributor: pods(1, "10m", "256Mi"),
  ingester: { ...pods(1, "10m", "512Mi"), storage: ephemeral("2Gi") },
  storeGateway: { ...pods(1, "10m", "256Mi"), storage: ephemeral("1Gi") },
  querier: pods(1, "10m", "256Mi"),
  queryFrontend: pods(1, "10m", "128Mi"),
  queryScheduler: pods(1, "10m", "128Mi"),
  compactor: { ...pods(1, "10m", "256Mi"), storage: ephemeral("2Gi") },
  gateway: pods(1, "10m", "64Mi"),
  caches: { kind: "inMemory" },
};

const development = {
  ...shared,
  retention: "14d",
  distributor: pods(2, "250m", "1Gi"),
  ingester: { ...pods(1, "500m", "4Gi"), storage: volume("20Gi") },
  storeGateway: { ...pods(1, "100m", "1Gi"), storage: volume("10Gi") },
  querier: pods(2, "250m", "1Gi"),
  queryFrontend: pods(1, "100m", "512Mi"),
  queryScheduler: pods(1, "50m", "128Mi"),
  compactor: { ...pods(1, "250m", "1Gi"), storage: volume("20Gi") },
  gateway: pods(1, "50m", "128Mi"),
  caches: { kind: "inMemory" },
};

/** A million series: Mimir's small preset, with two where it has one (components/backends/ringStore/roles.ts). */
const production = {
  ...shared,
  deletionProtection: true,
  retention: "365d",
  distributor: pods(3, "2", "4Gi"),
  ingester: { ...pods(1, "3500m", "12Gi"), storage: volume("50Gi") },
  storeGateway: { ...pods(1, "1", "2Gi"), storage: volume("10Gi") },
  querier: pods(2, "2", "4Gi"),
  queryFrontend: pods(2, "2", "2Gi"),
  queryScheduler: pods(2, "100m", "256Mi"),
  compactor: { ...pods(2, "1", "2Gi"), storage: volume("20Gi") },
  gateway: pods(2, "100m", "128Mi"),
  caches: {
    kind: "memcached",
    replicas: 3,
    indexMegabytes: 1024,
    chunksMegabytes: 2048,
    metadataMegabytes: 256,
    resultsMegabytes: 1024,
  },
};

/** What both have where the stack file says nothing. */
export const ringStorePresets = { local, development, production };

type RingStoreSettings = z.output<z.ZodObject<typeof ringStoreFields>>;

/** The shape, in the notation of the components' own rules. */
export const shapeOf = (store: RingStoreSettings): RingStoreShape => ({
  tenant: store.tenant,
  tenants: store.tenants.map(({ name, retention }) => ({ name, ...(retention === undefined ? {} : { retention }) })),
  retention: store.retention,
  zones: store.zones,
  replicationFactor: store.replicationFactor,
  haFailoverSeconds: store.haFailoverSeconds,
  ingester: { replicas: store.ingester.replicas },
  ...(store.ingestersDrainedTo === undefined ? {} : { ingestersDrainedTo: store.ingestersDrainedTo }),
});

/** Problems of a component's arguments, where the settings have them. */
export const placed = (problems: readonly RingStoreProblem[], path: (string | number)[]): FoundProblem[] =>
  problems.map(({ property, reason, fix }) => ({ path: [...path, ...property], rule: reason, fix }));

const STATELESS = ["distributor", "querier", "queryFrontend", "queryScheduler", "compactor", "gateway"] as const;
const STATEFUL = ["ingester", "storeGateway", "compactor"] as const;

/** Rules between the settings of such a store and others. */
export function checkRingStore(
  store: RingStoreSettings,
  settings: Settings,
  path: (string | number)[],
): FoundProblem[] {
  return [
    ...failoverProblems(store, settings, path),
    ...loadProblems(store, settings, path),
    ...(settings.environment === "production" ? productionProblems(store, settings, path) : []),
  ];
}

function failoverProblems(
  { haFailoverSeconds }: RingStoreSettings,
  { prometheus: { scrapeInterval } }: Settings,
  path: (string | number)[],
): FoundProblem[] {
  const least = Math.floor((milliseconds(scrapeInterval) ?? 0) / 1000) + HA_NOTE_SECONDS + 1;
  if (haFailoverSeconds <= HA_NOTE_SECONDS || haFailoverSeconds >= least) return [];
  return [
    {
      path: [...path, "haFailoverSeconds"],
      rule: `must be at least ${least} with prometheus.scrapeInterval ${scrapeInterval}: the pair would take turns while both are well`,
      fix: `set it to ${least + 2}, or scrape more often`,
    },
  ];
}

function productionProblems(store: RingStoreSettings, { spread }: Settings, path: (string | number)[]): FoundProblem[] {
  const at = (...keys: string[]) => [...path, ...keys];
  const place = path.join(".");
  const development = "or environment to development";
  return [
    ...STATELESS.filter((part) => store[part].replicas < 2).map((part) => ({
      path: at(part, "replicas"),
      rule: "production needs at least 2 of each, or one restart is an outage",
      fix: `set ${place}.${part}.replicas to 2, ${development}`,
    })),
    ...STATEFUL.filter((part) => store[part].storage.kind === "ephemeral").map((part) => ({
      path: at(part, "storage", "kind"),
      rule: "production keeps its data on volumes: ephemeral data is gone with the pod",
      fix: `set ${place}.${part}.storage to { kind: volume, size: … }, ${development}`,
    })),
    ...(store.replicationFactor < 3
      ? [
          {
            path: at("replicationFactor"),
            rule: "production needs 3 copies: with fewer, the loss of one ingester stops all writes",
            fix: `set ${place}.replicationFactor to 3, ${development}`,
          },
        ]
      : []),
    ...(store.zones.length === 0 && spread === "required"
      ? [
          {
            path: at("zones"),
            rule: "production names its availability zones, or the loss of one may take two of three copies",
            fix: `set ${place}.zones to those of the nodes, or spread to preferred where there is only one`,
          },
        ]
      : []),
    ...(store.bucket.insecure
      ? [
          {
            path: at("bucket", "insecure"),
            rule: "production speaks HTTPS to its bucket: keys and metrics would be readable on the way",
            fix: "remove it, and give the endpoint's certificates as bucket.caCertificate where they are your own",
          },
        ]
      : []),
  ];
}
