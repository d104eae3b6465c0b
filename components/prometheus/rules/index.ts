import * as pulumi from "@pulumi/pulumi";
import { prometheusRuleResource } from "../../kubernetes/customResources";
import { commonLabels } from "../../kubernetes/labels";
import { generalRules } from "./general";
import { ruleFile } from "./rule";

/** Arguments of {@link PlatformRules}. */
export interface PlatformRulesArgs {
  /** The namespace of the Prometheus that evaluates them. */
  namespace: pulumi.Input<string>;
}

/** Every group of rules that the platform ships. */
export const platformRuleGroups = [generalRules];

/**
 * The rules that the platform ships, as PrometheusRule resources.
 *
 * ```typescript
 * new PlatformRules("platform-rules", { namespace: "monitoring" }, { provider });
 * ```
 */
export class PlatformRules extends pulumi.ComponentResource {
  constructor(name: string, args: PlatformRulesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu-observability:index:PlatformRules", name, {}, opts);
    const labels = commonLabels({ name: "prometheus-rules", instance: name, component: "alerting" });
    for (const group of platformRuleGroups) {
      const ruleName = `${name}-${group.name}`;
      prometheusRuleResource(
        ruleName,
        { metadata: { name: ruleName, namespace: args.namespace, labels }, spec: ruleFile([group]) },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
