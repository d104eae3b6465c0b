import type { AlertingRule } from "../../prometheus/rules/rule";
import { type XidAction, xidPattern, xids } from "../xid";
import { inService } from "./expressions";
import { latched } from "./xidEvents";

/** What automation is told, for NVIDIA's immediate actions. `none` is what only people can do, or nothing. */
const words: Record<XidAction, string> = {
  none: "none",
  restartWorkload: "restart-workload",
  resetGpu: "reset-gpu",
  rebootNode: "reboot-node",
  restartVm: "reboot-node",
  drainAndReset: "drain-node",
  checkLinks: "check-links",
  checkMemoryMode: "none",
  checkMechanicals: "none",
  updateSoftware: "none",
  contactSupport: "none",
  followRecoveryAction: "none",
};

/** GPUs of GA100, the generation for which the table has actions of its own. */
const AMPERE = ".*A(100|800|30)([- ].*)?";

const entries = (codes: readonly number[]) => xids.filter(({ code }) => codes.includes(code));

/** What all codes agree in. */
function agreed<Field extends "severity" | "owner">(codes: readonly number[], field: Field) {
  const [value, ...others] = new Set(entries(codes).map((xid) => xid[field]));
  if (value === undefined || others.length > 0) throw new Error(`XIDs ${codes.join(", ")} do not agree in ${field}`);
  return value;
}

/** Adds the label `action`. */
export const withAction = (expr: string, action: string) => `label_replace(${expr}, "action", "${action}", "", "")`;

/** Whose codes do not agree in the action have it as a label of each series; `select` gives the series of codes and models. */
export function byAction(
  codes: readonly number[],
  select: (codes: string, matchers?: string) => string = latched,
): { expr: string; action?: string } {
  const selected = new Map<string, string[]>();
  const add = (action: XidAction, code: number, matchers: string) => {
    const chosen = `${words[action]};${matchers}`;
    selected.set(chosen, [...(selected.get(chosen) ?? []), `${code}`]);
  };
  for (const { code, action, generations } of entries(codes)) {
    const onAmpere = generations?.ampere?.action;
    if (onAmpere === undefined) add(action, code, "");
    else {
      add(action, code, `modelName!~"${AMPERE}"`);
      add(onAmpere, code, `modelName=~"${AMPERE}"`);
    }
  }
  const arms = [...selected].map(([chosen, ofThem]) => {
    const [action = "", matchers = ""] = chosen.split(";");
    return { action, expr: select(ofThem.join("|"), matchers) };
  });
  const [first, ...others] = arms;
  if (first !== undefined && others.length === 0) return first;
  return { expr: arms.map(({ action, expr }) => withAction(expr, action)).join(" or ") };
}

/** The code and NVIDIA's name for it, in a text of an alert that has the label `xid`. */
export function xidAndName(codes: readonly number[]): string {
  const [only, ...others] = entries(codes);
  if (only !== undefined && others.length === 0) return `XID ${only.code} (${only.name})`;
  const names = entries(codes).map(({ code, name }) => `if eq $labels.xid "${code}" }}${name}`);
  return `XID {{ $labels.xid }} ({{ ${names.join("{{ else ")}{{ end }})`;
}

/** Of the last day only: what does not break the GPU, and of which nobody is told when it is over [judgement]. */
export const ofLastDay = (expr: string) => `(${expr}) > time() - 86400`;

/** A GPU in the text of an alert. */
export const GPU = "GPU {{ $labels.gpu }} ({{ $labels.UUID }}, {{ $labels.modelName }}) of node {{ $labels.node }}";

/** So that no page goes out in the moment in which it is not known whether the node is out of service [judgement]. */
export const LATCHED_FOR = "1m";

/** What an alert on XIDs says, beside what the table says. */
export interface XidAlertTexts {
  alert: string;
  codes: readonly number[];
  summary: string;
  description: string;
}

/** An alert for each GPU and code, as urgent and for whom the table says. What breaks a GPU holds until it is reset. */
export function xidAlert({ alert, codes, summary, description }: XidAlertTexts): AlertingRule {
  const severity = agreed(codes, "severity");
  const { expr, action } = byAction(codes);
  return {
    alert,
    expr: inService(severity === "critical" ? expr : ofLastDay(expr)),
    ...(severity === "critical" ? { for: LATCHED_FOR } : {}),
    severity,
    owner: agreed(codes, "owner"),
    ...(action === undefined ? {} : { action }),
    summary,
    description,
  };
}

/** Events of these codes that are not over. */
export const latchedCodes = (codes: readonly number[], matchers = "") => latched(xidPattern(codes), matchers);
