import { isAlertingRule, type RuleGroup } from "../../components/prometheus/rules/rule";
import type { Input } from "./promtool";

/** Labels of vLLM's series, besides those of the pod. */
export const LABELS = 'job="vllm", cluster="c1", namespace="chat", model_name="llama", engine="0"';

/** What one server of a model says. */
export function serving({
  pod = "llm-a",
  more = "",
  generation = "0x0",
  prompt = "0x0",
  running = "0x0",
  waiting = "0x0",
  kv = "0x0",
}): Input {
  const labels = `{${LABELS}, instance="${pod}", pod="${pod}", workload="llm"${more && `, ${more}`}}`;
  return {
    [`vllm:generation_tokens_total${labels}`]: generation,
    [`vllm:prompt_tokens_total${labels}`]: prompt,
    [`vllm:num_requests_running${labels}`]: running,
    [`vllm:num_requests_waiting${labels}`]: waiting,
    [`vllm:kv_cache_usage_perc${labels}`]: kv,
  };
}

/** Some of the rules as one group: promtool evaluates groups in any order, and an alert may come before what it uses. */
export const onlyRules = (groups: readonly RuleGroup[], ...names: string[]): RuleGroup[] => [
  {
    name: "rules",
    scope: "global",
    rules: groups
      .flatMap(({ rules }) => rules)
      .filter((rule) => names.includes(isAlertingRule(rule) ? rule.alert : rule.record)),
  },
];
