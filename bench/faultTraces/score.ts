import { type Episode, GROUP_INTERVAL } from "./evaluate";
import type { Fault, PlayedTrace } from "./trace";

/** What became of a fault. */
export interface FaultScore {
  trace: string;
  fault: Fault;
  /** When the first of its alerts was notified or, of information, fired; undefined: not in time. */
  toldAt: number | undefined;
  /** Critical alerts and warnings that were notified and belong to it. */
  notifications: Episode[];
}

/** What was said of a trace. */
export interface TraceScore {
  trace: string;
  faults: FaultScore[];
  /** Critical alerts and warnings that were notified and belong to no fault. */
  falseAlarms: Episode[];
  /** Notified critical alerts and warnings. */
  notifications: Episode[];
  /** Of severity `info`: all, and those that belong to no fault. */
  informed: number;
  informedOfNothing: Episode[];
  /** Critical alerts and warnings that fired and were inhibited. */
  inhibited: number;
}

/** How long after its end a fault may still be spoken of: windows of rules of an hour. */
const AFTERMATH = 60;

function isAbout({ labels }: Episode, fault: Fault): boolean {
  const { UUID, node, namespace, workload, failure_domain } = labels;
  if (fault.nodes.length > 0 && UUID !== undefined && fault.uuids.length > 0) return fault.uuids.includes(UUID);
  if (fault.nodes.length > 0 && node !== undefined) return fault.nodes.includes(node);
  if (workload !== undefined) return fault.workloads.has(`${namespace}/${workload}`);
  if (failure_domain !== undefined) return fault.rack === failure_domain;
  return node === undefined;
}

const began = ({ minutes }: Episode) => minutes[0] ?? Number.POSITIVE_INFINITY;

/** Whether an alert speaks of a fault: its name, what it is about, and when. */
export function belongs(episode: Episode, fault: Fault): boolean {
  const name = episode.labels.alertname ?? "";
  const from = began(episode);
  return (
    [...fault.expected, ...fault.companions].includes(name) &&
    from >= fault.from &&
    from <= fault.until + AFTERMATH &&
    isAbout(episode, fault)
  );
}

const isInfo = ({ labels }: Episode) => labels.severity === "info";

/** Alerts that Alertmanager tells of in one message: of one name and namespace, from within five minutes. */
export function messages(episodes: readonly Episode[]): Episode[][] {
  const groups: Episode[][] = [];
  const ordered = [...episodes].sort((a, b) => began(a) - began(b));
  for (const episode of ordered) {
    const { alertname, namespace } = episode.labels;
    const group = groups.find(
      ([first]) =>
        first !== undefined &&
        first.labels.alertname === alertname &&
        first.labels.namespace === namespace &&
        began(episode) - began(first) < GROUP_INTERVAL,
    );
    if (group) group.push(episode);
    else groups.push([episode]);
  }
  return groups;
}

/** `fired` are all episodes, `sent` those that no inhibition silenced, from when on. */
export function score({ name, faults }: PlayedTrace, fired: readonly Episode[], sent: readonly Episode[]): TraceScore {
  const urgent = sent.filter((episode) => !isInfo(episode));
  const informed = sent.filter(isInfo);
  const isFalse = (episode: Episode) => !faults.some((fault) => belongs(episode, fault));
  return {
    trace: name,
    faults: faults.map((fault) => {
      const telling = sent
        .filter((episode) => belongs(episode, fault) && fault.expected.includes(episode.labels.alertname ?? ""))
        .map(began);
      const first = Math.min(...telling);
      return {
        trace: name,
        fault,
        toldAt: first <= fault.from + fault.within ? first : undefined,
        notifications: urgent.filter((episode) => belongs(episode, fault)),
      };
    }),
    falseAlarms: urgent.filter(isFalse),
    notifications: urgent,
    informed: informed.length,
    informedOfNothing: informed.filter(isFalse),
    inhibited: fired.filter((episode) => !isInfo(episode)).length - urgent.length,
  };
}
