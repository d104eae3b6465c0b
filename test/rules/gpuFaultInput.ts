import type { GpuRuleContext } from "../../components/gpu/rules";
import { lifecycleRules } from "../../components/gpu/rules/lifecycle";
import { ownerRules } from "../../components/gpu/rules/owners";
import { xidEventRules } from "../../components/gpu/rules/xidEvents";
import type { Profile } from "../../components/gpu/signals";
import type { RuleGroup } from "../../components/prometheus/rules/rule";
import { asOne, type Card, card } from "./gpuCardFixtures";
import { type Input, inputSeries, promtool } from "./promtool";

/** What rules are made of. */
export const context = (profile: Profile = "health"): GpuRuleContext => ({
  namespace: "monitoring",
  profile,
  scrapeSeconds: 60,
  podsKnown: true,
});

/** Rules together with those that they build on. */
export const withBase = (groups: readonly RuleGroup[]): RuleGroup[] =>
  asOne([...lifecycleRules(), ...ownerRules(), ...xidEventRules(), ...groups]);

/** How often a GPU reported a code within the exporter's window. */
export const xid = (code: number, at: string, of: Card = {}): Input => ({
  [card("DCGM_EXP_XID_ERRORS_COUNT", of, `xid="${code}"`)]: at,
});

/** One event of a code after ten minutes. */
export const once = (code: number, of: Card = {}): Input => event(code, 10, of);

/** An event of a code, seen for five minutes from then on. */
export const event = (code: number, minute: number, of: Card = {}): Input => xid(code, `_x${minute} 1x4 stale`, of);

export const energy = (at: string, of: Card = {}): Input => ({
  [card("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", of)]: at,
});

/** When a node was booted, in minutes; promtool's time begins at 0. */
export const boot = (at: string, node = "n1"): Input => ({
  [`node_boot_time_seconds{job="node-exporter", cluster="c1", instance="${node}", node="${node}"}`]: at,
});

/** A series of kube-state-metrics in the cluster of the GPUs. */
export const kube = (metric: string, labels: string) =>
  `${metric}{cluster="c1", job="kube-state-metrics", instance="10.0.0.7:8080", ${labels}}`;

/** A node as kube-state-metrics knows it. */
export const knownNode = (node = "n1", at = "1x300"): Input => ({ [kube("kube_node_info", `node="${node}"`)]: at });

/** A node that is cordoned. */
export const cordoned = (at = "1x300", node = "n1"): Input => ({
  ...knownNode(node),
  [kube("kube_node_spec_unschedulable", `node="${node}"`)]: at,
  [kube("kube_node_status_capacity", `node="${node}", resource="nvidia_com_gpu"`)]: "8x300",
});

/** Who holds a GPU, or an instance of one: pods that are workloads of their own. */
export const held = (pod: string, at: string, of: Card = {}, instance = ""): Input => ({
  [card(
    "DCGM_FI_DEV_FB_USED",
    of,
    `namespace="ml", pod="${pod}", container="main"${instance && `, GPU_I_ID="${instance}"`}`,
  )]: at,
});

/** How many instances of which alerts fire at a moment. */
export interface Moment {
  at: string;
  firing: Record<string, number>;
}

/** Declares a test of what fires when something happens, moment by moment: exactly this, and nothing else. */
export function proveStory(groups: readonly RuleGroup[], why: string, input: Input, moments: readonly Moment[]): void {
  it(why, () =>
    promtool(groups, [
      {
        interval: "1m",
        input_series: inputSeries(input),
        promql_expr_test: moments.map(({ at, firing }) => ({
          expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: at,
          exp_samples: Object.entries(firing).map(([alert, value]) => ({ labels: `{alertname="${alert}"}`, value })),
        })),
      },
    ]),
  );
}
