import type { RuleContext, RuleGroup } from "../rule";
import { cacheGroup } from "./caches";
import { ringStoreBlockGroups } from "./ringStoreBlocks";
import { ringStoreWriteGroups } from "./ringStoreWrites";
import { noneReady, ofJobs, PROCESS, percent, statefulSetsNoneReady } from "./selectors";

/** Mimir or Cortex: both have the same parts, and metrics that begin with `cortex_`. */
export interface RingStore extends RuleContext {
  /** What alerts begin with. */
  title: string;
  /** What the names of its workloads begin with. */
  job: string;
}

/** Rules about Mimir or Cortex: alerts, groups and jobs begin with the store's name. */
export const ringStoreRules = (store: RingStore): RuleGroup[] => [
  workloads(store),
  rings(store),
  queries(store),
  ...ringStoreWriteGroups(store),
  ...ringStoreBlockGroups(store),
  cacheGroup({ title: store.title, store: store.job, namespace: store.namespace }),
];

function workloads({ title, job, namespace }: RingStore): RuleGroup {
  // With zones, one of them may be away.
  const needed = `${job}|${job}-(gateway|distributor|ingester|store-gateway|querier|query-frontend|query-scheduler|ruler)`;
  const zones = `label_replace(${statefulSetsNoneReady(namespace, `${job}-(ingester|store-gateway)-zone-.+`)}, "part", "$1", "workload", "${job}-(.+)-zone-.+")`;
  return {
    name: `${job}-workloads`,
    scope: "shard",
    rules: [
      {
        alert: `${title}ComponentDown`,
        expr: noneReady(namespace, needed),
        for: "10m",
        severity: "critical",
        summary: "No replica of {{ $labels.workload }} is ready.",
        description: `{{ $labels.workload }} has had {{ $value }} ready replicas for 10 minutes: ${title} takes nothing that is written, or answers no query.`,
      },
      {
        alert: `${title}ZonesDown`,
        // Of three copies two must be there.
        expr: `count by (cluster, namespace, part) (${zones}) > 1`,
        for: "5m",
        severity: "critical",
        summary: `Several zones of the {{ $labels.part }}s of ${title} are down.`,
        description: `{{ $value }} zones have had no ready {{ $labels.part }} for 5 minutes: with two of three copies away, ${title} refuses writes or answers no query.`,
      },
    ],
  };
}

function rings({ title, job, namespace }: RingStore): RuleGroup {
  const all = ofJobs(`${job}-.+`, namespace);
  const members = `memberlist_client_cluster_members_count{${all}}`;
  return {
    name: `${job}-rings`,
    // Each process sees the rings for itself.
    scope: "global",
    rules: [
      {
        alert: `${title}RingMembersUnhealthy`,
        expr: `max by (cluster, namespace, name) (sum by (${PROCESS}, name) (cortex_ring_members{${all}, state="Unhealthy"})) > 0`,
        for: "15m",
        severity: "warning",
        summary: "Members of the ring {{ $labels.name }} are unhealthy.",
        description:
          "{{ $value }} members of the ring {{ $labels.name }} have sent no heartbeat for 15 minutes: they count as a copy that is away, and with a second one requests fail.",
      },
      {
        alert: `${title}MemberlistSplit`,
        expr: `max by (cluster, namespace) (${members}) - on (cluster, namespace) group_right () max by (${PROCESS}) (${members}) > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} does not see all others.",
        description:
          "{{ $labels.pod }} sees {{ $value }} members fewer than another process does: it reads and writes by rings that are not the others', and what it does goes to the wrong places.",
      },
      {
        alert: `${title}RuntimeConfigNotLoaded`,
        expr: `cortex_runtime_config_last_reload_successful{${all}} == 0`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot load the limits of tenants.",
        description:
          "{{ $labels.pod }} has refused the limits of tenants for 10 minutes and runs on with the old ones; after a restart it would not start.",
      },
    ],
  };
}

function queries({ title, job, namespace }: RingStore): RuleGroup {
  const requests = (suffix: string, labels: string, more = "") =>
    `sum by (${labels}) (rate(cortex_request_duration_seconds_${suffix}{${ofJobs(`${job}-query-frontend`, namespace)}, route=~"(prometheus|api_prom)_api_v1_.+"${more}}[5m]))`;
  return {
    name: `${job}-queries`,
    scope: "global",
    rules: [
      {
        alert: `${title}QueryErrors`,
        expr: `${percent(requests("count", "cluster, namespace", ', status_code=~"5.."'), requests("count", "cluster, namespace"))} > 5`,
        for: "10m",
        severity: "warning",
        summary: `${title} fails to answer queries.`,
        description: `{{ printf "%.0f" $value }} % of the queries to ${title} in {{ $labels.namespace }} end in a server error: dashboards, and rules that ask it, get no answer.`,
      },
      {
        alert: `${title}QueriesSlow`,
        // As with Thanos: above 20 s dashboards are unusable, and one slow query is no trend.
        expr: `histogram_quantile(0.9, ${requests("bucket", "cluster, namespace, le")}) > 20 and ${requests("count", "cluster, namespace")} > 0.02`,
        for: "15m",
        severity: "warning",
        summary: `${title} answers slowly.`,
        description: `A tenth of the queries to ${title} in {{ $labels.namespace }} take longer than {{ printf "%.0f" $value }} s: dashboards are unusable, and other queries wait for a place.`,
      },
    ],
  };
}
