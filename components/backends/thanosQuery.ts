import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { contentHash } from "../kubernetes/contentHash";
import { disruptionBudget } from "../kubernetes/disruptionBudget";
import { commonLabels, selectorLabels, type WorkloadIdentity } from "../kubernetes/labels";
import { spreadOverZonesAndNodes } from "../kubernetes/scheduling";
import { NOBODY, restrictedContainer, restrictedPod } from "../kubernetes/securityContext";
import { scrapeService } from "../kubernetes/serviceMonitor";
import { networkOf, placeInNetwork } from "../network/edges";
import { images } from "../versions";
import type { LongTermStore } from "./backend";
import { ENDPOINTS_DIRECTORY, ENDPOINTS_FILE, endpointFiles, type RemoteEndpoint } from "./thanos/endpoints";

/** Arguments of {@link ThanosQuery}. */
export interface ThanosQueryArgs {
  /** The namespace. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /**
   * Addresses of the Store APIs to ask, in Thanos' notation; `dnssrv+_grpc._tcp.SERVICE` follows the SRV record of a
   * headless Service.
   */
  endpoints: pulumi.Input<string>[];
  /** Like `endpoints`, but what an address stands for are replicas: a query asks one of them. Default: none. */
  groupEndpoints?: pulumi.Input<string>[];
  /** `HOST:PORT` of what is asked even while it is down, so that results say what they lack. Default: none. */
  strictEndpoints?: pulumi.Input<string>[];
  /** Queriers of other clusters, by TLS. Default: none. */
  remoteEndpoints?: RemoteEndpoint[];
  /** Labels that tell replicas of the same series apart; results are merged over them. */
  replicaLabels: string[];
  /** Whether long ranges are answered from downsampled blocks: from samples of up to a fifth of the step. Default: false. */
  autoDownsampling?: boolean;
  /** Identical queriers. Default: 2. */
  replicas?: number;
  /** CPU request of each querier. Default: `100m`. */
  cpu?: string;
  /** Memory request and limit of each querier. Default: `512Mi`. */
  memory?: string;
  /** Whether queriers must be on different nodes and spread over the zones. Default: true. */
  requireSpread?: boolean;
  /** Image, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
}

/** Ports of a querier; the name is that of the port in its Service. */
// PromQL has the same port on the pods as on the Service, Prometheus' own: on EKS a network policy that looks at Services before
// their pods needs both to be the same.
const listens = { http: { port: 9090, scrape: {} }, grpc: { port: 10901 } };

/**
 * Thanos queriers: one PromQL address over many stores, which merges the replicas of each series. They keep nothing;
 * every one answers for all.
 *
 * ```typescript
 * new ThanosQuery("thanos-query", {
 *   namespace: "monitoring",
 *   endpoints: ["dnssrv+_grpc._tcp.prometheus-sidecar.monitoring.svc"],
 *   replicaLabels: ["prometheus_replica"],
 * }, { provider });
 * ```
 */
export class ThanosQuery extends pulumi.ComponentResource implements LongTermStore {
  /** Base URL of the query API inside the cluster. */
  readonly queryUrl: pulumi.Output<string>;

  constructor(name: string, args: ThanosQueryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:ThanosQuery", name, {}, opts);
    const identity = { name: "thanos-query", instance: name, component: "query" };
    placeInNetwork(this, { name, namespace: args.namespace, podLabels: selectorLabels(identity), listens });

    const endpoints = this.createEndpoints(args, identity);
    this.createDeployment(args, identity, endpoints);
    if ((args.replicas ?? 2) > 1) {
      disruptionBudget(
        name,
        { namespace: args.namespace, labels: commonLabels(identity), matchLabels: selectorLabels(identity) },
        { parent: this },
      );
    }
    const service = this.createService(args, identity);
    this.queryUrl = pulumi.interpolate`http://${service.metadata.name}.${args.namespace}.svc:${listens.http.port}`;

    this.registerOutputs({ queryUrl: this.queryUrl });
  }

  private createEndpoints(args: ThanosQueryArgs, identity: WorkloadIdentity) {
    const name = `${identity.instance}-endpoints`;
    const data = endpointFiles(args);
    const configMap = new k8s.core.v1.ConfigMap(
      name,
      {
        metadata: { name, namespace: args.namespace, labels: commonLabels(identity) },
        data,
      },
      { parent: this },
    );
    const hash = pulumi.output(data).apply((files) => contentHash(Object.values(files).join("")));
    return { configMap: configMap.metadata.name, hash };
  }

  private createDeployment(args: ThanosQueryArgs, identity: WorkloadIdentity, endpoints: Files) {
    const metadata = { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) };
    const serviceAccount = new k8s.core.v1.ServiceAccount(
      identity.instance,
      { metadata, automountServiceAccountToken: false },
      { parent: this },
    );
    return new k8s.apps.v1.Deployment(
      identity.instance,
      { metadata, spec: querierDeployment(args, identity, endpoints, serviceAccount.metadata.name) },
      { parent: this },
    );
  }

  private createService(args: ThanosQueryArgs, identity: WorkloadIdentity) {
    const labels = commonLabels(identity);
    const service = new k8s.core.v1.Service(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels },
        spec: {
          selector: selectorLabels(identity),
          ports: [
            { name: "http", port: listens.http.port, targetPort: "http" },
            { name: "grpc", port: listens.grpc.port, targetPort: "grpc" },
          ],
        },
      },
      { parent: this },
    );
    scrapeService(
      identity.instance,
      { member: networkOf(this), labels, serviceLabels: selectorLabels(identity) },
      { parent: this },
    );
    return service;
  }
}

interface Files {
  configMap: pulumi.Output<string>;
  hash: pulumi.Output<Record<string, string>>;
}

function querierDeployment(
  args: ThanosQueryArgs,
  identity: WorkloadIdentity,
  endpoints: Files,
  serviceAccountName: pulumi.Input<string>,
): k8s.types.input.apps.v1.DeploymentSpec {
  const matchLabels = selectorLabels(identity);
  const memory = args.memory ?? "512Mi";
  return {
    replicas: args.replicas ?? 2,
    selector: { matchLabels },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } },
    template: {
      metadata: { labels: commonLabels(identity), annotations: endpoints.hash },
      spec: {
        serviceAccountName,
        automountServiceAccountToken: false,
        securityContext: restrictedPod(NOBODY, NOBODY),
        nodeSelector: { "kubernetes.io/os": "linux" },
        topologySpreadConstraints: spreadOverZonesAndNodes({
          matchLabels,
          replicas: args.replicas ?? 2,
          required: args.requireSpread ?? true,
        }).map(
          // During a rollout the pods of the old version do not count: they would keep the new ones Pending.
          (constraint) => ({ ...constraint, matchLabelKeys: ["pod-template-hash"] }),
        ),
        containers: [
          {
            name: "thanos-query",
            image: args.image ?? images.thanos,
            args: querierArguments(args),
            env: [
              {
                name: "GOMEMLIMIT",
                valueFrom: { resourceFieldRef: { containerName: "thanos-query", resource: "limits.memory" } },
              },
            ],
            ports: [
              { name: "http", containerPort: listens.http.port },
              { name: "grpc", containerPort: listens.grpc.port },
            ],
            readinessProbe: { httpGet: { path: "/-/ready", port: "http" }, periodSeconds: 5, failureThreshold: 20 },
            livenessProbe: { httpGet: { path: "/-/healthy", port: "http" }, periodSeconds: 30, failureThreshold: 4 },
            resources: { requests: { cpu: args.cpu ?? "100m", memory }, limits: { memory } },
            securityContext: restrictedContainer(),
            volumeMounts: [{ name: "endpoints", mountPath: ENDPOINTS_DIRECTORY, readOnly: true }],
          },
        ],
        volumes: [{ name: "endpoints", configMap: { name: endpoints.configMap } }],
      },
    },
  };
}

function querierArguments(args: ThanosQueryArgs): string[] {
  return [
    "query",
    "--log.format=json",
    `--http-address=0.0.0.0:${listens.http.port}`,
    `--grpc-address=0.0.0.0:${listens.grpc.port}`,
    `--endpoint.sd-config-file=${ENDPOINTS_DIRECTORY}/${ENDPOINTS_FILE}`,
    ...args.replicaLabels.map((label) => `--query.replica-label=${label}`),
    // A store that does not answer costs its part of the result, marked by a warning, and not the whole query.
    "--query.partial-response",
    "--query.timeout=2m",
    ...(args.autoDownsampling ? ["--query.auto-downsampling"] : []),
    // A replica that comes back must count again before the other one goes; the default is 30s.
    "--store.sd-dns-interval=10s",
  ];
}
