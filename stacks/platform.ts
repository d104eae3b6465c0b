import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { createProvider } from "../components";
import { partOf } from "../components/kubernetes/labels";
import { privilegedNamespaceLabels, restrictedNamespaceLabels } from "../components/kubernetes/securityContext";
import { applyExtraDrops } from "./extraDrops";
import { imagesOf } from "./images";
import { MONITORING_LABEL, nodesNamespace, ownValue } from "./names";
import { createAlertmanager, createRuler } from "./parts/alerting";
import { createClusterMetrics } from "./parts/clusterMetrics";
import { createGpuMetrics } from "./parts/gpu";
import { createNetwork } from "./parts/network";
import { createOperator, createPrometheus, createRules, createTeamLimits, needsRuler } from "./parts/prometheus";
import { createStores } from "./parts/stores";
import { createWorkloadScrapes } from "./parts/workloads";
import { applyPatches } from "./patches";
import { readSettings, type Settings } from "./settings";

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

/** Builds the platform that the stack's settings describe. Only here and in parts/ a `kind` becomes a class. */
export function deploy(): PlatformOutputs {
  const settings = readSettings();
  applyExtraDrops(settings.cardinality.extraDrops);
  // After everything else that changes objects: a patch has the last word.
  const checkPatches = applyPatches(settings.patches);
  const provider = createProvider("kubernetes", {
    kubeconfigPath: settings.cluster.path,
    context: settings.cluster.context,
  });
  const base = {
    settings,
    provider,
    images: imagesOf(settings.images),
    clusterScopedPrefix: settings.namespace,
    ...createNamespaces(settings, provider),
  };
  const operator = createOperator(base);
  const context = { ...base, operator: operator ? [operator] : [] };
  const alertmanager = createAlertmanager(context);
  const stores = createStores(context);
  const prometheus = createPrometheus(context, alertmanager, stores);
  const ruler = needsRuler(settings) ? createRuler(context, stores) : undefined;
  const clusterMetrics = createClusterMetrics(context, prometheus);
  const gpus = createGpuMetrics(context, prometheus);
  const workloads = createWorkloadScrapes(context, prometheus);
  createRules(context);
  createTeamLimits(context);
  createNetwork(context, { operator, prometheus, alertmanager, stores, ruler, clusterMetrics, gpus, workloads });
  checkPatches();
  return {
    clusterName: settings.cluster.name,
    namespace: base.namespace,
    queryUrl: stores.queryUrl,
    alertmanagerUrls: alertmanager.memberUrls,
  };
}

function createNamespaces(settings: Settings, provider: k8s.Provider) {
  const nodes = nodesNamespace(settings.namespace);
  if (!settings.createNamespace) {
    pulumi.log.warn(
      `createNamespace is false: the namespaces ${settings.namespace} and ${nodes} must exist and carry the label ${MONITORING_LABEL}=${ownValue(settings.namespace)}, or nothing in them is scraped; ${nodes} must admit privileged pods`,
    );
    return { namespace: pulumi.output(settings.namespace), nodesNamespace: pulumi.output(nodes) };
  }
  const namespace = (resource: string, name: string, profile: Record<string, string>) =>
    new k8s.core.v1.Namespace(
      resource,
      { metadata: { name, labels: { ...partOf, [MONITORING_LABEL]: ownValue(settings.namespace), ...profile } } },
      { provider },
    ).metadata.name;
  return {
    namespace: namespace("namespace", settings.namespace, restrictedNamespaceLabels()),
    nodesNamespace: namespace("nodes-namespace", nodes, privilegedNamespaceLabels()),
  };
}
