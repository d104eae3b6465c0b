import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Listener, NetworkMember } from "../network/edges";
import { doNotWait } from "./customResources";
import { disruptionBudget } from "./disruptionBudget";
import { type SetWords, setAnnotations } from "./guardedSets";
import { commonLabels, selectorLabels, type WorkloadIdentity } from "./labels";
import type { ServerData } from "./serverData";
import { isStateful, podSpec } from "./serverPod";
import { scrapeService } from "./serviceMonitor";

/** Files that a server reads; its pods roll when their content changes. */
export interface ServerFiles {
  /** The directory in which they are. */
  mountPath: string;
  /** Content by file name. */
  content: Record<string, pulumi.Input<string>>;
  /** Whether they are kept in a Secret. Default: in a ConfigMap. */
  secret?: boolean;
  /** Name of the object that holds them, where several servers share one. Default: one is made. */
  object?: pulumi.Input<string>;
  /** Whether the server reads them again by itself: then a change rolls no pod. Default: false. */
  reloaded?: boolean;
}

/** A probe by HTTP, or by whether the port takes connections. */
export interface ServerProbe {
  /** Default: no request, a connection is enough. */
  path?: string;
  /** The listener's name. */
  port: string;
  periodSeconds: number;
  failureThreshold: number;
}

/** A process of the platform: identical pods behind one Service. */
export interface ServerArgs {
  /** The Service's name, and so the job's, is the identity's instance. */
  identity: WorkloadIdentity;
  namespace: pulumi.Input<string>;
  replicas: number;
  image: string;
  args: pulumi.Input<string>[];
  env?: k8s.types.input.core.v1.EnvVar[];
  /** Ports; the name is that of the port in the Service. */
  listens: Record<string, Listener>;
  /** CPU request. There is no limit. */
  cpu: string;
  /** Memory request and limit. */
  memory: string;
  /** Whether replicas must be on different nodes and spread over the zones. */
  requireSpread: boolean;
  /** User and group of the process. Default: nobody. */
  user?: number;
  /** Annotations of the service account: its identity in the cloud. */
  accountAnnotations?: Record<string, string>;
  readiness: ServerProbe;
  /** Default: none, for what must never be killed while it replays or compacts. */
  liveness?: ServerProbe;
  /** Default: none. */
  files?: ServerFiles[];
  /** With it, each pod has a name and a directory of its own: a StatefulSet. Default: a Deployment, which keeps nothing. */
  data?: ServerData;
  /** Whether each pod has a name of its own though it keeps nothing: a StatefulSet. Default: with `data`. */
  stableNames?: boolean;
  /** Directories that are empty at every start, by size. Default: none. */
  scratch?: { mountPath: string; size: string }[];
  /** Whether the Service has no address of its own and names every pod. Default: with `data` or `stableNames`. */
  headless?: boolean;
  /** Whether the Service names pods that are not ready: for those that look for each other. Default: false. */
  namesUnready?: boolean;
  /** How long a pod may take to stop, in seconds. Default: 30. */
  terminationGraceSeconds?: number;
  /** Labels of the pods besides their own, such as the group that a disruption budget counts together. */
  podLabels?: Record<string, string>;
  /** Pods of several servers that must not meet, and how many they are. Default: the pods of this one. */
  spreadGroup?: { labels: Record<string, string>; replicas: number };
  /** What may be done to the StatefulSet, where a policy guards it. */
  setWords?: SetWords;
  /** The zone in which the pods have to be. Default: any; they are spread. */
  zone?: string;
  /** Whether there is a disruption budget, with two replicas or more. Default: true. */
  budget?: boolean;
  /** Whether Pulumi refuses to delete the StatefulSet, because its data would no longer be served. Default: false. */
  protect?: boolean;
  /** Further containers of the pods. */
  sidecars?: k8s.types.input.core.v1.Container[];
}

/** What a {@link createServer} made. */
export interface Server {
  /** Its place in the network. */
  member: NetworkMember;
  service: k8s.core.v1.Service;
  /** The Deployment or StatefulSet; depend on it to come after its rollout. */
  workload: pulumi.Resource;
  /** `NAME.NAMESPACE.svc`. */
  host: pulumi.Output<string>;
}

/** The place in the network of a server that {@link createServer} makes. */
const serverMember = ({
  identity,
  namespace,
  listens,
}: Pick<ServerArgs, "identity" | "namespace" | "listens">): NetworkMember => ({
  name: identity.instance,
  namespace,
  podLabels: selectorLabels(identity),
  listens,
});

/** Makes the pods of a server with everything around them: account, files, Service, disruption budget, monitor. */
export function createServer(args: ServerArgs, opts: pulumi.CustomResourceOptions): Server {
  const { identity, namespace } = args;
  const name = identity.instance;
  const labels = commonLabels(identity);
  const metadata = { name, namespace, labels };
  const account = new k8s.core.v1.ServiceAccount(
    name,
    {
      metadata: { ...metadata, ...(args.accountAnnotations ? { annotations: args.accountAnnotations } : {}) },
      automountServiceAccountToken: false,
    },
    opts,
  );
  const volumes = (args.files ?? []).map((files, index) => createFiles(args, files, index, opts));
  const service = createService(args, opts);
  const spec = podSpec(args, account.metadata.name, volumes);
  const workload = isStateful(args) ? statefulSet(args, spec, service, opts) : deployment(args, spec, opts);
  if (args.replicas > 1 && args.budget !== false) {
    disruptionBudget(name, { namespace, labels, matchLabels: selectorLabels(identity) }, opts);
  }
  const member = serverMember(args);
  if (Object.values(args.listens).some(({ scrape }) => scrape !== undefined)) {
    scrapeService(name, { member, labels, serviceLabels: selectorLabels(identity) }, opts);
  }
  return { member, service, workload, host: pulumi.interpolate`${service.metadata.name}.${namespace}.svc` };
}

function createFiles(args: ServerArgs, files: ServerFiles, index: number, opts: pulumi.CustomResourceOptions) {
  if (files.object !== undefined) return { ...files, object: files.object };
  const name = index === 0 ? `${args.identity.instance}-files` : `${args.identity.instance}-files-${index + 1}`;
  const metadata = { name, namespace: args.namespace, labels: commonLabels(args.identity) };
  const object = files.secret
    ? new k8s.core.v1.Secret(name, { metadata, stringData: files.content }, opts)
    : new k8s.core.v1.ConfigMap(name, { metadata, data: files.content }, opts);
  return { ...files, object: object.metadata.name };
}

function createService(args: ServerArgs, opts: pulumi.CustomResourceOptions) {
  const { identity, namespace } = args;
  const ports = Object.entries(args.listens).flatMap(([name, { port, protocols = ["TCP"] }]) =>
    protocols.map((protocol, index) => ({
      name: index === 0 ? name : `${name}-${protocol.toLowerCase()}`,
      port,
      targetPort: name,
      ...(protocol === "TCP" ? {} : { protocol }),
    })),
  );
  const headless = args.headless ?? isStateful(args);
  return new k8s.core.v1.Service(
    identity.instance,
    {
      metadata: {
        name: identity.instance,
        namespace,
        labels: commonLabels(identity),
        // Pods of a StatefulSet come after it: Pulumi would wait for endpoints that wait for it.
        ...(headless || isStateful(args) ? { annotations: doNotWait } : {}),
      },
      spec: {
        ...(headless ? { clusterIP: "None" } : {}),
        ...(args.namesUnready ? { publishNotReadyAddresses: true } : {}),
        selector: selectorLabels(identity),
        ports,
      },
    },
    opts,
  );
}

type Pods = ReturnType<typeof podSpec>;

/** Pods are replaced one by one. Each may take its time to stop, and to start as long as Pulumi by default gives to a whole set. */
function rolloutTimeouts({ replicas, terminationGraceSeconds = 30 }: ServerArgs): pulumi.CustomTimeouts {
  const seconds = `${replicas * (terminationGraceSeconds + 600)}s`;
  return { create: seconds, update: seconds };
}

/** A set cannot change it, and a new one in its place would take all pods at once and keep the old volumes. */
const VOLUME_SIZE = "spec.volumeClaimTemplates[0].spec.resources.requests.storage";

function deployment(args: ServerArgs, template: Pods, opts: pulumi.CustomResourceOptions) {
  const { identity, namespace } = args;
  return new k8s.apps.v1.Deployment(
    identity.instance,
    {
      metadata: { name: identity.instance, namespace, labels: commonLabels(identity) },
      spec: {
        replicas: args.replicas,
        selector: { matchLabels: selectorLabels(identity) },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } },
        template,
      },
    },
    opts,
  );
}

function statefulSet(
  args: ServerArgs,
  template: Pods,
  service: k8s.core.v1.Service,
  opts: pulumi.CustomResourceOptions,
) {
  const { identity, namespace, data } = args;
  const annotations = setAnnotations(args.setWords ?? {}, data?.volumeSize);
  return new k8s.apps.v1.StatefulSet(
    identity.instance,
    {
      metadata: {
        name: identity.instance,
        namespace,
        labels: commonLabels(identity),
        ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      },
      spec: {
        replicas: args.replicas,
        serviceName: service.metadata.name,
        selector: { matchLabels: selectorLabels(identity) },
        // They start at once, and are still replaced one by one.
        podManagementPolicy: "Parallel",
        updateStrategy: { type: "RollingUpdate" },
        // Data outlives what runs on it: whoever means it deletes the claims too.
        persistentVolumeClaimRetentionPolicy: data?.disposable
          ? { whenDeleted: "Delete", whenScaled: "Delete" }
          : { whenDeleted: "Retain", whenScaled: "Retain" },
        template,
        ...(data?.volumeSize === undefined
          ? {}
          : {
              volumeClaimTemplates: [
                {
                  metadata: { name: "data" },
                  spec: {
                    accessModes: ["ReadWriteOnce"],
                    resources: { requests: { storage: data.volumeSize } },
                    ...(data.storageClass === undefined ? {} : { storageClassName: data.storageClass }),
                  },
                },
              ],
            }),
      },
    },
    {
      ...opts,
      customTimeouts: rolloutTimeouts(args),
      ...(data?.volumeSize === undefined ? {} : { ignoreChanges: [VOLUME_SIZE] }),
      ...(args.protect ? { protect: true } : {}),
    },
  );
}
