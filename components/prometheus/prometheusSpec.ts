import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import type * as pulumi from "@pulumi/pulumi";
import { claimTemplate, type DeepInput } from "../kubernetes/customResources";
import { namespacesWith, partOf } from "../kubernetes/labels";
import { spreadOverZonesAndNodes } from "../kubernetes/scheduling";
import { restrictedPod } from "../kubernetes/securityContext";
import { images, versions } from "../versions";
import type { PrometheusArgs } from "./prometheus";
import { remoteWrite } from "./remoteWrite";
import { REPLICA_LABEL } from "./replicaLabel";
import { evaluator } from "./rules/evaluator";
import { bucketAnnotations, sidecarSpec } from "./sidecar";

// The operator runs Prometheus with these ids; they are set here because it leaves the group open.
const USER = 1000;
const GROUP = 2000;

type PrometheusSpec = DeepInput<NonNullable<IPrometheus["spec"]>>;

/** The Prometheus custom resource's spec. */
export function prometheusSpec(
  name: string,
  args: PrometheusArgs,
  serviceAccountName: pulumi.Input<string>,
): PrometheusSpec {
  const memory = args.memory ?? "2Gi";
  return {
    image: args.image ?? images.prometheus,
    version: versions.prometheus,
    replicas: args.replicas ?? 2,
    shards: args.shards ?? 1,
    podMetadata: {
      labels: { ...partOf },
      ...(args.thanosSidecar === false ? {} : bucketAnnotations(args.bucket)),
    },
    externalLabels: { cluster: args.clusterName },
    replicaExternalLabelName: REPLICA_LABEL,
    // Namespace and name of this resource: constant, and so a label that only costs bytes.
    prometheusExternalLabelName: "",
    scrapeInterval: args.scrapeInterval ?? "30s",
    evaluationInterval: args.scrapeInterval ?? "30s",
    logLevel: (args.logLevel ?? "info") as "debug" | "error" | "info" | "warn",
    logFormat: "json",
    serviceAccountName,
    serviceDiscoveryRole: "EndpointSlice",
    ...selectors(args),
    ...scrapeClasses(args),
    ...limits(args),
    ...retention(args),
    ...alerting(args),
    ...scheduling(name, args),
    ...sidecarSpec(args),
    ...(args.remoteWrites === undefined || args.remoteWrites.length === 0
      ? {}
      : { remoteWrite: args.remoteWrites.map((write) => remoteWrite(write)) }),
    securityContext: restrictedPod(USER, GROUP),
    resources: { requests: { cpu: args.cpu ?? "250m", memory }, limits: { memory } },
    walCompression: true,
    // The limits of each scrape as series of its own, so that an alert can come before one is hit.
    enableFeatures: ["extra-scrape-metrics"],
  };
}

/** The kinds by which others say what is scraped and evaluated. */
const SELECTED = ["servicemonitors", "podmonitors", "probes", "scrapeconfigs", "prometheusrules"] as const;

/** In its own namespace an object needs no label of ours to be seen. */
function selectors(args: PrometheusArgs): PrometheusSpec {
  return {
    serviceMonitorSelector: {},
    podMonitorSelector: {},
    probeSelector: {},
    scrapeConfigSelector: {},
    ruleSelector: args.shardRulesOnly ? { matchLabels: evaluator("shard") } : {},
    ...(args.namespaceLabel === undefined ? {} : sharing(args, args.namespaceLabel)),
  };
}

/** Monitors and rules of other namespaces, kept within what is theirs. */
function sharing(args: PrometheusArgs, label: string): PrometheusSpec {
  const namespaces = namespacesWith(label, args.namespaceLabelValues ?? []);
  return {
    serviceMonitorNamespaceSelector: namespaces,
    podMonitorNamespaceSelector: namespaces,
    probeNamespaceSelector: namespaces,
    // Rules of teams may need every shard: with more than one, the global evaluator has them.
    ...(args.shardRulesOnly ? {} : { ruleNamespaceSelector: namespaces }),
    enforcedNamespaceLabel: "namespace",
    excludedFromEnforcement: [args.namespace, ...(args.ownNamespaces ?? [])].flatMap((namespace) =>
      SELECTED.map((resource) => ({ group: "monitoring.coreos.com" as const, resource, namespace })),
    ),
    ignoreNamespaceSelectors: true,
    // A monitor could otherwise send the server's token, or any file of its, to its own target.
    arbitraryFSAccessThroughSMs: { deny: true },
  };
}

/**
 * The scrape class of targets that ask who scrapes them: the API server and the kubelets. Whoever else names it would be sent
 * the server's token, so its name is one that nobody hits by chance, and TeamLimits refuses it everywhere.
 */
export const KUBERNETES_SCRAPE_CLASS = "gpu-observability-kubernetes";

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

function scrapeClasses(args: PrometheusArgs): PrometheusSpec {
  if (!args.clusterMetrics) return {};
  return {
    scrapeClasses: [
      {
        name: KUBERNETES_SCRAPE_CLASS,
        authorization: { credentialsFile: `${SERVICE_ACCOUNT}/token` },
        tlsConfig: { caFile: `${SERVICE_ACCOUNT}/ca.crt` },
      },
    ],
  };
}

function limits(args: PrometheusArgs): PrometheusSpec {
  return {
    sampleLimit: args.sampleLimit ?? 20_000,
    targetLimit: args.targetLimit ?? 1_000,
    labelLimit: args.labelLimit ?? 60,
    labelValueLengthLimit: args.labelValueLengthLimit ?? 2_048,
    // No response is read past this: 20 000 samples of 300 bytes, and as much again for what relabelling drops [judgement].
    bodySizeLimit: "16MB",
    keepDroppedTargets: 100,
  };
}

function retention(args: PrometheusArgs): PrometheusSpec {
  return {
    retention: args.retentionTime ?? "24h",
    ...(args.retentionSize === undefined ? {} : { retentionSize: args.retentionSize }),
    storage:
      args.volumeSize === undefined
        ? { emptyDir: { sizeLimit: args.ephemeralStorageSize ?? "1Gi" } }
        : { volumeClaimTemplate: claimTemplate(args.volumeSize, args.storageClass) },
  };
}

function alerting(args: PrometheusArgs): PrometheusSpec {
  if (args.alertmanagerService === undefined) return {};
  return {
    alerting: {
      // The endpoints of the Service, not its address: each member gets every alert and they agree on who notifies.
      alertmanagers: [{ namespace: args.namespace, name: args.alertmanagerService, port: "web", apiVersion: "v2" }],
    },
  };
}

function scheduling(name: string, args: PrometheusArgs): PrometheusSpec {
  return {
    nodeSelector: { "kubernetes.io/os": "linux" },
    topologySpreadConstraints: spreadOverZonesAndNodes({
      matchLabels: { "operator.prometheus.io/name": name },
      replicas: args.replicas ?? 2,
      required: args.requireSpread ?? true,
    }).map((constraint) => ({
      ...constraint,
      // The replicas of one shard are each other's spare; the shards among themselves may share a node.
      additionalLabelSelectors: "OnShard" as const,
    })),
  };
}
