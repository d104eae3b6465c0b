import type { RuleContext } from "../../prometheus/rules/rule";
import type { Profile } from "../signals";

/** What the rules about GPUs depend on. */
export interface GpuRuleContext extends RuleContext {
  profile: Profile;
  /** How often the exporters are scraped, in seconds. */
  scrapeSeconds: number;
  /** Whether which pod holds a GPU is known; it is not where pods share GPUs. */
  podsKnown: boolean;
}
