import { type Profile, profiles, signals, signalsOf } from "../../components/gpu/signals";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { isAlertingRule } from "../../components/prometheus/rules/rule";
import { table } from "./markdown";

/** How many rules of the fullest profile ask for a metric. */
function usesOf(metric: string): { alerts: number; records: number } {
  const asks = new RegExp(`\\b${metric}\\b`);
  const rules = platformRuleGroups({ gpuProfile: "profiling" })
    .flatMap((group) => group.rules)
    .filter(({ expr }) => asks.test(expr));
  const alerts = rules.filter(isAlertingRule).length;
  return { alerts, records: rules.length - alerts };
}

function useInWords(metric: string, keptFor: string | undefined): string {
  const { alerts, records } = usesOf(metric);
  const counted = [
    ...(alerts > 0 ? [`${alerts} ${alerts === 1 ? "alert" : "alerts"}`] : []),
    ...(records > 0 ? [`${records} recorded`] : []),
  ];
  return counted.length > 0 ? counted.join(", ") : (keptFor ?? "");
}

const seriesOf = (profile: Profile) => signalsOf(profile).reduce((sum, { seriesPerGpu }) => sum + seriesPerGpu, 0);

/** The generated part of docs/signals.md: what each profile has, and every signal. */
export function signalReference(): string {
  const overview = profiles.map((profile) => [
    profile,
    String(signalsOf(profile).length),
    String(seriesOf(profile)),
    profile === "profiling" ? "SYS_ADMIN" : "none",
    `[counters-${profile}.csv](counters/counters-${profile}.csv)`,
  ]);
  const rows = signals.map(({ metric, type, subject, profile, seriesPerGpu, help, otherName, note = "", keptFor }) => [
    `\`${metric}\``,
    profile,
    type,
    subject,
    String(seriesPerGpu),
    help,
    otherName === undefined ? "" : `\`${otherName.name}\`${otherName.factor === 1 ? "" : ` × ${otherName.factor}`}`,
    useInWords(metric, keptFor),
    note,
  ]);
  return [
    "## Profiles",
    "",
    ...table(["Profile", "Metrics", "Series per healthy H100", "Capability", "Counter file"], overview),
    "",
    "## Signals",
    "",
    ...table(
      ["Metric", "From profile", "Type", "Of", "Series per H100", "Says", "Elsewhere called", "Asked for by", "Note"],
      rows,
    ),
    "",
  ].join("\n");
}
