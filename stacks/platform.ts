import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  Alertmanager,
  alertmanagerConfiguration,
  alertmanagerSecretsDirectory,
  createProvider,
  PlatformRules,
  Prometheus,
  PrometheusOperator,
  type Routing,
  ThanosQuery,
} from "../components";
import { partOf } from "../components/kubernetes/labels";
import { restrictedNamespaceLabels } from "../components/kubernetes/securityContext";
import { REPLICA_LABEL } from "../components/prometheus/replicaLabel";
import { names } from "./names";
import { readSettings, type Settings } from "./settings";
import { bytes, milliseconds } from "./settings/fields";
import type { StorageSettings } from "./settings/storage";

/** The stack's outputs: an API for other stacks, so names and meanings stay. */
export interface PlatformOutputs {
  /** The external label `cluster` of every series. */
  clusterName: string;
  /** The namespace of the platform. */
  namespace: pulumi.Output<string>;
  /** Base URL of the PromQL API inside the cluster, with the replicas merged: for Grafana and for rules. */
  queryUrl: pulumi.Output<string>;
  /** Web addresses of all Alertmanager members inside the cluster. */
  alertmanagerUrls: pulumi.Output<string[]>;
}

/** Builds the platform that the stack's settings describe. The only place where a `kind` is switched on. */
export function deploy(): PlatformOutputs {
  const settings = readSettings();
  const provider = createProvider("kubernetes", {
    kubeconfigPath: settings.cluster.path,
    context: settings.cluster.context,
  });
  const namespace = createNamespace(settings, provider);
  const operator = createOperator(settings, namespace, provider);
  // Custom resources need somebody who acts on them, when they are made and when they go.
  const opts = { provider, dependsOn: operator };
  const alertmanager = createAlertmanager(settings, namespace, opts);
  createPrometheus(settings, namespace, alertmanager, opts);
  new PlatformRules(names.rules, { namespace }, opts);
  const query = createLongTermStore(settings, namespace, opts);
  return {
    clusterName: settings.cluster.name,
    namespace,
    queryUrl: query.queryUrl,
    alertmanagerUrls: alertmanager.memberUrls,
  };
}

type Options = { provider: k8s.Provider; dependsOn: pulumi.Resource[] };

function createNamespace(settings: Settings, provider: k8s.Provider): pulumi.Output<string> {
  if (!settings.createNamespace) return pulumi.output(settings.namespace);
  const namespace = new k8s.core.v1.Namespace(
    "namespace",
    { metadata: { name: settings.namespace, labels: { ...partOf, ...restrictedNamespaceLabels() } } },
    { provider },
  );
  return namespace.metadata.name;
}

function createOperator(
  settings: Settings,
  namespace: pulumi.Output<string>,
  provider: k8s.Provider,
): pulumi.Resource[] {
  const { kind } = settings.prometheusOperator;
  switch (kind) {
    case "install":
      return [new PrometheusOperator(names.operator, { namespace }, { provider })];
    case "preinstalled":
      return [];
    default:
      return unreachable(kind);
  }
}

function createAlertmanager(settings: Settings, namespace: pulumi.Output<string>, opts: Options): Alertmanager {
  const { replicas, retention, storage, resources } = settings.alertmanager;
  const configuration = alertmanagerConfiguration(routing(settings), alertmanagerSecretsDirectory(names.alertmanager));
  return new Alertmanager(
    names.alertmanager,
    {
      namespace,
      ...configuration,
      replicas,
      retention,
      ...resources,
      ...storageArgs(storage),
      requireSpread: settings.spread === "required",
    },
    opts,
  );
}

function createPrometheus(
  settings: Settings,
  namespace: pulumi.Output<string>,
  alertmanager: Alertmanager,
  opts: Options,
): Prometheus {
  const { replicas, shards, scrapeInterval, localRetention, storage, resources, sidecarMemory, limits, logLevel } =
    settings.prometheus;
  return new Prometheus(
    names.prometheus,
    {
      namespace,
      clusterName: settings.cluster.name,
      replicas,
      shards,
      scrapeInterval,
      logLevel,
      retentionTime: localRetention.time,
      retentionSize: retentionSize(localRetention.size, storage),
      ...resources,
      ...storageArgs(storage),
      sampleLimit: limits.samplesPerScrape,
      targetLimit: limits.targetsPerJob,
      labelLimit: limits.labelsPerSample,
      labelValueLengthLimit: limits.labelValueLength,
      sidecarMemory,
      requireSpread: settings.spread === "required",
      alertmanagerService: alertmanager.serviceName,
    },
    opts,
  );
}

function createLongTermStore(settings: Settings, namespace: pulumi.Output<string>, opts: Options) {
  const { kind } = settings.longTermStorage;
  switch (kind) {
    case "none":
      return new ThanosQuery(
        names.query,
        {
          namespace,
          endpoints: [`dnssrv+_grpc._tcp.${names.prometheus}-sidecar.${settings.namespace}.svc`],
          replicaLabels: [REPLICA_LABEL],
          replicas: settings.longTermStorage.queriers,
          ...settings.longTermStorage.querierResources,
          requireSpread: settings.spread === "required",
        },
        opts,
      );
    default:
      return unreachable(kind);
  }
}

/** Settings to routing; every secret leaves here as a Pulumi secret. */
function routing({ alerting }: Settings): Routing {
  const { heartbeat } = alerting;
  return {
    receivers: alerting.receivers.map(({ name, url }) => ({ name, url: pulumi.secret(url) })),
    routes: alerting.routes,
    defaultReceiver: alerting.defaultReceiver,
    heartbeat:
      heartbeat.kind === "webhook"
        ? { url: pulumi.secret(heartbeat.url), intervalSeconds: (milliseconds(heartbeat.interval ?? "1m") ?? 0) / 1000 }
        : undefined,
  };
}

function storageArgs(storage: StorageSettings) {
  if (storage.kind === "ephemeral") return { ephemeralStorageSize: storage.sizeLimit };
  return {
    volumeSize: storage.size,
    ...(storage.storageClass === undefined ? {} : { storageClass: storage.storageClass }),
  };
}

/** Prometheus counts only its blocks against the limit; the rest of the disk is for the log and for compaction. */
const SHARE_FOR_BLOCKS = 0.85;

function retentionSize(wanted: string | undefined, storage: StorageSettings): string {
  const disk = storage.kind === "volume" ? storage.size : storage.sizeLimit;
  const limit = wanted === undefined ? (bytes(disk) ?? 0) * SHARE_FOR_BLOCKS : (bytes(wanted) ?? 0);
  return `${Math.floor(limit / 2 ** 20)}MiB`;
}

function unreachable(kind: never): never {
  throw new Error(`no component for ${String(kind)}`);
}
