/**
 * How much is collected; each has everything of the one before. `essential`: whether GPUs are there, sick, hot, used and by
 * whom. `health`: also why, early. `profiling`: also how well they are used, by hardware counters that need the capability
 * SYS_ADMIN and that Nsight needs for itself alone.
 */
export const profiles = ["essential", "health", "profiling"] as const;

export type Profile = (typeof profiles)[number];

/**
 * What the series are of. `device`: the card, whoever uses it; they carry no labels of pods, so that a new pod makes no new
 * series. `work`: what runs on it; they carry `namespace`, `pod` and `container` of the pod that holds the GPU, and with MIG
 * they are of the instance.
 */
export type Subject = "device" | "work";

/** One metric of dcgm-exporter. The type, what it is of and how many series it has decide all that is generated from it. */
export interface Signal {
  /** The name in the counter file, which is the name in Prometheus. */
  metric: string;
  type: "gauge" | "counter";
  /** What it says, with the unit; the counter file's third column, so without a comma. */
  help: string;
  subject: Subject;
  /** The least profile that collects it. */
  profile: Profile;
  /** Series per healthy GPU of an HGX H100 without MIG; what others add is in `note`. */
  seriesPerGpu: number;
  /** Labels of its own that are kept beside those of the GPU. Default: none. */
  labels?: string[];
  /** Series with these values of a label, regular expressions, are not stored. Default: all are. */
  without?: Record<string, string>;
  /** Its name in other releases of DCGM, with which exporters that others configure may come. */
  otherName?: OtherName;
  /** Why it is collected although no rule asks for it. */
  keptFor?: string;
  /** On which GPUs it is not there, and other traps. */
  note?: string;
}

/** A metric's name elsewhere. */
export interface OtherName {
  name: string;
  /** What a value under the other name must be multiplied with to have this signal's unit. */
  factor: number;
}
