import * as pulumi from "@pulumi/pulumi";
import { jobs } from "../../prometheus/jobs";
import type { AlertingRule, RecordingRule, RuleGroup } from "../../prometheus/rules/rule";
import { le } from "../../prometheus/scrape/buckets";
import { bucketEdge, type Latency, vllmLatencies } from "../workloads/latencies";
import { BY_MODEL, MODEL, theModel, vllm } from "./inferenceSeries";

/** What a model should do, for most of its requests. */
export interface InferenceSlo {
  /** Models by their name, as a regular expression. Default: all. */
  model?: string;
  /** Namespaces, as a regular expression. Default: all. */
  namespace?: string;
  /**
   * `timeToFirstToken`, `interTokenLatency` or `endToEndLatency`: the time stays within `thresholdSeconds`. `availability`:
   * requests do not end in an error of the engine; not of NIM, whose documents do not tell errors from what clients cancelled.
   */
  kind: string;
  /** Seconds; an edge of a bucket of the histogram. Not for `availability`. */
  thresholdSeconds?: number;
  /** The share of requests, of tokens with `interTokenLatency`, that must be good over 30 days; 0.94 or more, and less than 1. */
  objective: number;
  /**
   * Whether a fast burn of the budget wakes somebody (`InferenceSloBurn`, critical). If not, there is only the warning of a burn
   * that goes on for a day or longer (`InferenceSloBurnSlow`). Default: true.
   */
  page?: boolean;
}

/**
 * judgement: what people who read along put up with, on edges that vLLM has. Long prompts and large models are slower when all is
 * well, so nobody is woken for times that nobody chose.
 */
export const defaultSlos: readonly InferenceSlo[] = [
  { kind: "timeToFirstToken", thresholdSeconds: 2.5, objective: 0.95, page: false },
  { kind: "interTokenLatency", thresholdSeconds: 0.1, objective: 0.95, page: false },
  { kind: "availability", objective: 0.999 },
];

const REQUESTS = "model_slo:inference_requests:rate5m";
const BUDGET_USED = "model_slo:inference_budget_used:rate5m";
const GOOD = "model_slo:inference_good:ratio_rate1h";

/** The fastest burn that is alerted on. With an objective below 0.931, not even a total failure would reach it. */
const FASTEST = 14.4;
const LEAST_OBJECTIVE = 0.94;

type Kind = Latency | "availability";

/** An objective that can be measured: its kind is one of those. */
type MeasurableSlo = InferenceSlo & { kind: Kind };

const kindNames: Record<Kind, string> = {
  timeToFirstToken: "first token",
  interTokenLatency: "each token",
  endToEndLatency: "answer",
  availability: "no errors",
};

/** The label `slo`, which tells objectives apart and is read by people. */
function nameOf({ kind, thresholdSeconds, objective, model, namespace }: MeasurableSlo): string {
  const within = thresholdSeconds === undefined ? "" : ` within ${thresholdSeconds} s`;
  const of = model === undefined ? "" : ` of ${model}`;
  const where = namespace === undefined ? "" : ` in ${namespace}`;
  return `${kindNames[kind]}${within} for ${Number((objective * 100).toFixed(4))} %${of}${where}`;
}

const pages = ({ page = true }: InferenceSlo) => page;

function refuse(propertyPath: string, reason: string): never {
  throw new pulumi.InputPropertyError({ propertyPath, reason });
}

function checked(slo: InferenceSlo, path: string): MeasurableSlo {
  const kind = (Object.keys(kindNames) as Kind[]).find((known) => known === slo.kind);
  if (kind === undefined) {
    refuse(`${path}.kind`, `'${slo.kind}' is none of ${Object.keys(kindNames).join(", ")}`);
  }
  if (!(slo.objective >= LEAST_OBJECTIVE && slo.objective < 1)) {
    refuse(
      `${path}.objective`,
      `${slo.objective} is not from ${LEAST_OBJECTIVE} to below 1: no alert could fire, or each failure would`,
    );
  }
  if ((slo.kind === "availability") !== (slo.thresholdSeconds === undefined)) {
    refuse(`${path}.thresholdSeconds`, slo.kind === "availability" ? "availability has no threshold" : "is missing");
  }
  return { ...slo, kind };
}

/** Requests per second, all and those that were good. */
function ratesOf(slo: MeasurableSlo, path: string): { all: string; good: string } {
  const matchers = [
    ...(slo.model === undefined ? [] : [`model_name=~${JSON.stringify(slo.model)}`]),
    ...(slo.namespace === undefined ? [] : [`namespace=~${JSON.stringify(slo.namespace)}`]),
  ];
  const rate = (metric: string, ...more: string[]) => `rate(${vllm(metric, [...matchers, ...more].join(", "))}[5m])`;
  const sum = (...rates: string[]) => `sum by (${BY_MODEL}) (${rates.join(" or ")})`;
  if (slo.kind === "availability") {
    // NIM counts as failures all that ended neither by itself nor by its length, also what clients cancelled.
    const measured = `job!="${jobs.nim}"`;
    const all = rate("request_success_total", measured);
    return {
      all: sum(all),
      // 0, should there be nothing but errors.
      good: sum(rate("request_success_total", measured, 'finished_reason!="error"'), `0 * ${all}`),
    };
  }
  const { metric, older } = vllmLatencies[slo.kind];
  const edge = bucketEdge(vllmLatencies[slo.kind], slo.thresholdSeconds ?? Number.NaN, `${path}.thresholdSeconds`);
  const names = [metric, ...(older === undefined ? [] : [older])].map((name) => name.replace(/^vllm:/, ""));
  return {
    all: sum(...names.map((name) => rate(`${name}_count`))),
    good: sum(...names.map((name) => rate(`${name}_bucket`, `le=~"${le(edge)}"`))),
  };
}

function recordsOf(slo: MeasurableSlo, path: string): RecordingRule[] {
  const { all, good } = ratesOf(slo, path);
  const budget = Number((1 - slo.objective).toFixed(6));
  const labels = { slo: nameOf(slo), page: String(pages(slo)) };
  const ofSlo = `{slo=${JSON.stringify(labels.slo)}}[1h]`;
  return [
    { record: REQUESTS, expr: all, labels },
    // Bad requests by how many may be bad, so that one alert suits all objectives.
    { record: BUDGET_USED, expr: `clamp_min(${all} - ${good}, 0) / ${budget}`, labels },
    {
      record: GOOD,
      expr: `1 - ${budget} * sum_over_time(${BUDGET_USED}${ofSlo}) / (sum_over_time(${REQUESTS}${ofSlo}) > 0)`,
      labels,
    },
  ];
}

const HOURS: Record<string, number> = { "1h": 1, "6h": 6, "1d": 24, "3d": 72 };

/** judgement: of fewer requests, chance decides. */
const LEAST_REQUESTS = 100;

const burn = (window: string, matchers: string) =>
  `sum_over_time(${BUDGET_USED}${matchers}[${window}]) / (sum_over_time(${REQUESTS}${matchers}[${window}]) > 0)`;

/**
 * How many times faster than evenly over 30 days the budget is used up: the long window says that it matters, the short one
 * that it has not ended (Google, The Site Reliability Workbook, chapter 5). `known` is how long ago there must have
 * been data: the first requests of a server are slow, and are all that is known of it.
 */
const burns = (times: number, long: string, short: string, known: string, matchers = "") => {
  const enough = `avg_over_time(${REQUESTS}${matchers}[${long}]) * ${3_600 * (HOURS[long] ?? 0)} > ${LEAST_REQUESTS}`;
  const history = `present_over_time(${REQUESTS}${matchers}[1h] offset ${known})`;
  return `(${burn(long, matchers)} > ${times} and ${burn(short, matchers)} > ${times} and ${enough} and ${history})`;
};

const PAGING = '{page="true"}';

const fastBurn: AlertingRule = {
  alert: "InferenceSloBurn",
  // 2 % of a month's budget in an hour, 5 % in six.
  expr: `${burns(FASTEST, "1h", "5m", "30m", PAGING)} or ${burns(6, "6h", "30m", "2h", PAGING)}`,
  for: "2m",
  severity: "critical",
  owner: "workload",
  summary: `${MODEL} misses its objective by far: {{ $labels.slo }}.`,
  description: `${MODEL} uses up what its objective ({{ $labels.slo }}) allows {{ printf "%.1f" $value }} times faster than evenly, over an hour or over six, and it has not ended: at this pace the budget of 30 days is gone in five days or sooner.`,
};

const alerts: AlertingRule[] = [
  {
    alert: "InferenceSloBurnSlow",
    // A tenth of the budget in a day, or in three; three days only where rules are evaluated over a store that has them.
    expr: `${burns(3, "1d", "2h", "6h")} or ${burns(1, "3d", "6h", "30h")}`,
    for: "1h",
    severity: "warning",
    owner: "workload",
    summary: `${MODEL} has missed its objective for a day or longer: {{ $labels.slo }}.`,
    description: `${MODEL} has used up what its objective ({{ $labels.slo }}) allows {{ printf "%.1f" $value }} times faster than evenly, over a day or over three, and still does: the budget of 30 days will not do.`,
  },
  {
    alert: "InferenceSloUnmeasured",
    expr: `${REQUESTS} > 0 unless on (${BY_MODEL}, slo) ${BUDGET_USED}`,
    for: "30m",
    severity: "warning",
    owner: "platform",
    summary: `Nobody can say whether ${theModel} meets its objective: {{ $labels.slo }}.`,
    description: `${MODEL} has {{ printf "%.2f" $value }} requests per second, and no bucket of its histogram ends at the threshold of its objective ({{ $labels.slo }}): its engine has other buckets, and no alert on this objective can fire.`,
  },
];

/**
 * Rules for objectives of models. One set of alerts serves all, told apart by the label `slo`.
 * @throws InputPropertyError for an objective that could not be measured or alerted on, or that is there twice.
 */
export function sloRules(wanted: readonly InferenceSlo[] = defaultSlos, propertyPath = "slos"): RuleGroup[] {
  const slos = wanted.map((slo, index) => checked(slo, `${propertyPath}[${index}]`));
  slos.forEach((slo, index) => {
    const before = slos.findIndex((other) => nameOf(other) === nameOf(slo));
    if (before !== index) refuse(`${propertyPath}[${index}]`, `is the same as ${propertyPath}[${before}]`);
  });
  const records = slos.flatMap((slo, index) => recordsOf(slo, `${propertyPath}[${index}]`));
  if (records.length === 0) return [];
  return [
    {
      name: "gpu-inference-slos",
      scope: "global",
      rules: [...records, ...(slos.some(pages) ? [fastBurn] : []), ...alerts],
    },
  ];
}
