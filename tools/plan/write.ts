import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import type { Crd } from "../../crds/release";
import { UserError } from "../cli/errors";
import type { Plan } from "./makePlan";
import type { KubernetesObject } from "./manifests";
import { htmlReport } from "./report";

/** Marks a folder that a plan wrote and may replace. Not YAML, so `kubectl apply -f` passes it over. */
const MARKER = ".gpu-observability-plan";

/** Where the operator's definitions go: `kubectl apply -f` of the folder above passes it over. */
export const CRDS_FOLDER = "crds";

/** One object as YAML. Long lines stay whole: a folded expression or JSON text is unreadable in a diff. */
export function manifestYaml(object: KubernetesObject | Crd): string {
  return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Refuses to replace what somebody else put there. */
export function checkOut(out: string): void {
  if (!existsSync(out)) return;
  let files: string[];
  try {
    files = readdirSync(out);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOTDIR") throw error;
    throw new UserError(`${out} is a file`, "name a folder that does not exist yet");
  }
  if (files.length === 0 || files.includes(MARKER)) return;
  throw new UserError(`${out} holds files that no plan wrote`, "name another folder, or empty it");
}

/**
 * Writes the manifests and the report to `out`, replacing an earlier plan as a whole: an interrupted run leaves either
 * the old folder or the new one. `crds` go to a folder of their own inside it.
 *
 * Throws a {@link UserError} when `out` holds anything else.
 */
export function writePlan(plan: Plan, out: string, crds: readonly Crd[] = []): void {
  const target = path.resolve(out);
  checkOut(target);
  mkdirSync(path.dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}.new`;
  const replaced = `${target}.${process.pid}.old`;
  try {
    mkdirSync(temporary);
    for (const { file, object } of plan.writable) writeFileSync(path.join(temporary, file), manifestYaml(object));
    if (crds.length > 0) mkdirSync(path.join(temporary, CRDS_FOLDER));
    for (const crd of crds) {
      writeFileSync(path.join(temporary, CRDS_FOLDER, `${crd.metadata.name}.yaml`), manifestYaml(crd));
    }
    writeFileSync(path.join(temporary, "report.html"), htmlReport(plan));
    writeFileSync(path.join(temporary, MARKER), `${plan.stack}\n`);
    if (existsSync(target)) renameSync(target, replaced);
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    rmSync(replaced, { recursive: true, force: true });
  }
}
