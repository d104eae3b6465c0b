import * as pulumi from "@pulumi/pulumi";
import { VictoriaMetrics } from "../../../components/backends/victoriaMetrics/victoriaMetrics";
import { jobs } from "../../../components/prometheus/jobs";
import type { VictoriaMetricsSettings } from "../../settings/stores/victoriaMetrics";
import { retentionDays } from "../../settings/stores/victoriaMetricsRules";
import { withoutUndefined } from "../../settings/withoutUndefined";
import { type CustomResourceContext, optionsOf, requireSpread, storageArgs } from "../context";
import { bucketArgs } from "./bucket";

// What Prometheus adds to the labels of a scrape on the way, with room: `cluster`, and those of recording rules.
const ADDED_LABELS = 10;

/** The store that the settings describe, fed by Prometheus' remote write. */
export function createVictoriaMetrics(context: CustomResourceContext, store: VictoriaMetricsSettings): VictoriaMetrics {
  const { settings, namespace, images, clusterScopedPrefix } = context;
  const { limits } = settings.prometheus;
  return new VictoriaMetrics(
    jobs.victoriaMetrics,
    {
      namespace,
      architecture: store.architecture,
      retentionDays: retentionDays(store),
      dedupInterval: store.dedupInterval,
      ...(store.architecture === "cluster" ? clusterArgs(store.cluster) : {}),
      storage: { ...store.storage.resources, ...storageArgs(store.storage.data) },
      deletionProtection: store.deletionProtection,
      agents: {
        replicas: store.agents.replicas,
        ...withoutUndefined({ drainedTo: store.agents.drainedTo }),
        ...store.agents.resources,
        ...storageArgs(store.agents.queue),
      },
      queryTimeout: store.queries.timeout,
      maxSeriesPerQuery: store.queries.maxSeries,
      // A series that Prometheus lets in must not be dropped here.
      maxLabelsPerSeries: limits.labelsPerSample + ADDED_LABELS,
      maxLabelValueLength: Math.min(limits.labelValueLength, 65_535),
      ...withoutUndefined({
        minFreeDiskSpace: store.storage.minFreeDiskSpace,
        maxHourlySeries: store.maxHourlySeries,
        maxDailySeries: store.maxDailySeries,
        downsampling: store.downsampling,
        retentionFilters: store.retentionFilters,
      }),
      ...(store.licence === undefined ? {} : { licence: pulumi.secret(store.licence) }),
      ...backupArgs(context, store),
      requireSpread: requireSpread(settings),
      clusterScopedPrefix,
      images: {
        single: images.victoriaMetrics,
        vmstorage: images.vmstorage,
        vminsert: images.vminsert,
        vmselect: images.vmselect,
        vmauth: images.vmauth,
        vmagent: images.vmagent,
        vmalert: images.vmalert,
        vmbackup: images.vmbackup,
      },
    },
    optionsOf(context),
  );
}

function clusterArgs({ replicationFactor, storageNodes, ...cluster }: VictoriaMetricsSettings["cluster"]) {
  const { inserters, selectors, gateways, denyPartialResponse } = cluster;
  return {
    replicationFactor,
    storageNodes,
    ...withoutUndefined({ storageNodesLoweredTo: cluster.storageNodesLoweredTo }),
    inserters: { replicas: inserters.replicas, ...inserters.resources },
    selectors: { replicas: selectors.replicas, ...selectors.resources, ...storageArgs(selectors.cache) },
    gateways: { replicas: gateways.replicas, ...gateways.resources },
    denyPartialResponse,
  };
}

function backupArgs(context: CustomResourceContext, { backup, bucket, kind }: VictoriaMetricsSettings) {
  if (backup.kind === "none" || bucket === undefined) return {};
  return {
    backup: {
      bucket: bucketArgs(context, bucket, kind),
      schedule: backup.schedule,
      copies: backup.copies,
      ...backup.resources,
    },
  };
}
