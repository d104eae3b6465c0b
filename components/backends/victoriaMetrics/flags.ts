import type { VictoriaMetricsArgs } from "./args";
import { DEDUP_INTERVAL, leastStorageNodes } from "./shape";

/** What every program has. */
export const COMMON_FLAGS = [
  "-loggerFormat=json",
  // Without it they neither listen nor dial on clusters whose pods have IPv6 addresses.
  "-enableTCP6",
] as const;

/** For what has clients behind a Service: it says that it goes before it does. */
export const GRACEFUL = "-http.shutdownDelay=5s";

/** The directory of the data of storage nodes and of the single server. */
export const STORAGE_PATH = "/storage";

/** The directory with the licence. */
export const LICENCE_PATH = "/etc/licence";
export const LICENCE_FILE = "licence";

export const storageNodesOf = ({ replicationFactor = 2, storageNodes }: VictoriaMetricsArgs): number =>
  storageNodes ?? leastStorageNodes(replicationFactor);

/** Mebibytes of `50Gi`. */
function mebibytes(quantity: string): number {
  const [, count = "", unit = ""] = /^([0-9]+)(Mi|Gi|Ti)$/.exec(quantity) ?? [];
  const factor = { Mi: 1, Gi: 1024, Ti: 1024 * 1024 }[unit];
  if (factor === undefined) throw new Error(`'${quantity}' must be a whole number and Mi, Gi or Ti`);
  return Number(count) * factor;
}

/** A share of an amount, in VictoriaMetrics' notation. */
export const shareOf = (quantity: string, share: number): string => `${Math.floor(mebibytes(quantity) * share)}MiB`;

const dedup = ({ dedupInterval = DEDUP_INTERVAL }: VictoriaMetricsArgs) => `-dedup.minScrapeInterval=${dedupInterval}`;

const licence = ({ licence: key }: VictoriaMetricsArgs): string[] =>
  key === undefined ? [] : [`-licenseFile=${LICENCE_PATH}/${LICENCE_FILE}`];

const downsampling = ({ downsampling: periods = [] }: VictoriaMetricsArgs): string[] =>
  periods.map((period) => `-downsampling.period=${period}`);

/** Of whatever keeps samples, of which there are `nodes`. */
export function storageFlags(args: VictoriaMetricsArgs, nodes: number): string[] {
  const { storage = {}, minFreeDiskSpace } = args;
  const volume = storage.volumeSize ?? storage.ephemeralStorageSize ?? "1Gi";
  const limit = (series: number | undefined) => (series === undefined ? -1 : seriesOfNode(args, nodes, series));
  return [
    `-storageDataPath=${STORAGE_PATH}`,
    // With its unit: a number alone would be months.
    `-retentionPeriod=${args.retentionDays}d`,
    dedup(args),
    // Its own default, 100 MB, is less than one merge writes. A tenth is a judgement: queries still work, new samples go elsewhere.
    `-storage.minFreeDiskSpaceBytes=${minFreeDiskSpace === undefined ? shareOf(volume, 0.1) : shareOf(minFreeDiskSpace, 1)}`,
    `-storage.maxHourlySeries=${limit(args.maxHourlySeries)}`,
    `-storage.maxDailySeries=${limit(args.maxDailySeries)}`,
    // What a backup that was killed left behind would hold its disk space for ever.
    "-snapshotsMaxAge=2d",
    ...downsampling(args),
    ...(args.retentionFilters ?? []).map((filter) => `-retentionFilter=${filter}`),
    ...licence(args),
  ];
}

/** A node's share of a limit: with the copies that it holds, those of a neighbour that is away, and a fifth because none is even [judgement]. */
function seriesOfNode({ replicationFactor = 2 }: VictoriaMetricsArgs, nodes: number, series: number): number {
  if (nodes === 1) return series;
  return Math.ceil(((series * replicationFactor) / (nodes - 1)) * 1.2);
}

/** Of whatever takes samples. */
export const insertFlags = ({
  maxLabelsPerSeries = 70,
  maxLabelValueLength = 4_096,
}: VictoriaMetricsArgs): string[] => [
  `-maxLabelsPerTimeseries=${maxLabelsPerSeries}`,
  `-maxLabelValueLen=${maxLabelValueLength}`,
];

const maxSeries = ({ maxSeriesPerQuery = 1_000_000 }: VictoriaMetricsArgs) =>
  `-search.maxUniqueTimeseries=${maxSeriesPerQuery}`;

/** Of whatever answers queries, with so much memory. */
export const searchFlags = (args: VictoriaMetricsArgs, memory: string): string[] => [
  `-search.maxQueryDuration=${args.queryTimeout ?? "2m"}`,
  maxSeries(args),
  // Four at once fit; by default one alone may take everything [judgement].
  `-search.maxMemoryPerQuery=${shareOf(memory, 0.25)}`,
];

/** Of vmselect besides: what a storage node does for the single server itself. */
export const selectFlags = (args: VictoriaMetricsArgs): string[] => [
  dedup(args),
  `-replicationFactor=${args.replicationFactor ?? 2}`,
  `-search.denyPartialResponse=${args.denyPartialResponse ?? false}`,
  ...downsampling(args),
  ...licence(args),
];

/** The limit that vmselect cannot exceed. */
export const storageSearchFlags = (args: VictoriaMetricsArgs): string[] => [maxSeries(args)];
