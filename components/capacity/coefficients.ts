/**
 * How many series Prometheus stores of each thing, after the drop lists. "E2e" is the table of docs/measurements.md. What is
 * marked [judgement] nobody has measured: the alerts on budgets show where it is wrong.
 */

/**
 * node-exporter 1.12.1 with the flags and drop list of the platform: the base, CPUs and disks counted on a node with 2 CPUs (232
 * series in all), CPUs and ports also over the fixtures of its own source with 192 CPUs.
 */
export const NODE_EXPORTER = {
  /** Of a node that has nothing. */
  base: 176,
  /** Sensors and memory controllers of servers; virtual machines have none. 158 in the fixtures, which are of several. */
  hardware: 150,
  /** Five modes. */
  perCpu: 5,
  /** Ten of its load, six of what it is if it is NVMe. */
  perDisk: 16,
  /** Of one file system; nodes have about two, whatever disks there are [judgement]. */
  fileSystems: 2 * 9,
  /** Fourteen, and five allowances of EC2. */
  perNetworkDevice: 19,
  /** An InfiniBand port with every counter; others have 4 to 20. */
  perRdmaDevice: 28,
} as const;

/**
 * cAdvisor. Of a container: CPU 3, memory 3, out of memory 1, pressure 6, disks 4. Of a pod: its network interface 6, and 2 for
 * more. With 18 containers in 11 pods, that is 394; e2e has 413.
 */
export const CADVISOR = { base: 2, perPod: 8, perContainer: 17 } as const;

/** The kubelet. E2e: 103 with 11 pods. Volumes are 6 each; that each sixth pod has one is [judgement]. */
export const KUBELET = { base: 103, perPod: 1 } as const;

/**
 * kube-state-metrics. A pod with 1.5 containers has about 30, a node about 50 (limits in kubeStateMetrics.ts). For Deployments,
 * Jobs and the rest a fifth of what pods have [judgement]. Its page about itself is like the operator's [judgement].
 */
export const KUBE_STATE_METRICS = {
  itself: 476,
  perNode: 50,
  perPod: 15,
  perContainer: 10,
  otherObjects: 1.2,
} as const;

/** Each instance. E2e has 692 on a cluster of a day; with custom resources, webhooks and clients in use [judgement]. */
export const API_SERVER = { perInstance: 5_000, instances: 3 } as const;

/** Each pod. E2e: 43, without upstream servers or plugins; 200 is [judgement]. */
export const CORE_DNS = { perPod: 200, pods: 4 } as const;

/** The devices' counters after `efaDropList`. */
export const EFA_EXPORTER = { perDevice: 10 } as const;

/** Of Kueue: 16 buckets, and 14 others, for each of 100 queues [judgement]. */
export const KUEUE = { series: 3_000 } as const;

/**
 * The platform's own parts, by pod. E2e: Prometheus with reloader and sidecar 2835, querier 958, Alertmanager with reloader 526,
 * operator 476. Rulers are like queriers [judgement].
 */
export const PLATFORM = { prometheus: 2_835, querier: 958, alertmanager: 526, ruler: 958, operator: 476 } as const;

/**
 * A process of a long-term store. Idle on loopback: Thanos 457 (frontend) to 951 (ingestor), Cortex 433 (frontend) to 832 (ingester),
 * VictoriaMetrics 292 (vmauth) to 963 (single server); with tenants, routes and caches in use some more [judgement].
 */
export const STORE_PROCESS = 1_000;

/**
 * What rules record. GPUs: 21 rules over 10,000 GPUs made 107,000 series (gpu-corrections.md), the rules of the platform may
 * make 12 for each. Nodes: what is recorded of CPU, memory, disks and network [judgement].
 */
export const RECORDED = { perGpu: 12, perNode: 40 } as const;

/** What Prometheus says of each target itself: `up`, and seven that begin with `scrape_`. */
export const PER_TARGET = 8;

/** How long a series that has ended stays in the head of Prometheus at most, in hours: a block and a half. */
export const HEAD_HOURS = 3;
