import type { z } from "zod";
import type { BucketArgs } from "../../../components";
import type { RingStoreArgs, RingStoreWorkload } from "../../../components/backends/ringStore/args";
import type { StorageSettings } from "../../settings/storage";
import type { ringStoreFields } from "../../settings/stores/ringStore";
import { fleetLimits } from "../../settings/stores/ringStoreLoad";
import { withoutUndefined } from "../../settings/withoutUndefined";
import { type CustomResourceContext, requireSpread, storageArgs } from "../context";

type RingStoreSettings = z.output<z.ZodObject<typeof ringStoreFields>>;

/** What Prometheus adds to a series when it sends it: the cluster, the replica, the group, and room for one more. */
const SENDERS_LABELS = 4;

/** A component's pods. */
export const workload = (part: {
  replicas: number;
  resources: { cpu: string; memory: string };
  storage?: StorageSettings;
}): RingStoreWorkload => ({
  replicas: part.replicas,
  ...part.resources,
  ...(part.storage === undefined ? {} : storageArgs(part.storage)),
});

/** The arguments that Mimir and Cortex have in common. */
export function ringStoreArgs(
  context: CustomResourceContext,
  store: RingStoreSettings,
  bucket: BucketArgs,
): RingStoreArgs {
  const { settings, namespace, images, clusterScopedPrefix } = context;
  const { kind, ...caches } = store.caches;
  const { labelsPerSample, labelValueLength } = settings.prometheus.limits;
  return {
    namespace,
    bucket,
    tenant: store.tenant,
    tenants: store.tenants.map((tenant) => ({
      ...(tenant.name === store.tenant ? fleetLimits(settings) : {}),
      ...withoutUndefined(tenant),
    })),
    retention: store.retention,
    zones: store.zones,
    replicationFactor: store.replicationFactor,
    acceptZoneChange: store.acceptZoneChange,
    haFailoverSeconds: store.haFailoverSeconds,
    labelLimit: labelsPerSample + SENDERS_LABELS,
    labelValueLengthLimit: labelValueLength,
    distributor: workload(store.distributor),
    ingester: workload(store.ingester),
    ...(store.ingestersDrainedTo === undefined ? {} : { ingestersDrainedTo: store.ingestersDrainedTo }),
    deletionProtection: store.deletionProtection,
    storeGateway: workload(store.storeGateway),
    querier: workload(store.querier),
    queryFrontend: workload(store.queryFrontend),
    queryScheduler: workload(store.queryScheduler),
    compactor: workload(store.compactor),
    gateway: workload(store.gateway),
    ...(kind === "inMemory" ? {} : { caches }),
    requireSpread: requireSpread(settings),
    clusterScopedPrefix,
    gatewayImage: images.vmauth,
    memcachedImage: images.memcached,
    memcachedExporterImage: images.memcachedExporter,
  };
}
