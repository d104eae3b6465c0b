import type { RuleGroup } from "../../prometheus/rules/rule";
import type { GpuRuleContext } from "./context";
import { signal } from "./expressions";
import { BY_MODEL, MODEL, theModel, vllm } from "./inferenceSeries";
import { WAITING } from "./workloadsRecorded";

/** One engine of a server; with data parallelism a server has several. */
const BY_ENGINE = "cluster, namespace, pod, model_name, engine";
const byEngine = (expr: string) => `sum by (${BY_ENGINE}) (${expr})`;

/**
 * What an engine that works does, whatever it is for: one that only embeds or classifies generates no tokens, and one that only
 * decodes reads no prompts.
 */
const progress = ["generation_tokens_total", "prompt_tokens_total", "request_success_total"]
  .map((metric) => `${byEngine(`rate(${vllm(metric)}[5m])`)} > 0`)
  .join(" or ");

/** Engines with requests that do nothing for them. Those that were started within the window are not known well enough. */
const stuck =
  `(${byEngine(vllm("num_requests_running"))} > 0 unless on (${BY_ENGINE}) (${progress})` +
  ` and on (${BY_ENGINE}) ${byEngine(`${vllm("num_requests_running")} offset 5m`)} > 0)`;

/** Whether all GPUs of a pod run kernels. */
const busy = `min by (cluster, namespace, pod) (${signal("DCGM_FI_DEV_GPU_UTIL", 'pod!=""')}) >= ${WAITING.util}`;
const onPod = "on (cluster, namespace, pod)";

const hung: RuleGroup["rules"] = [
  {
    alert: "ModelHung",
    // Nothing finishes and yet kernels run: a collective or a kernel that waits. An engine whose clients gave up is idle.
    expr: `${stuck} and ${onPod} ${busy}`,
    for: "5m",
    severity: "critical",
    owner: "workload",
    action: "restart-workload",
    summary: "{{ $labels.pod }} in {{ $labels.namespace }} hangs with requests for {{ $labels.model_name }}.",
    description:
      "Pod {{ $labels.pod }} in namespace {{ $labels.namespace }}{{ with $labels.engine }}, engine {{ . }},{{ end }} has {{ $value }} requests for model {{ $labels.model_name }}, and for 10 minutes has read no prompt, made no token and finished nothing, while its GPUs run kernels without a pause: they wait for each other or for ever.",
  },
];

const withoutProgress = (podsKnown: boolean): RuleGroup["rules"] => [
  {
    alert: "ModelNoProgress",
    expr: podsKnown ? `${stuck} unless ${onPod} ${busy}` : stuck,
    for: "15m",
    severity: "warning",
    owner: "workload",
    action: "restart-workload",
    summary: "{{ $labels.pod }} in {{ $labels.namespace }} does nothing for requests for {{ $labels.model_name }}.",
    description:
      "Pod {{ $labels.pod }} in namespace {{ $labels.namespace }}{{ with $labels.engine }}, engine {{ . }},{{ end }} says that it works on {{ $value }} requests for model {{ $labels.model_name }}, and for 20 minutes has read no prompt, made no token and finished nothing: it is stuck, or its clients are gone and nobody told its gauges.",
  },
];

const ended = (reason = "") => `sum by (${BY_MODEL}) (increase(${vllm("request_success_total", reason)}[10m]))`;

/** judgement: five requests are more than one client's bad luck. */
const AT_LEAST = 5;

const requests: RuleGroup["rules"] = [
  {
    alert: "ModelRequestsFailing",
    // The engine's own errors; it answers 500. judgement: 5 %.
    expr: `${ended('finished_reason="error"')} / ${ended()} > 0.05 and on (${BY_MODEL}) ${ended('finished_reason="error"')} > ${AT_LEAST}`,
    for: "10m",
    severity: "warning",
    owner: "workload",
    summary: `${MODEL} fails requests.`,
    description: `{{ $value | humanizePercentage }} of the requests to ${theModel} ended in an error of the engine in the last 10 minutes, such as a KV cache that could not be loaded: clients got an error 500.`,
  },
  {
    alert: "ModelRequestsAborted",
    // judgement: people close windows, and programs have time limits; a fifth is neither.
    expr: `${ended('finished_reason="abort"')} / ${ended()} > 0.2 and on (${BY_MODEL}) ${ended('finished_reason="abort"')} > ${AT_LEAST}`,
    for: "15m",
    severity: "warning",
    owner: "workload",
    summary: `Clients of ${theModel} give up.`,
    description: `{{ $value | humanizePercentage }} of the requests to ${theModel} were given up by their clients in the last 10 minutes: answers take longer than clients wait, or a client is broken.`,
  },
];

export const inferenceFailureGroup = ({ podsKnown }: GpuRuleContext): RuleGroup => ({
  name: "gpu-inference-failures",
  scope: "global",
  rules: [...(podsKnown ? hung : []), ...withoutProgress(podsKnown), ...requests],
});
