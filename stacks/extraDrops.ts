import * as pulumi from "@pulumi/pulumi";
import { type ExtraDrop, extraDropRelabelings } from "../components/capacity/extraDrops";

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !pulumi.Output.isInstance(value);

const asList = (value: unknown): Fields[] => (Array.isArray(value) ? value : []);

/** Has the steps taken after all of an endpoint's or a ScrapeConfig's own. */
function withDrops(scrape: Fields, steps: readonly object[]): Fields {
  return { ...scrape, metricRelabelings: [...asList(scrape.metricRelabelings), ...steps] };
}

/**
 * Drops metrics at every scrape of the jobs that the settings name: one transformation of the whole stack, so that no scrape is
 * forgotten, and that the plan shows it. A ServiceMonitor is named by its job; a ScrapeConfig says it.
 */
export function applyExtraDrops(drops: readonly ExtraDrop[]): void {
  if (drops.length === 0) return;
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
    const { metadata, spec } = props as { metadata?: unknown; spec?: unknown };
    if (!isFields(spec) || !isFields(metadata)) return undefined;
    if (type.endsWith(":ServiceMonitor")) {
      const steps = extraDropRelabelings(drops, String(metadata.name));
      const endpoints = asList(spec.endpoints).map((endpoint) => withDrops(endpoint, steps));
      return steps.length === 0 ? undefined : { props: { ...props, spec: { ...spec, endpoints } }, opts };
    }
    if (type.endsWith(":ScrapeConfig")) {
      const steps = extraDropRelabelings(drops, String(spec.jobName));
      return steps.length === 0 ? undefined : { props: { ...props, spec: withDrops(spec, steps) }, opts };
    }
    return undefined;
  });
}
