import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { commonLabels, selectorLabels, type WorkloadIdentity } from "../kubernetes/labels";
import { images } from "../versions";
import { onGpuNodes } from "./nodePlacement";
import { needsProfiling, type Profile } from "./signals";

interface DaemonSetArgs {
  identity: WorkloadIdentity;
  serviceAccountName: pulumi.Input<string>;
  profile: Profile;
  intervalMilliseconds: number;
  readsResourceSlices: boolean;
  runtimeClassName?: string | undefined;
  counterFile: { configMap: pulumi.Input<string>; key: string };
  annotations: Record<string, string>;
  port: number;
  cpu: string;
  memory: string;
  image?: string | undefined;
}

const COUNTERS = "/etc/dcgm-exporter";
const POD_RESOURCES = "/var/lib/kubelet/pod-resources";

/** The DaemonSet of dcgm-exporter. */
export function dcgmDaemonSet(args: DaemonSetArgs): k8s.types.input.apps.v1.DaemonSetSpec {
  const { identity, readsResourceSlices, memory } = args;
  return {
    selector: { matchLabels: selectorLabels(identity) },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
    template: {
      metadata: { labels: commonLabels(identity), annotations: args.annotations },
      spec: {
        serviceAccountName: args.serviceAccountName,
        automountServiceAccountToken: readsResourceSlices,
        enableServiceLinks: false,
        priorityClassName: "system-node-critical",
        // GPU nodes are tainted, and a sick one more so.
        tolerations: [{ operator: "Exists" }],
        affinity: onGpuNodes(),
        ...(args.runtimeClassName === undefined ? {} : { runtimeClassName: args.runtimeClassName }),
        securityContext: { seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: identity.name,
            image: args.image ?? images.dcgmExporter,
            env: environment(args),
            ports: [{ name: "metrics", containerPort: args.port }],
            // DCGM needs half a minute on a node with 8 GPUs.
            startupProbe: { httpGet: { path: "/health", port: "metrics" }, periodSeconds: 10, failureThreshold: 12 },
            readinessProbe: { httpGet: { path: "/health", port: "metrics" }, periodSeconds: 10 },
            // It answers 200 while DCGM hangs: alerts on frozen values are what notices that.
            livenessProbe: { httpGet: { path: "/health", port: "metrics" }, periodSeconds: 30, failureThreshold: 4 },
            resources: { requests: { cpu: args.cpu, memory }, limits: { memory } },
            securityContext: securityContext(args.profile),
            volumeMounts: [
              { name: "counters", mountPath: COUNTERS, readOnly: true },
              { name: "pod-resources", mountPath: POD_RESOURCES, readOnly: true },
              { name: "all-gpus", mountPath: "/var/run/nvidia-container-devices/all" },
              { name: "tmp", mountPath: "/tmp" },
            ],
          },
        ],
        volumes: [
          { name: "counters", configMap: { name: args.counterFile.configMap } },
          { name: "pod-resources", hostPath: { path: POD_RESOURCES, type: "Directory" } },
          // How an unprivileged pod asks for every GPU where the runtime does not believe the variable, as on Bottlerocket.
          { name: "all-gpus", hostPath: { path: "/dev/null" } },
          { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
        ],
      },
    },
  };
}

function environment({ intervalMilliseconds, readsResourceSlices, counterFile, port }: DaemonSetArgs) {
  const values: Record<string, string> = {
    DCGM_EXPORTER_LISTEN: `:${port}`,
    DCGM_EXPORTER_COLLECTORS: `${COUNTERS}/${counterFile.key}`,
    DCGM_EXPORTER_INTERVAL: String(intervalMilliseconds),
    DCGM_EXPORTER_KUBERNETES: "true",
    // Cards and, with MIG, their instances. By default a divided card shows its instances only, so not its own health.
    DCGM_EXPORTER_DEVICES_STR: "g+i",
    // Not KUBERNETES_VIRTUAL_GPUS: each pod that shares a GPU would get the whole card's values, and sums count it many times.
    ...(readsResourceSlices ? { KUBERNETES_ENABLE_DRA: "true" } : {}),
    NVIDIA_VISIBLE_DEVICES: "all",
    NVIDIA_DRIVER_CAPABILITIES: "utility,compute",
  };
  return [
    ...Object.entries(values).map(([name, value]) => ({ name, value })),
    { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  ];
}

/** Root, because the kubelet's socket and the driver's devices are root's; but without root's capabilities. */
function securityContext(profile: Profile): k8s.types.input.core.v1.SecurityContext {
  return {
    runAsUser: 0,
    runAsGroup: 0,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"], ...(needsProfiling(profile) ? { add: ["SYS_ADMIN"] } : {}) },
  };
}
