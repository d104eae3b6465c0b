import path from "node:path";
import { redact } from "../engine";
import type { Plan } from "./makePlan";

/** What `--json` prints; a documented format, so keys stay. `out` is the folder that was written, if any. */
export function planAsJson(plan: Plan, out: string | undefined): string {
  const document = {
    resources: plan.resources.map(({ urn, type, name, parent, provider, inputs }) => ({
      urn,
      type,
      name,
      parent,
      provider,
      inputs: redact(inputs),
    })),
    manifests: plan.writable.map(({ file }) => (out === undefined ? file : path.join(out, file))),
    capacity: plan.capacity,
    problems: plan.problems,
    unknown: plan.unknown,
    secrets: plan.secrets,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
