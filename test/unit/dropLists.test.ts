import assert from "node:assert/strict";
import { jobs } from "../../components/prometheus/jobs";
import { platformRuleGroups } from "../../components/prometheus/rules";
import { storeKinds } from "../../components/prometheus/rules/stores";
import { dropLists, isKept, metricRelabelings } from "../../components/prometheus/scrape/dropLists";
import { type DropList, relabel } from "../../components/prometheus/scrape/relabeling";
import { selectionsOf } from "../../tools/testing/promql";
import { check, type Labels, parse } from "./dropListLines";

describe("drop lists", () => {
  it("become one step each for what is kept, families and labels, and one for each kind of series", () => {
    const list: DropList = {
      keep: [
        { names: "a_total", why: "" },
        { names: "b_bucket", where: { le: "1|5" }, why: "" },
      ],
      families: [
        { names: "c", why: "" },
        { names: "d_.+", why: "" },
      ],
      series: [{ sourceLabels: ["e", "f"], regex: "1;2", why: "" }],
      labels: [{ names: "id", why: "" }],
    };
    assert.deepEqual(metricRelabelings(list), [
      { sourceLabels: ["__name__", "le"], regex: "(?:a_total);(?:[^;]*)|(?:b_bucket);(?:1|5)", action: "keep" },
      { sourceLabels: ["__name__"], regex: "c|d_.+", action: "drop" },
      { sourceLabels: ["e", "f"], regex: "1;2", action: "drop" },
      { regex: "id", action: "labeldrop" },
    ]);
    assert.deepEqual(metricRelabelings({ keep: [], families: [], series: [], labels: [] }), []);
  });

  it("match whole values, and labels that are missing as empty", () => {
    const list: DropList = {
      keep: [{ names: "up", where: { le: "1" }, why: "" }],
      families: [],
      series: [],
      labels: [],
    };
    check(list, { kept: ['up{le="1"}'], dropped: ["up", 'ups{le="1"}', 'up{le="11"}', 'cup{le="1"}'] });
  });

  it("say why, and with nothing that Prometheus' regular expressions lack or would read differently", () => {
    for (const list of Object.values<DropList>(dropLists)) {
      const { keep, families, series, labels } = list;
      for (const { why } of [...keep, ...families, ...series, ...labels]) assert.match(why, /^[A-Z].+\.$/);
      for (const { regex } of metricRelabelings(list)) {
        assert.doesNotMatch(regex, /\(\?[=!<]|\\[1-9]/);
        // The operator leaves an empty one out, and Prometheus' default matches everything.
        assert.notEqual(regex, "");
      }
    }
  });

  it("keep what the rules ask for", () => {
    const lists = new Map<string, DropList>(
      Object.entries(dropLists).map(([key, list]) => [jobs[key as keyof typeof dropLists], list]),
    );
    const asked = platformRuleGroups({ teams: true, stores: storeKinds })
      .flatMap(({ rules }) => rules.flatMap(({ expr }) => selected(expr)))
      .filter(({ __name__ }) => __name__ !== "up" && !__name__?.startsWith("scrape_"));
    for (const [job, list] of lists) {
      const series = asked.filter((labels) => labels.job === job);
      assert.ok(series.length > 0, `no rule asks about ${job}`);
      for (const labels of series)
        assert.ok(isKept(list, labels), `${JSON.stringify(labels)} is asked for, and dropped`);
    }
  });
});

/** What a series has that a rule says nothing about. */
const USUAL: Labels = { scope: "resource", verb: "GET", namespace: "n", pod: "p", container: "c", interface: "eth0" };

/** The series that an expression selects: one for each combination of the values that its matchers name. */
function selected(expr: string): Labels[] {
  return selectionsOf(expr).flatMap(({ name, matchers }) => {
    const usual = { ...USUAL, ...(name.endsWith("_bucket") ? { le: "+Inf" } : {}), __name__: name };
    const alternatives = matchers
      .filter(({ operator }) => operator.startsWith("="))
      .map(({ label, value }): [string, string[]] => [
        label,
        value.replaceAll("([.]0)?", ".0").replaceAll("[.]", ".").split("|"),
      ]);
    return alternatives.reduce<Labels[]>(
      (series, [label, values]) => series.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value }))),
      [usual],
    );
  });
}

describe("drop list of the API server", () => {
  const sli = (rest: string) => `apiserver_request_sli_duration_seconds_${rest}`;

  it("keeps of the latencies what the objective needs, as Prometheus stores edges and as the server writes them", () =>
    check(dropLists.apiServer, {
      kept: [
        sli('bucket{scope="resource",verb="GET",le="1.0"}'),
        sli('bucket{scope="resource",verb="PUT",le="1"}'),
        sli('bucket{scope="namespace",verb="LIST",le="30.0"}'),
        sli('bucket{scope="cluster",verb="DELETECOLLECTION",le="30.0"}'),
        sli('count{scope="cluster",verb="LIST"}'),
      ],
      dropped: [
        sli('bucket{scope="resource",verb="GET",le="30.0"}'),
        sli('bucket{scope="cluster",verb="LIST",le="1.0"}'),
        sli('bucket{scope="resource",verb="GET",le="1.25"}'),
        sli('bucket{scope="resource",verb="GET",le="10.0"}'),
        sli('bucket{scope="resource",verb="GET",le="+Inf"}'),
        sli('bucket{scope="resource",verb="CONNECT",le="1.0"}'),
        sli('bucket{scope="",verb="GET",le="1.0"}'),
        sli('sum{scope="resource",verb="GET"}'),
        sli('count{scope="",verb="GET"}'),
      ],
    }));

  it("keeps what is asked for, and nothing that it has not heard of", () =>
    check(dropLists.apiServer, {
      kept: [
        'apiserver_request_total{code="503",verb="PUT"}',
        'apiserver_client_certificate_expiration_seconds_bucket{le="86400.0"}',
        'apiserver_admission_webhook_admission_duration_seconds_bucket{le="1"}',
        "aggregator_unavailable_apiservice_total",
        "process_start_time_seconds",
      ],
      dropped: [
        'apiserver_request_duration_seconds_bucket{le="1"}',
        'etcd_request_duration_seconds_bucket{le="1"}',
        'apiserver_client_certificate_expiration_seconds_bucket{le="604800.0"}',
        "apiserver_new_family_total",
        "go_memstats_alloc_bytes",
      ],
    }));
});

describe("drop list of the kubelet and CoreDNS", () => {
  it("keep a few buckets of few histograms", () => {
    check(dropLists.kubelet, {
      kept: [
        'kubelet_volume_stats_available_bytes{namespace="n",persistentvolumeclaim="data"}',
        'kubelet_pleg_relist_duration_seconds_bucket{le="10.0"}',
        'kubelet_pleg_relist_duration_seconds_bucket{le="+Inf"}',
        "kubelet_certificate_manager_client_expiration_renew_errors",
        "kubelet_server_expiration_renew_errors",
        'storage_operation_duration_seconds_count{status="fail-unknown"}',
      ],
      dropped: [
        'kubelet_pleg_relist_duration_seconds_bucket{le="0.005"}',
        'kubelet_runtime_operations_duration_seconds_bucket{le="1.0"}',
        'kubelet_certificate_manager_server_rotation_seconds_bucket{le="2592000.0"}',
        'storage_operation_duration_seconds_bucket{le="1.0"}',
        'kubernetes_feature_enabled{name="X"}',
        'kubelet_container_log_filesystem_used_bytes{uid="u"}',
      ],
    });
    check(dropLists.coreDns, {
      kept: [
        'coredns_dns_request_duration_seconds_bucket{le="1.024"}',
        'coredns_proxy_request_duration_seconds_count{to="10.0.0.2:53"}',
        "coredns_forward_healthcheck_broken_total",
      ],
      dropped: [
        'coredns_dns_request_duration_seconds_bucket{le="2.048"}',
        'coredns_dns_response_size_bytes_bucket{le="511.0"}',
        "coredns_proxy_conn_cache_misses_total",
        'coredns_plugin_enabled{name="cache"}',
      ],
    });
  });
});

describe("drop lists of exporters", () => {
  it("node-exporter: drops what has no flag", () =>
    check(dropLists.nodeExporter, {
      kept: [
        'node_cpu_seconds_total{cpu="191",mode="steal"}',
        'node_network_up{device="ens5"}',
        'node_network_receive_errs_total{device="ens5"}',
        'node_ethtool_linklocal_allowance_exceeded{device="ens5"}',
        "node_timex_sync_status",
        "node_nf_conntrack_entries",
        'node_disk_io_time_seconds_total{device="nvme0n1"}',
        "node_memory_MemAvailable_bytes",
      ],
      dropped: [
        'node_cpu_seconds_total{cpu="191",mode="softirq"}',
        'node_network_flags{device="ens5"}',
        'node_network_pause_supported{device="ens5"}',
        'node_scrape_collector_duration_seconds{collector="cpu"}',
        "node_nf_conntrack_stat_found",
        "go_goroutines",
      ],
    }));

  it("kube-state-metrics: drops what changes or repeats without meaning", () => {
    check(dropLists.kubeStateMetrics, {
      kept: ['kube_pod_status_phase{phase="Failed"}', "kube_pod_info", "kube_deployment_metadata_generation"],
      dropped: ["kube_pod_tolerations", "kube_replicaset_status_replicas", "kube_secret_metadata_resource_version"],
    });
    const stored = relabel(
      metricRelabelings(dropLists.kubeStateMetrics),
      parse('kube_pod_info{pod="p",uid="u",node="n"}'),
    );
    assert.deepEqual(stored, { __name__: "kube_pod_info", pod: "p", node: "n" });
  });
});
