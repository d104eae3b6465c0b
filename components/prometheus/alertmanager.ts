import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { alertmanagerResource, claimTemplate, doNotWait, waitUntilAvailable } from "../kubernetes/customResources";
import { disruptionBudget } from "../kubernetes/disruptionBudget";
import { CONFIGURATION_ONLY, commonLabels, partOf, selectorLabels, type WorkloadIdentity } from "../kubernetes/labels";
import { spreadOverZonesAndNodes } from "../kubernetes/scheduling";
import { restrictedPod } from "../kubernetes/securityContext";
import { scrapeService } from "../kubernetes/serviceMonitor";
import { networkOf, placeInNetwork } from "../network/edges";
import { images, versions } from "../versions";

/** Arguments of {@link Alertmanager}. */
export interface AlertmanagerArgs {
  /** The namespace, served by a prometheus-operator. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** The configuration in YAML. Refer to secrets as files in {@link alertmanagerSecretsDirectory}. */
  configuration: string;
  /** File name → secret content. A change reaches the members within a minute, without a restart. */
  secretFiles?: { [file: string]: pulumi.Input<string> };
  /** Members of the gossip cluster. Default: 3. */
  replicas?: number;
  /** How long silences and the log of sent notifications are kept. Default: `120h`. */
  retention?: string;
  /** Size of each member's volume. Default: no volume, see `ephemeralStorageSize`. */
  volumeSize?: string;
  /** Storage class of the volumes. Default: the cluster's own. A change needs new volumes. */
  storageClass?: string;
  /** Without `volumeSize`: the size of the pod's own directory, above which it is evicted. Default: `100Mi`. */
  ephemeralStorageSize?: string;
  /** CPU request of each member. Default: `25m`. */
  cpu?: string;
  /** Memory request and limit of each member. Default: `128Mi`. */
  memory?: string;
  /**
   * Whether members must be on different nodes and spread over the zones. Default: true; a member without a place
   * stays Pending.
   */
  requireSpread?: boolean;
  /** Image, of the version in {@link versions}. Default: the one in {@link images}. */
  image?: string;
}

/** Ports of a member; the name is that of the port in its Service. */
const listens = {
  web: { port: 9093, scrape: {} },
  "reloader-web": { port: 8080, scrape: {} },
  mesh: { port: 9094, protocols: ["TCP", "UDP"] },
};

// The operator's own ids for Alertmanager, with the group that it leaves open.
const USER = 1000;
const GROUP = 2000;

const secretName = (name: string) => `${name}-secret-files`;

/** Where the members of the Alertmanager called `name` find their `secretFiles`. */
export const alertmanagerSecretsDirectory = (name: string) => `/etc/alertmanager/secrets/${secretName(name)}`;

/**
 * An Alertmanager cluster: every member is sent every alert, and by gossip only one of them notifies. While the members
 * cannot see each other, each notifies: an alert may come twice then, and never not at all.
 *
 * ```typescript
 * new Alertmanager("alertmanager", { namespace: "monitoring", configuration: yaml }, { provider });
 * ```
 */
export class Alertmanager extends pulumi.ComponentResource {
  /** Name of the Service whose endpoints are all members; for Prometheus and for people. */
  readonly serviceName: pulumi.Output<string>;
  /** Web address of each member inside the cluster. */
  readonly memberUrls: pulumi.Output<string[]>;

  constructor(name: string, args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:Alertmanager", name, {}, opts);
    // The operator puts these two labels on the pods of the custom resource with this name.
    const identity = { name: "alertmanager", instance: name, component: "alerting" };
    placeInNetwork(this, { name, namespace: args.namespace, podLabels: selectorLabels(identity), listens });

    const secrets = this.createSecrets(args, identity);
    const serviceAccount = this.createServiceAccount(args, identity);
    const gossip = this.createGossipService(args, identity);
    const members = this.createMembers(args, identity, serviceAccount, [...secrets, gossip]);
    if ((args.replicas ?? 3) > 1) {
      const labels = commonLabels(identity);
      disruptionBudget(
        name,
        { namespace: args.namespace, labels, matchLabels: selectorLabels(identity) },
        { parent: this },
      );
    }
    this.serviceName = this.createService(args, identity, members).metadata.name;
    this.memberUrls = pulumi
      .all([args.namespace, gossip.metadata.name])
      .apply(([namespace, service]) =>
        Array.from(
          { length: args.replicas ?? 3 },
          (_, member) => `http://alertmanager-${name}-${member}.${service}.${namespace}.svc:${listens.web.port}`,
        ),
      );

    this.registerOutputs({ serviceName: this.serviceName, memberUrls: this.memberUrls });
  }

  private createSecrets(args: AlertmanagerArgs, identity: WorkloadIdentity) {
    const secret = (
      name: string,
      stringData: { [file: string]: pulumi.Input<string> },
      annotations: Record<string, string> = {},
    ) =>
      new k8s.core.v1.Secret(
        name,
        { metadata: { name, namespace: args.namespace, labels: commonLabels(identity), annotations }, stringData },
        { parent: this },
      );
    return [
      secret(configurationName(identity.instance), { "alertmanager.yaml": args.configuration }, CONFIGURATION_ONLY),
      secret(secretName(identity.instance), args.secretFiles ?? {}),
    ];
  }

  private createServiceAccount(args: AlertmanagerArgs, identity: WorkloadIdentity) {
    // Alertmanager never asks the API server: an account of its own without a token and without rights.
    return new k8s.core.v1.ServiceAccount(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels: commonLabels(identity) },
        automountServiceAccountToken: false,
      },
      { parent: this },
    );
  }

  private createGossipService(args: AlertmanagerArgs, identity: WorkloadIdentity) {
    const name = `${identity.instance}-gossip`;
    return new k8s.core.v1.Service(
      name,
      {
        metadata: {
          name,
          namespace: args.namespace,
          labels: commonLabels({ ...identity, name: "alertmanager-gossip" }),
        },
        spec: {
          clusterIP: "None",
          // A member that is not ready yet must be found, or a cold start never forms one cluster.
          publishNotReadyAddresses: true,
          selector: selectorLabels(identity),
          ports: [
            { name: "web", port: listens.web.port, targetPort: "web" },
            { name: "mesh-tcp", port: listens.mesh.port, targetPort: "mesh-tcp", protocol: "TCP" },
            { name: "mesh-udp", port: listens.mesh.port, targetPort: "mesh-udp", protocol: "UDP" },
          ],
        },
      },
      { parent: this },
    );
  }

  private createMembers(
    args: AlertmanagerArgs,
    identity: WorkloadIdentity,
    serviceAccount: k8s.core.v1.ServiceAccount,
    dependsOn: pulumi.Resource[],
  ) {
    const memory = args.memory ?? "128Mi";
    return alertmanagerResource(
      identity.instance,
      {
        metadata: {
          name: identity.instance,
          namespace: args.namespace,
          labels: commonLabels(identity),
          annotations: waitUntilAvailable,
        },
        spec: {
          image: args.image ?? images.alertmanager,
          version: versions.alertmanager,
          replicas: args.replicas ?? 3,
          retention: args.retention ?? "120h",
          configSecret: configurationName(identity.instance),
          secrets: [secretName(identity.instance)],
          serviceName: `${identity.instance}-gossip`,
          serviceAccountName: serviceAccount.metadata.name,
          automountServiceAccountToken: false,
          podMetadata: { labels: { ...partOf } },
          // Members of two clusters never gossip with each other, even when an address is reused.
          clusterLabel: pulumi.interpolate`${args.namespace}/${identity.instance}`,
          storage:
            args.volumeSize === undefined
              ? { emptyDir: { sizeLimit: args.ephemeralStorageSize ?? "100Mi" } }
              : { volumeClaimTemplate: claimTemplate(args.volumeSize, args.storageClass) },
          logFormat: "json",
          // By which receiver a notification failed: the heartbeat is one of several webhooks.
          enableFeatures: ["receiver-name-in-metrics"],
          nodeSelector: { "kubernetes.io/os": "linux" },
          topologySpreadConstraints: spreadOverZonesAndNodes({
            matchLabels: selectorLabels(identity),
            replicas: args.replicas ?? 3,
            required: args.requireSpread ?? true,
          }),
          securityContext: restrictedPod(USER, GROUP),
          resources: { requests: { cpu: args.cpu ?? "25m", memory }, limits: { memory } },
        },
      },
      { parent: this, dependsOn },
    );
  }

  private createService(args: AlertmanagerArgs, identity: WorkloadIdentity, members: pulumi.Resource) {
    const labels = commonLabels(identity);
    const service = new k8s.core.v1.Service(
      identity.instance,
      {
        metadata: { name: identity.instance, namespace: args.namespace, labels, annotations: doNotWait },
        spec: {
          selector: selectorLabels(identity),
          ports: [
            { name: "web", port: listens.web.port, targetPort: "web" },
            { name: "reloader-web", port: listens["reloader-web"].port, targetPort: "reloader-web" },
          ],
        },
      },
      { parent: this },
    );
    scrapeService(
      identity.instance,
      { member: networkOf(this), labels, serviceLabels: labels },
      { parent: this, dependsOn: [members] },
    );
    return service;
  }
}

const configurationName = (name: string) => `${name}-configuration`;
