import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import type * as pulumi from "@pulumi/pulumi";
import { claimTemplate, type DeepInput } from "../kubernetes/customResources";
import { partOf } from "../kubernetes/labels";
import { spreadOverZonesAndNodes } from "../kubernetes/scheduling";
import { restrictedPod } from "../kubernetes/securityContext";
import { images, versions } from "../versions";
import type { PrometheusArgs } from "./prometheus";
import { REPLICA_LABEL } from "./replicaLabel";

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
    image: images.prometheus,
    version: versions.prometheus,
    replicas: args.replicas ?? 2,
    shards: args.shards ?? 1,
    podMetadata: { labels: { ...partOf } },
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
    ...selectors(),
    ...limits(args),
    ...retention(args),
    ...alerting(args),
    ...scheduling(name, args),
    ...(args.thanosSidecar === false ? {} : { thanos: sidecar(args.sidecarMemory ?? "512Mi") }),
    securityContext: restrictedPod(USER, GROUP),
    resources: { requests: { cpu: args.cpu ?? "250m", memory }, limits: { memory } },
    walCompression: true,
  };
}

/** Everything in the server's own namespace; an object needs no label of ours to be seen. */
function selectors(): PrometheusSpec {
  return {
    serviceMonitorSelector: {},
    podMonitorSelector: {},
    probeSelector: {},
    scrapeConfigSelector: {},
    ruleSelector: {},
  };
}

function limits(args: PrometheusArgs): PrometheusSpec {
  return {
    sampleLimit: args.sampleLimit ?? 100_000,
    targetLimit: args.targetLimit ?? 10_000,
    labelLimit: args.labelLimit ?? 60,
    labelValueLengthLimit: args.labelValueLengthLimit ?? 2_048,
    // No response is read past this: 100 000 samples of 300 bytes with headroom [judgement].
    bodySizeLimit: "64MB",
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

function sidecar(memory: string): NonNullable<NonNullable<IPrometheus["spec"]>["thanos"]> {
  return {
    image: images.thanos,
    version: versions.thanos,
    resources: { requests: { cpu: "25m", memory }, limits: { memory } },
  };
}
