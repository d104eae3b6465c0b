import type { IAlertmanager } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Alertmanager";
import type { IPrometheus } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/Prometheus";
import type { IPrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import type { IServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import type { IThanosRuler } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ThanosRuler";
import type { IScrapeConfig } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1alpha1/ScrapeConfig";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** `T`, with an {@link pulumi.Input} allowed at every depth, as the arguments of native resources allow it. */
export type DeepInput<T> = T extends (infer Item)[]
  ? pulumi.Input<pulumi.Input<DeepInput<Item>>[]>
  : T extends object
    ? { [Key in keyof T]: pulumi.Input<DeepInput<T[Key]>> }
    : T;

/** The arguments of a custom resource whose object has the type `T`. */
export interface CustomResourceArgs<T extends { spec?: unknown }> {
  metadata: k8s.types.input.meta.v1.ObjectMeta;
  spec: DeepInput<NonNullable<T["spec"]>>;
}

type CustomResourceFactory<T extends { spec?: unknown }> = (
  name: string,
  args: CustomResourceArgs<T>,
  opts: pulumi.CustomResourceOptions,
) => k8s.apiextensions.CustomResource;

function monitoring<T extends { spec?: unknown }>(version: string, kind: string): CustomResourceFactory<T> {
  return (name, args, opts) =>
    new k8s.apiextensions.CustomResource(name, { apiVersion: `monitoring.coreos.com/${version}`, kind, ...args }, opts);
}

/** The prometheus-operator's custom resources, typed by its own API. */
export const prometheusResource = monitoring<IPrometheus>("v1", "Prometheus");
export const alertmanagerResource = monitoring<IAlertmanager>("v1", "Alertmanager");
export const thanosRulerResource = monitoring<IThanosRuler>("v1", "ThanosRuler");
export const serviceMonitorResource = monitoring<IServiceMonitor>("v1", "ServiceMonitor");
export const prometheusRuleResource = monitoring<IPrometheusRule>("v1", "PrometheusRule");
export const scrapeConfigResource = monitoring<IScrapeConfig>("v1alpha1", "ScrapeConfig");

type ClaimTemplate = NonNullable<NonNullable<NonNullable<IPrometheus["spec"]>["storage"]>["volumeClaimTemplate"]>;

/**
 * The volume of each replica of a custom resource. The typings ask for an `apiVersion` and a `kind` that the API does
 * not, and that the operator would copy into the StatefulSet's claim, where they are wrong.
 */
export function claimTemplate(size: string, storageClass: string | undefined): ClaimTemplate {
  const template: Omit<ClaimTemplate, "apiVersion" | "kind"> = {
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: size } },
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    },
  };
  return template as ClaimTemplate;
}

/**
 * Makes `pulumi up` wait until the operator reports that the pods of a custom resource run; without it, `up` would
 * succeed while nothing does.
 */
export const waitUntilAvailable = { "pulumi.com/waitFor": "condition=Available" } as const;

/**
 * For a Service whose pods come later: those of the operator, or of a StatefulSet, which itself waits for the Service. `pulumi up`
 * would wait for its endpoints. The pods are waited for by what makes them ({@link waitUntilAvailable}).
 */
export const doNotWait = { "pulumi.com/skipAwait": "true" } as const;
