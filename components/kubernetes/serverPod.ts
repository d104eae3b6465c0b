import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { contentHashOf } from "./contentHash";
import { commonLabels, selectorLabels } from "./labels";
import { spreadOverZonesAndNodes } from "./scheduling";
import { NOBODY, restrictedContainer, restrictedPod } from "./securityContext";
import type { ServerArgs, ServerFiles, ServerProbe } from "./server";

/** Files with the name of the object that holds them. */
export interface MountedFiles extends ServerFiles {
  object: pulumi.Input<string>;
}

/** The pods of a server. */
export function podSpec(args: ServerArgs, serviceAccountName: pulumi.Input<string>, files: MountedFiles[]) {
  const { identity } = args;
  const user = args.user ?? NOBODY;
  return {
    metadata: {
      labels: { ...commonLabels(identity), ...args.podLabels },
      ...(files.every(({ reloaded }) => reloaded) ? {} : { annotations: hashOf(files) }),
    },
    spec: {
      serviceAccountName,
      automountServiceAccountToken: false,
      securityContext: restrictedPod(user, user),
      nodeSelector: { "kubernetes.io/os": "linux", ...inZone(args) },
      topologySpreadConstraints: spread(args),
      ...(args.terminationGraceSeconds === undefined
        ? {}
        : { terminationGracePeriodSeconds: args.terminationGraceSeconds }),
      containers: [container(args, files), ...(args.sidecars ?? [])],
      volumes: volumes(args, files),
    },
  };
}

/** Whether each pod has a name of its own. */
export const isStateful = ({ data, stableNames }: ServerArgs): boolean => data !== undefined || stableNames === true;

const inZone = ({ zone }: ServerArgs): Record<string, string> =>
  zone === undefined ? {} : { "topology.kubernetes.io/zone": zone };

function spread(args: ServerArgs) {
  const constraints = spreadOverZonesAndNodes({
    matchLabels: args.spreadGroup?.labels ?? selectorLabels(args.identity),
    replicas: args.spreadGroup?.replicas ?? args.replicas,
    required: args.requireSpread,
  }).filter(({ topologyKey }) => args.zone === undefined || topologyKey !== "topology.kubernetes.io/zone");
  // During a rollout the pods of the old version do not count: they would keep the new ones Pending.
  return !isStateful(args)
    ? constraints.map((constraint) => ({ ...constraint, matchLabelKeys: ["pod-template-hash"] }))
    : constraints;
}

const hashOf = (files: readonly MountedFiles[]) =>
  contentHashOf(files.filter(({ reloaded }) => !reloaded).map((each) => each.content));

const probe = ({ path, port, periodSeconds, failureThreshold }: ServerProbe) => ({
  ...(path === undefined ? { tcpSocket: { port } } : { httpGet: { path, port } }),
  periodSeconds,
  failureThreshold,
});

function container(args: ServerArgs, files: readonly MountedFiles[]): k8s.types.input.core.v1.Container {
  const name = args.identity.name;
  return {
    name,
    image: args.image,
    args: args.args,
    env: [
      ...(args.env ?? []),
      {
        name: "GOMEMLIMIT",
        valueFrom: { resourceFieldRef: { containerName: name, resource: "limits.memory" } },
      },
    ],
    ports: Object.entries(args.listens).flatMap(([port, { port: containerPort, protocols = ["TCP"] }]) =>
      protocols.map((protocol, index) => ({
        name: index === 0 ? port : `${port}-${protocol.toLowerCase()}`,
        containerPort,
        ...(protocol === "TCP" ? {} : { protocol }),
      })),
    ),
    readinessProbe: probe(args.readiness),
    ...(args.liveness === undefined ? {} : { livenessProbe: probe(args.liveness) }),
    resources: { requests: { cpu: args.cpu, memory: args.memory }, limits: { memory: args.memory } },
    securityContext: restrictedContainer(),
    volumeMounts: [
      ...files.map(({ mountPath }, index) => ({ name: `files-${index + 1}`, mountPath, readOnly: true })),
      ...(args.data === undefined ? [] : [{ name: "data", mountPath: args.data.mountPath }]),
      ...(args.scratch ?? []).map(({ mountPath }, index) => ({ name: `scratch-${index + 1}`, mountPath })),
    ],
  };
}

function volumes(args: ServerArgs, files: readonly MountedFiles[]): k8s.types.input.core.v1.Volume[] {
  return [
    ...files.map(({ object, secret }, index) => ({
      name: `files-${index + 1}`,
      ...(secret ? { secret: { secretName: object } } : { configMap: { name: object } }),
    })),
    ...(args.data === undefined || args.data.volumeSize !== undefined
      ? []
      : [{ name: "data", emptyDir: { sizeLimit: args.data.ephemeralStorageSize ?? "1Gi" } }]),
    ...(args.scratch ?? []).map(({ size }, index) => ({
      name: `scratch-${index + 1}`,
      emptyDir: { sizeLimit: size },
    })),
  ];
}
