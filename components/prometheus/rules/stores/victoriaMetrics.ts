import { jobs } from "../../jobs";
import type { RuleContext, RuleGroup } from "../rule";
import { noneReady, ofJobs, PROCESS, percent } from "./selectors";
import { victoriaMetricsAgentGroups } from "./victoriaMetricsAgent";
import { victoriaMetricsStorageGroups } from "./victoriaMetricsStorage";

/** Rules about VictoriaMetrics: one process that does everything, or a cluster. */
export const victoriaMetricsRules = (context: RuleContext): RuleGroup[] => [
  workloads(context),
  ...victoriaMetricsStorageGroups(context),
  cluster(context),
  queries(context),
  ...victoriaMetricsAgentGroups(context),
];

function workloads({ namespace }: RuleContext): RuleGroup {
  const needed = [jobs.victoriaMetrics, jobs.vmstorage, jobs.vminsert, jobs.vmselect, jobs.vmauth];
  const reloaded = ofJobs([jobs.vmauth, jobs.vmagent, jobs.vmalert].join("|"), namespace);
  const loaded = ["vmauth_config", "vmalert_config", "vm_promscrape_config", "vmagent_relabel_config"];
  return {
    name: "victoria-metrics-workloads",
    scope: "shard",
    rules: [
      {
        alert: "VictoriaMetricsComponentDown",
        expr: noneReady(namespace, [...needed, jobs.vmagent, jobs.vmalert].join("|")),
        for: "10m",
        severity: "critical",
        summary: "No replica of {{ $labels.workload }} is ready.",
        description:
          "{{ $labels.workload }} has had {{ $value }} ready replicas for 10 minutes: VictoriaMetrics takes nothing that is written, or answers no query.",
      },
      {
        alert: "VictoriaMetricsConfigNotLoaded",
        expr: loaded.map((metric) => `${metric}_last_reload_successful{${reloaded}} == 0`).join(" or "),
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot load its configuration.",
        description:
          "{{ $labels.pod }} of job {{ $labels.job }} has refused its configuration for 10 minutes and runs on with the old one; after a restart it would not start.",
      },
    ],
  };
}

function cluster({ namespace }: RuleContext): RuleGroup {
  const vminsert = ofJobs(jobs.vminsert, namespace);
  const rate = (counter: string) => `sum by (${PROCESS}) (rate(vm_rpc_rows_${counter}_total{${vminsert}}[5m]))`;
  const unreachable = `vm_rpc_vmstorage_is_reachable{${vminsert}} == 0`;
  return {
    name: "victoria-metrics-cluster",
    scope: "shard",
    rules: [
      {
        alert: "VictoriaMetricsStorageNodeUnreachable",
        expr: unreachable,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} does not reach a vmstorage.",
        description:
          "{{ $labels.pod }} has not reached {{ $labels.addr }} for 10 minutes: the others take its part, and until they have it, all writes are slower.",
      },
      {
        alert: "VictoriaMetricsStorageNodesLost",
        // Two copies: with two nodes away some series are on neither, and new ones on too few.
        expr: `count by (${PROCESS}) (${unreachable}) > 1`,
        for: "5m",
        severity: "critical",
        summary: "{{ $labels.pod }} does not reach several vmstorages.",
        description:
          "{{ $labels.pod }} has not reached {{ $value }} vmstorages for 5 minutes: with two copies of each series some are on no node that answers, and writes may be refused.",
      },
      {
        alert: "VictoriaMetricsRerouting",
        // While one node restarts, its part goes elsewhere; 5 % is a judgement.
        expr: `${percent(rate("rerouted_from_here"), rate("pushed"))} > 5`,
        for: "30m",
        severity: "warning",
        summary: "{{ $labels.pod }} sends samples to other nodes than it should.",
        description:
          '{{ printf "%.0f" $value }} % of the samples of {{ $labels.pod }} have gone to another vmstorage for 30 minutes: that node is too slow or away, and series that are new to the others fill their indexes.',
      },
      {
        alert: "VictoriaMetricsRowsDropped",
        expr: `sum by (${PROCESS}, addr) (increase(vm_rpc_rows_dropped_on_overload_total{${vminsert}}[10m])) > 0`,
        for: "5m",
        severity: "critical",
        summary: "{{ $labels.pod }} drops samples.",
        description:
          '{{ $labels.pod }} dropped {{ printf "%.0f" $value }} samples in 10 minutes because {{ $labels.addr }} is overloaded: they are lost.',
      },
    ],
  };
}

function queries({ namespace }: RuleContext): RuleGroup {
  const asked = ofJobs([jobs.victoriaMetrics, jobs.vmselect].join("|"), namespace);
  const servers = ofJobs([jobs.victoriaMetrics, jobs.vmselect, jobs.vminsert].join("|"), namespace);
  const http = (counter: string) => `sum by (${PROCESS}, path) (rate(vm_http_${counter}_total{${servers}}[5m]))`;
  return {
    name: "victoria-metrics-queries",
    scope: "shard",
    rules: [
      {
        alert: "VictoriaMetricsRequestErrors",
        expr: `${percent(http("request_errors"), http("requests"))} > 5`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} fails to answer requests.",
        description:
          '{{ printf "%.0f" $value }} % of the requests to {{ $labels.path }} of {{ $labels.pod }} fail: dashboards get no answer, or senders must try again.',
      },
      {
        alert: "VictoriaMetricsPartialAnswers",
        expr: `sum by (${PROCESS}) (increase(vm_partial_results_total{${asked}}[10m])) > 0`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} answers from a part of the data.",
        description:
          '{{ printf "%.0f" $value }} answers of {{ $labels.pod }} in 10 minutes lacked what vmstorages that did not answer have: sums and counts over it are too small.',
      },
      {
        alert: "VictoriaMetricsQueriesTimedOut",
        expr: `increase(vm_concurrent_select_limit_timeout_total{${asked}}[10m]) > 0`,
        for: "15m",
        severity: "warning",
        summary: "{{ $labels.pod }} refuses queries because too many run.",
        description:
          '{{ printf "%.0f" $value }} queries waited in vain for a place on {{ $labels.pod }} in 10 minutes: dashboards get no answer.',
      },
    ],
  };
}
