import { type Profile, type Signal, signalsOf } from "../gpu/signals";
import { type EngineName, engineJob, engines } from "../gpu/workloads/engines";
import { jobs } from "../prometheus/jobs";
import {
  API_SERVER,
  CADVISOR,
  CORE_DNS,
  EFA_EXPORTER,
  HEAD_HOURS,
  KUBE_STATE_METRICS,
  KUBELET,
  KUEUE,
  NODE_EXPORTER,
  PER_TARGET,
  PLATFORM,
  RECORDED,
  STORE_PROCESS,
} from "./coefficients";
import { type CompletePool, completePool, gpusOf, type NodePool } from "./fleet";

/** What is watched, with everything that decides how many series there are. */
export interface Monitored {
  /** The nodes at most. */
  fleet: readonly NodePool[];
  /** What is collected of GPUs. Default: GPUs are not watched. */
  gpuProfile?: Profile;
  /** Whether several pods may hold one GPU: no series names a pod then, and none ends with one. */
  sharedGpus: boolean;
  /** Whether nodes, objects, kubelets and the API server are scraped. */
  clusterMetrics: boolean;
  /** Servers of models that are scraped. */
  engines: readonly EngineName[];
  kueue: boolean;
  efa: boolean;
  /** Groups into which the targets are split; kube-state-metrics is in each. */
  shards: number;
  /** Identical servers of each shard. */
  replicas: number;
  /** Pods of the queriers, the Alertmanagers and the rulers. */
  queriers: number;
  alertmanagers: number;
  rulers: number;
  /** Pods of long-term stores besides the queriers, by their label `job`. Default: there are none. */
  storeProcesses?: readonly { job: string; pods: number }[];
  /** What all teams together may bring. */
  teamSeries: number;
}

/** The series of one source, in all shards together and once for all replicas. */
export interface SourceSeries {
  /** Its name: the job's, if there is one. */
  name: string;
  /** The values of the label `job`; none for what is not scraped. */
  jobs: string[];
  /** Targets; of what is not scraped, 0. */
  targets: number;
  /** Series that there are at one moment. */
  active: number;
  /** Those of the largest target. */
  largestTarget: number;
  /** Series that are new each day because pods come and go. */
  newPerDay: number;
}

const sumOver = <Item>(items: readonly Item[], value: (item: Item) => number) =>
  items.reduce((sum, item) => sum + value(item), 0);

/** Figures that are the same for each of so many targets. */
const alike = (name: string, perTarget: number, targets: number, ofJobs = [name]): SourceSeries => ({
  name,
  jobs: ofJobs,
  targets,
  active: perTarget * targets,
  largestTarget: targets > 0 ? perTarget : 0,
  newPerDay: 0,
});

/** One target on each node. */
function onNodes(
  name: string,
  pools: readonly CompletePool[],
  perNode: (pool: CompletePool) => number,
  newPerDay: (pool: CompletePool) => number = () => 0,
): SourceSeries {
  return {
    name,
    jobs: [name],
    targets: sumOver(pools, ({ nodes }) => nodes),
    active: sumOver(pools, (pool) => pool.nodes * perNode(pool)),
    largestTarget: Math.max(0, ...pools.map(perNode)),
    newPerDay: sumOver(pools, newPerDay),
  };
}

const seriesOf = (signals: readonly Signal[]) => sumOver(signals, ({ seriesPerGpu }) => seriesPerGpu);

/** Series of one GPU: what is of the work that runs is there for each MIG instance. */
function perGpu(profile: Profile, { migInstancesPerGpu }: CompletePool) {
  const signals = signalsOf(profile);
  const work = seriesOf(signals.filter(({ subject }) => subject === "work")) * Math.max(1, migInstancesPerGpu);
  return { all: seriesOf(signals.filter(({ subject }) => subject === "device")) + work, work };
}

/** Pods with GPUs that start in a day. */
const gpuPodsPerDay = ({ nodes, gpusPerNode, gpusPerPod, placementsPerGpuPerDay }: CompletePool) =>
  (nodes * gpusPerNode * placementsPerGpuPerDay) / gpusPerPod;

function gpuSources({ gpuProfile, sharedGpus, efa }: Monitored, pools: readonly CompletePool[]): SourceSeries[] {
  const withGpus = pools.filter(({ gpusPerNode }) => gpusPerNode > 0);
  const dcgm = (profile: Profile) =>
    onNodes(
      jobs.dcgmExporter,
      withGpus,
      (pool) => pool.gpusPerNode * perGpu(profile, pool).all,
      (pool) =>
        sharedGpus ? 0 : pool.nodes * pool.gpusPerNode * perGpu(profile, pool).work * pool.placementsPerGpuPerDay,
    );
  return [
    ...(gpuProfile === undefined ? [] : [dcgm(gpuProfile)]),
    ...(efa
      ? [
          onNodes(
            jobs.efaExporter,
            pools.filter(({ rdmaDevicesPerNode }) => rdmaDevicesPerNode > 0),
            ({ rdmaDevicesPerNode }) => rdmaDevicesPerNode * EFA_EXPORTER.perDevice,
          ),
        ]
      : []),
  ];
}

const nodeExporter = (pool: CompletePool) =>
  NODE_EXPORTER.base +
  NODE_EXPORTER.hardware +
  NODE_EXPORTER.fileSystems +
  pool.cpusPerNode * NODE_EXPORTER.perCpu +
  pool.disksPerNode * NODE_EXPORTER.perDisk +
  pool.networkDevicesPerNode * NODE_EXPORTER.perNetworkDevice +
  pool.rdmaDevicesPerNode * NODE_EXPORTER.perRdmaDevice;

const cadvisorPod = ({ containersPerPod }: CompletePool) => CADVISOR.perPod + containersPerPod * CADVISOR.perContainer;

const statePod = ({ containersPerPod }: CompletePool) =>
  (KUBE_STATE_METRICS.perPod + containersPerPod * KUBE_STATE_METRICS.perContainer) * KUBE_STATE_METRICS.otherObjects;

function clusterSources({ shards }: Monitored, pools: readonly CompletePool[]): SourceSeries[] {
  const objects = sumOver(
    pools,
    (pool) => pool.nodes * (KUBE_STATE_METRICS.perNode + pool.podsPerNode * statePod(pool)),
  );
  return [
    onNodes(jobs.nodeExporter, pools, nodeExporter),
    onNodes(
      jobs.cadvisor,
      pools,
      (pool) => CADVISOR.base + pool.podsPerNode * cadvisorPod(pool),
      (pool) => gpuPodsPerDay(pool) * cadvisorPod(pool),
    ),
    onNodes(jobs.kubelet, pools, ({ podsPerNode }) => KUBELET.base + podsPerNode * KUBELET.perPod),
    {
      ...alike(jobs.kubeStateMetrics, objects, shards),
      // Another target is its page about itself.
      targets: 2 * shards,
      active: (objects + KUBE_STATE_METRICS.itself) * shards,
      newPerDay: shards * sumOver(pools, (pool) => gpuPodsPerDay(pool) * statePod(pool)),
    },
    alike(jobs.apiServer, API_SERVER.perInstance, API_SERVER.instances),
    alike(jobs.coreDns, CORE_DNS.perPod, CORE_DNS.pods),
  ];
}

/** The name of the source that all servers of models are together: which engine runs how often, a fleet does not say. */
export const INFERENCE = "inference";

/** The name of the source that the platform's own parts are. */
export const PLATFORM_SOURCE = "platform";

function workloadSources({ engines: names, kueue }: Monitored, pools: readonly CompletePool[]): SourceSeries[] {
  const perReplica = Math.max(0, ...names.map((name) => engines[name].seriesPerReplica.stored));
  const replicas = sumOver(pools, ({ inferenceReplicas }) => inferenceReplicas);
  const inference = alike(INFERENCE, perReplica, replicas, names.map(engineJob));
  return [
    // Each is replaced once a day [judgement].
    ...(names.length > 0 ? [{ ...inference, newPerDay: inference.active }] : []),
    ...(kueue ? [alike(jobs.kueue, KUEUE.series, 1)] : []),
  ];
}

function platformSource(monitored: Monitored): SourceSeries {
  const { shards, replicas, queriers, alertmanagers, rulers, storeProcesses = [] } = monitored;
  const storePods = sumOver(storeProcesses, ({ pods }) => pods);
  const active =
    shards * replicas * PLATFORM.prometheus +
    queriers * PLATFORM.querier +
    alertmanagers * PLATFORM.alertmanager +
    rulers * PLATFORM.ruler +
    storePods * STORE_PROCESS +
    PLATFORM.operator;
  return {
    name: PLATFORM_SOURCE,
    jobs: [
      jobs.prometheus,
      jobs.prometheusSidecar,
      jobs.alertmanager,
      jobs.prometheusOperator,
      jobs.thanosQuery,
      jobs.thanosRuler,
      ...storeProcesses.map(({ job }) => job),
    ],
    // Sidecars and reloaders have pages of their own.
    targets: 3 * shards * replicas + queriers + 2 * (alertmanagers + rulers) + storePods + 1,
    active,
    largestTarget: PLATFORM.prometheus,
    newPerDay: 0,
  };
}

const unscraped = (name: string, active: number): SourceSeries => ({ ...alike(name, 0, 0, []), active });

/** Every source of series, of the fleet at its largest. */
export function seriesBySource(monitored: Monitored): SourceSeries[] {
  const pools = monitored.fleet.map(completePool);
  const nodes = sumOver(pools, (pool) => pool.nodes);
  const scraped = [
    ...gpuSources(monitored, pools),
    ...(monitored.clusterMetrics ? clusterSources(monitored, pools) : []),
    ...workloadSources(monitored, pools),
    platformSource(monitored),
  ];
  const gpus = monitored.gpuProfile === undefined ? 0 : gpusOf(monitored.fleet);
  return [
    ...scraped,
    unscraped("recorded", gpus * RECORDED.perGpu + (monitored.clusterMetrics ? nodes * RECORDED.perNode : 0)),
    unscraped("targets", sumOver(scraped, ({ targets }) => targets) * PER_TARGET),
    unscraped("teams", monitored.teamSeries),
  ];
}

/** Active series of all sources. */
export const activeSeries = (sources: readonly SourceSeries[]): number => sumOver(sources, ({ active }) => active);

/**
 * Series that Prometheus holds in memory: the active ones, and those that ended in the last hours. In all shards together, once
 * for all replicas.
 */
export const headSeries = (sources: readonly SourceSeries[]): number =>
  activeSeries(sources) + sumOver(sources, ({ newPerDay }) => newPerDay * (HEAD_HOURS / 24));
