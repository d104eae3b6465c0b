import { cardSignals } from "./card";
import { faultSignals } from "./faults";
import { linkSignals } from "./links";
import { memorySignals } from "./memory";
import { type Profile, profiles, type Signal } from "./signal";
import { useSignals } from "./use";

export { type Profile, profiles, type Signal, type Subject } from "./signal";

const catalogue = [...cardSignals, ...memorySignals, ...linkSignals, ...faultSignals, ...useSignals] as const;

/** The name of a metric that is collected: whoever asks for another one does not compile. */
export type SignalName = (typeof catalogue)[number]["metric"];

/** The catalogue: everything that is known about the metrics of dcgm-exporter. What is not here is not stored. */
export const signals: readonly Signal[] = catalogue;

/** The signals that a profile collects. */
export const signalsOf = (profile: Profile): Signal[] =>
  signals.filter((signal) => profiles.indexOf(signal.profile) <= profiles.indexOf(profile));

/** Whether a profile reads the GPU's hardware counters, for which the exporter needs SYS_ADMIN. */
export const needsProfiling = (profile: Profile): boolean =>
  signalsOf(profile).some(({ metric }) => isProfiling(metric));

const isProfiling = (metric: string) => metric.startsWith("DCGM_FI_PROF_");
