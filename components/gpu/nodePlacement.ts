/**
 * Node labels by which a node says that it has an NVIDIA GPU, each by another hand; one of them is enough. Those of NVIDIA's
 * feature discovery, of node-feature-discovery, of Karpenter, of EKS Auto Mode, of GKE, and ours for anything else.
 */
const GPU_NODE_LABELS: readonly { key: string; operator: "In" | "Exists"; values?: string[] }[] = [
  { key: "nvidia.com/gpu.present", operator: "In", values: ["true"] },
  { key: "feature.node.kubernetes.io/pci-10de.present", operator: "In", values: ["true"] },
  { key: "feature.node.kubernetes.io/pci-0302_10de.present", operator: "In", values: ["true"] },
  { key: "karpenter.k8s.aws/instance-gpu-manufacturer", operator: "In", values: ["nvidia"] },
  { key: "eks.amazonaws.com/instance-gpu-manufacturer", operator: "In", values: ["nvidia"] },
  { key: "cloud.google.com/gke-accelerator", operator: "Exists" },
  { key: "gpu-observability/gpu", operator: "In", values: ["nvidia"] },
];

/** Affinity of pods that belong on every node with an NVIDIA GPU and on no other. */
export const onGpuNodes = () => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      // Terms are alternatives.
      nodeSelectorTerms: GPU_NODE_LABELS.map((expression) => ({ matchExpressions: [expression] })),
    },
  },
});
