import { jobs } from "../../jobs";
import type { RuleGroup } from "../rule";
import { age, noneReady, ofJobs, PROCESS, percent, statefulSetsNoneReady } from "./selectors";

/** Rules about receivers: routers take what is written, ingestors keep it, one workload in each zone. */
export const thanosReceiveGroups = (namespace: string): RuleGroup[] => {
  const receive = ofJobs(`${jobs.thanosReceive}(-.+)?`, namespace);
  return [writes(namespace, receive), ingestors(namespace, receive)];
};

function writes(namespace: string, receive: string): RuleGroup {
  const replications = (result = "") =>
    `sum by (${PROCESS}) (rate(thanos_receive_replications_total{${receive}${result}}[5m]))`;
  const requests = (codes = "") =>
    `sum by (${PROCESS}) (rate(http_requests_total{${receive}, handler="receive"${codes}}[5m]))`;
  return {
    name: "thanos-receive",
    scope: "shard",
    rules: [
      {
        alert: "ThanosReceiveDown",
        // Ingestors without zones are one workload.
        expr: noneReady(namespace, `${jobs.thanosReceiveRouter}|${jobs.thanosReceive}`),
        for: "10m",
        severity: "critical",
        summary: "No replica of {{ $labels.workload }} is ready.",
        description:
          "{{ $labels.workload }} has had {{ $value }} ready replicas for 10 minutes: nothing that is written is taken, and senders lose it once their own buffers are full.",
      },
      {
        alert: "ThanosReceiveRequestsFailing",
        // Senders try these again, for hours: PrometheusRemoteWriteFarBehind wakes somebody before they give up.
        expr: `${percent(requests(', code=~"5.."'), requests())} > 5`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} fails to take what is written.",
        description:
          '{{ printf "%.0f" $value }} % of the writes to {{ $labels.pod }} end in a server error: senders must try again, and fall behind.',
      },
      {
        alert: "ThanosReceiveReplicationFailing",
        // Counted is what a majority of the ingestors did not take. With a single copy nothing is counted.
        expr: `${percent(replications(', result="error"'), replications())} > 5`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot hand over what is written.",
        description:
          'For {{ printf "%.0f" $value }} % of the requests to {{ $labels.pod }} a majority of the ingestors did not answer: senders must try again, and fall behind.',
      },
      {
        alert: "ThanosReceiveConfigReloadFailure",
        expr: `thanos_receive_config_last_reload_successful{${receive}} == 0`,
        for: "10m",
        severity: "warning",
        summary: "{{ $labels.pod }} cannot load its hashring.",
        description:
          "{{ $labels.pod }} has refused its hashring for 10 minutes and runs on with the old one: it sends series to other ingestors than its siblings do.",
      },
      {
        alert: "ThanosReceiveSeriesLimited",
        expr: `sum by (${PROCESS}, tenant) (increase(thanos_receive_head_series_limited_requests_total{${receive}}[10m])) > 0`,
        for: "15m",
        severity: "warning",
        summary: "Tenant {{ $labels.tenant }} has more series than it may have.",
        description:
          '{{ $labels.pod }} refused {{ printf "%.0f" $value }} requests of tenant {{ $labels.tenant }} in 10 minutes, because it is at its limit of series: it is not stored while that lasts.',
      },
    ],
  };
}

function ingestors(namespace: string, receive: string): RuleGroup {
  const zones = statefulSetsNoneReady(namespace, `${jobs.thanosReceive}-.+`);
  const uploads = `sum by (${PROCESS}) (increase(thanos_shipper_uploads_total{${receive}}[6h]))`;
  return {
    name: "thanos-receive-ingestors",
    scope: "global",
    rules: [
      {
        alert: "ThanosReceiveZonesDown",
        // With one zone away a majority of three copies is still taken.
        expr: `count by (cluster, namespace) (${zones}) > 1`,
        for: "5m",
        severity: "critical",
        summary: "Ingestors of several zones are down.",
        description:
          "{{ $value }} zones have had no ready ingestor for 5 minutes: no majority of the copies can be written, and senders are refused.",
      },
      {
        alert: "ThanosReceiveConfigInconsistent",
        expr: `count by (cluster, namespace) (count by (cluster, namespace, hash) (count_values by (cluster, namespace) ("hash", thanos_receive_config_hash{${receive}}))) > 1`,
        // A changed ConfigMap reaches pods within two minutes.
        for: "15m",
        severity: "warning",
        summary: "Receivers in {{ $labels.namespace }} have different hashrings.",
        description:
          "There have been {{ $value }} different hashrings at once for 15 minutes: series are written twice or to ingestors that refuse them.",
      },
      {
        alert: "ThanosReceiveNotUploading",
        // A block is cut every two hours; a restart begins to count again. One ingestor of several has copies elsewhere.
        expr: `max by (cluster, namespace) (${uploads}) == 0 and min by (cluster, namespace) (${age(receive)}) > 6 * 3600`,
        for: "15m",
        severity: "critical",
        summary: "No ingestor has uploaded anything for six hours.",
        description:
          "The ingestors in {{ $labels.namespace }} uploaded {{ $value }} blocks in six hours, and there should be three from each: what they delete by age before that is lost.",
      },
    ],
  };
}
