/** Nodes of one kind, as many as there will be at most: what is not said is assumed as for servers with eight GPUs. */
export interface NodePool {
  /** What people call the kind, such as the GPU's model: messages name the pool by it. Default: its place in the list. */
  name?: string;
  /** How many nodes. */
  nodes: number;
  /** GPUs of each; 0 for nodes without. */
  gpusPerNode: number;
  /** MIG instances of each GPU. Default: 0, MIG is off. */
  migInstancesPerGpu?: number;
  /** Logical CPUs of each. Default: 24 for each GPU, as of a p5.48xlarge, or 32 without GPUs. */
  cpusPerNode?: number;
  /** Default: 20. */
  podsPerNode?: number;
  /** Default: 1.5, sidecars on every second pod. */
  containersPerPod?: number;
  /** Local disks of each. Default: one, and another for each GPU. */
  disksPerNode?: number;
  /** InfiniBand ports or EFA devices of each. Default: one for each GPU of nodes with eight or more, else none. */
  rdmaDevicesPerNode?: number;
  /** Network interfaces of each, without those of pods. Default: two, and one for each RDMA device. */
  networkDevicesPerNode?: number;
  /** Servers of models that run on the pool altogether, each with one model. Default: 0. */
  inferenceReplicas?: number;
  /** GPUs of each pod that has any. Default: 2. */
  gpusPerPod?: number;
  /** How often a GPU gets another pod in a day. Default: 4. */
  placementsPerGpuPerDay?: number;
}

/** A pool about which nothing is open. */
export type CompletePool = Required<NodePool>;

/**
 * A pool with everything that was not said. CPUs, disks: p5.48xlarge has 192 CPUs, 8 GPUs, 8 disks. Pods, containers and
 * placements: gpu.md §3.3, where they are assumptions. Ports: one for each GPU is how HGX servers are built; a p5.48xlarge has
 * 32 EFA devices. GPUs of a pod: judgement, between servers of models and training with whole nodes.
 */
export function completePool(pool: NodePool, index = 0): CompletePool {
  const { gpusPerNode } = pool;
  const rdmaDevicesPerNode = pool.rdmaDevicesPerNode ?? (gpusPerNode >= 8 ? gpusPerNode : 0);
  return {
    name: pool.name ?? `fleet[${index}]`,
    nodes: pool.nodes,
    gpusPerNode,
    migInstancesPerGpu: pool.migInstancesPerGpu ?? 0,
    cpusPerNode: pool.cpusPerNode ?? (gpusPerNode > 0 ? 24 * gpusPerNode : 32),
    podsPerNode: pool.podsPerNode ?? 20,
    containersPerPod: pool.containersPerPod ?? 1.5,
    disksPerNode: pool.disksPerNode ?? 1 + gpusPerNode,
    rdmaDevicesPerNode,
    networkDevicesPerNode: pool.networkDevicesPerNode ?? 2 + rdmaDevicesPerNode,
    inferenceReplicas: pool.inferenceReplicas ?? 0,
    gpusPerPod: pool.gpusPerPod ?? 2,
    placementsPerGpuPerDay: pool.placementsPerGpuPerDay ?? 4,
  };
}

/** GPUs of all pools. */
export const gpusOf = (fleet: readonly NodePool[]): number =>
  fleet.reduce((sum, { nodes, gpusPerNode }) => sum + nodes * gpusPerNode, 0);
