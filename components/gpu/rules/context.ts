import type { RuleContext } from "../../prometheus/rules/rule";
import type { Profile } from "../signals";
import type { InferenceSlo } from "./slo";

/** What the rules about GPUs depend on. */
export interface GpuRuleContext extends RuleContext {
  profile: Profile;
  /** How often the exporters are scraped, in seconds. */
  scrapeSeconds: number;
  /** The longest interval of what the rules read beside that: evaluations, kube-state-metrics. Default: `scrapeSeconds`. */
  slowestSeconds?: number;
  /** Whether which pod holds a GPU is known; it is not where pods share GPUs. */
  podsKnown: boolean;
}

/** What else the rules about what uses GPUs depend on. */
export interface WorkloadRuleContext {
  /** Whether servers of models are scraped, and what they should do. */
  inference: boolean;
  slos: readonly InferenceSlo[];
  /** Whether Kueue is scraped. */
  kueue: boolean;
  /** Whether an EFA exporter is scraped. */
  efa: boolean;
}
