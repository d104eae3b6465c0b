import { type Row, statistics } from "../measure";
import type { Episode } from "./evaluate";
import { messages, type TraceScore } from "./score";

const RECALL_TARGET = 95;
const PRECISION_TARGET = 90;

const one = (what: string, unit: Row["unit"], value: number, limit: Pick<Row, "atLeast"> = {}): Row => ({
  what,
  unit,
  ...limit,
  ...statistics([value]),
});

const percent = (part: number, whole: number) => (whole === 0 ? 100 : (100 * part) / whole);

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

const sum = (scores: readonly TraceScore[], of: (score: TraceScore) => number) =>
  scores.reduce((total, score) => total + of(score), 0);

/** `n4, n5` where it is about nodes, else the workload. */
const placesOf = (episodes: readonly Episode[]) =>
  [...new Set(episodes.map(({ labels }) => labels.node ?? labels.workload ?? labels.failure_domain ?? "the cluster"))]
    .sort()
    .join(", ");

const minutesOf = (episodes: readonly Episode[]) => {
  const begins = episodes.map(({ minutes }) => minutes[0] ?? 0);
  const first = Math.min(...begins);
  const last = Math.max(...begins);
  return first === last ? `${first}` : `${first} to ${last}`;
};

const byAlert = (episodes: readonly Episode[]) => groupBy(episodes, ({ labels }) => labels.alertname ?? "");

function falseAlarmRows(scores: readonly TraceScore[]): Row[] {
  return scores.flatMap(({ trace, falseAlarms }) =>
    [...byAlert(falseAlarms)].map(([alert, episodes]) =>
      one(
        `false: ${alert} in trace ${trace}, minute ${minutesOf(episodes)}, of ${placesOf(episodes)}`,
        "alerts",
        episodes.length,
      ),
    ),
  );
}

function classRows(scores: readonly TraceScore[]): Row[] {
  const classes = groupBy(
    scores.flatMap(({ faults }) => faults),
    ({ fault }) => fault.name,
  );
  return [...classes].map(([name, faults]): Row => {
    const told = faults.flatMap(({ toldAt, fault }) => (toldAt === undefined ? [] : [toldAt - fault.from]));
    const after = told.length === 0 ? "" : `, after ${[...told].sort((a, b) => a - b).join(" and ")} min`;
    return one(
      `recall of "${name}": ${told.length} of ${faults.length}${after}`,
      "%",
      percent(told.length, faults.length),
    );
  });
}

/** What came out, with each miss and each false alarm. */
export function faultRows(scores: readonly TraceScore[]): Row[] {
  const faults = scores.flatMap((score) => score.faults);
  const told = faults.filter(({ toldAt }) => toldAt !== undefined);
  const missed = faults.filter(({ toldAt }) => toldAt === undefined);
  const alerts = sum(scores, ({ notifications }) => notifications.length);
  const wrong = sum(scores, ({ falseAlarms }) => falseAlarms.length);
  const sent = sum(scores, ({ notifications }) => messages(notifications).length);
  const wronglySent = sum(scores, ({ falseAlarms }) => messages(falseAlarms).length);
  const informed = sum(scores, (score) => score.informed);
  const informedOfNothing = sum(scores, (score) => score.informedOfNothing.length);
  return [
    one(
      `recall: ${told.length} of ${faults.length} faults in ${scores.length} traces`,
      "%",
      percent(told.length, faults.length),
      {
        atLeast: RECALL_TARGET,
      },
    ),
    one(
      `precision: ${alerts - wrong} of ${alerts} notified critical alerts and warnings`,
      "%",
      percent(alerts - wrong, alerts),
      {
        atLeast: PRECISION_TARGET,
      },
    ),
    one(
      `precision of messages, as Alertmanager groups them: ${sent - wronglySent} of ${sent}`,
      "%",
      percent(sent - wronglySent, sent),
    ),
    one(
      "notified critical alerts and warnings for each fault",
      "alerts",
      (alerts - wrong) / Math.max(1, faults.length),
    ),
    one(
      "critical alerts and warnings that were inhibited",
      "alerts",
      sum(scores, ({ inhibited }) => inhibited),
    ),
    one("information, not counted above", "alerts", informed),
    one("information that belongs to no fault", "alerts", informedOfNothing),
    ...classRows(scores),
    ...missed.map(({ trace, fault }) =>
      one(
        `missed: "${fault.name}" in trace ${trace}, minute ${fault.from}, of ${fault.uuids.join(", ") || fault.nodes.join(", ") || [...fault.workloads].join(", ")}`,
        "alerts",
        0,
      ),
    ),
    ...falseAlarmRows(scores),
  ];
}
