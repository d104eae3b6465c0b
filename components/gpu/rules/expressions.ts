import { jobs } from "../../prometheus/jobs";
import type { SignalName } from "../signals";
import type { GpuRuleContext } from "./context";

/** Where a node is, and which one. `region` and `failure_domain` are there if the node's labels say so. */
export const BY_NODE = "cluster, region, failure_domain, node";

/** What fails together, of the nodes that say so: conditions on it need `failure_domain!=""`. */
export const BY_DOMAIN = "cluster, region, failure_domain";

/** DCGM counts memory in MiB. */
export const MIB = 1024 ** 2;

/** Which GPU. The index `gpu` is for people: it may shift when a card is gone; the UUID is what tells cards apart. */
export const BY_GPU = `${BY_NODE}, UUID, gpu, modelName`;

/** Joins of one GPU with itself. */
export const ON_GPU = "on (cluster, node, UUID)";

/** Joins with what is known of the node. */
export const ON_NODE = "on (cluster, node)";

// What a team scrapes from a Service of the same name has the label `service`.
const braces = (matchers: string) =>
  `{job="${jobs.dcgmExporter}", service=""${matchers === "" ? "" : `, ${matchers}`}}`;

/** The series of a signal as they are stored. */
export const signal = (metric: SignalName, matchers = "") => `${metric}${braces(matchers)}`;

/**
 * A signal as one value for each GPU, however it is divided and whoever holds it: of copies and instances the largest. So sums
 * count no GPU twice.
 */
export const perGpu = (metric: SignalName, matchers = "") => `max by (${BY_GPU}) (${signal(metric, matchers)})`;

/**
 * A signal as its last value for each GPU: also while the exporter leaves it out, by default for 15 minutes [judgement], which
 * is for what stays as it is until somebody acts.
 */
export const lastOfGpu = (metric: SignalName, window = "15m", matchers = "") =>
  `max by (${BY_GPU}) (last_over_time(${signal(metric, matchers)}[${window}]))`;

/** Longer than two failed scrapes in a row leave open. */
export const gap = ({ scrapeSeconds, slowestSeconds = 0 }: GpuRuleContext) =>
  `${Math.max(2, Math.ceil((4 * Math.max(scrapeSeconds, slowestSeconds)) / 60))}m`;

/**
 * Series, and the last values of those that are missing for a scrape or two: else each failed scrape starts the `for` of an alert
 * anew. What is there comes first, for what is recorded every two minutes may be older than the gap.
 */
export const bridged = (series: string, context: GpuRuleContext) =>
  `(${series} or last_over_time(${series}[${gap(context)}]))`;

/** Whether the exporter of a node answers. */
export const exporterUp = `up${braces("")}`;

/** One bit of a mask, PromQL having no operator for it: 1 where it is set. `bit` is its value, such as 64. */
export const bit = (mask: string, value: number) => `floor(${mask} / ${value}) % 2`;

/** The name of the series that is 1 for nodes that somebody has taken out of service. */
export const OUT_OF_SERVICE = "node:gpu_out_of_service:bool";

/** Without nodes that are cordoned, drained, reset or replaced: what is wrong there, somebody is at already. */
export const inService = (expr: string) => `(${expr}) unless ${ON_NODE} ${OUT_OF_SERVICE} == 1`;
