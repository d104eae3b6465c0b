import { edges, le } from "./buckets";
import type { DropList, Kept } from "./relabeling";

export { nodeExporterFlags } from "./nodeExporterFlags";
export { type DropList, isKept, metricRelabelings } from "./relabeling";

/** A histogram with its count, and of its buckets those that end at the edges. */
function histogram(name: string, ends: readonly number[], why: string, where: Kept["where"] = {}): Kept[] {
  return [
    { names: `${name}_bucket`, where: { ...where, le: [...ends.map(le), "[+]Inf"].join("|") }, why },
    { names: `${name}_(count|sum)`, where, why },
  ];
}

const process: Kept = {
  names: "process_(cpu_seconds_total|resident_memory_bytes|start_time_seconds|open_fds|max_fds)|go_goroutines",
  why: "Whether it restarts, starves or leaks.",
};

/** Tens of thousands of series as it comes, and a quarter of them in one histogram: only what is used is kept. */
const apiServer: DropList = {
  keep: [
    { names: "apiserver_request_total", why: "Errors by resource and verb." },
    {
      names: "apiserver_request_sli_duration_seconds_bucket",
      where: { scope: "resource", verb: "[^CW;][^;]*", le: le(edges.apiObject) },
      why: "The objective for single objects; WATCH and CONNECT have none.",
    },
    {
      names: "apiserver_request_sli_duration_seconds_bucket",
      where: { scope: "namespace|cluster", verb: "[^CW;][^;]*", le: le(edges.apiList) },
      why: "The objective for lists.",
    },
    {
      names: "apiserver_request_sli_duration_seconds_count",
      where: { scope: ".+", verb: "[^CW;][^;]*" },
      why: "All requests that the objective is about.",
    },
    { names: "apiserver_request_terminations_total", why: "Requests that it gave up." },
    { names: "apiserver_current_inflight_requests", why: "Its load." },
    {
      names:
        "apiserver_flowcontrol_(rejected_requests_total|dispatched_requests_total|current_inqueue_requests|current_executing_seats|nominal_limit_seats)",
      why: "Which clients are too many.",
    },
    { names: "aggregator_unavailable_apiservice(_total)?", why: "APIs that others serve." },
    { names: "apiserver_admission_webhook_(rejection_count|fail_open_count)", why: "Webhooks that do not work." },
    {
      names: "apiserver_admission_webhook_admission_duration_seconds_bucket",
      where: { le: le(edges.webhook) },
      why: "Webhooks that are slow.",
    },
    { names: "apiserver_admission_webhook_admission_duration_seconds_count", why: "Calls of webhooks." },
    {
      names: "apiserver_client_certificate_expiration_seconds_bucket",
      where: { le: edges.certificate.map(le).join("|") },
      why: "Clients that will be locked out.",
    },
    { names: "apiserver_requested_deprecated_apis", why: "Clients that an upgrade breaks." },
    { names: "apiserver_resource_objects", why: "What fills its database, from Kubernetes 1.34 on." },
    { names: "apiserver_storage_objects", why: "The same before 1.34." },
    { names: "apiserver_storage_size_bytes", why: "How full its database is." },
    { names: "kubernetes_build_info", why: "Its version." },
    process,
  ],
  families: [],
  series: [],
  labels: [],
};

const coreDns: DropList = {
  keep: [
    { names: "coredns_dns_(requests|responses)_total", why: "Lookups, and how they end." },
    ...histogram("coredns_dns_request_duration_seconds", edges.dns, "How long lookups take."),
    ...histogram("coredns_proxy_request_duration_seconds", edges.dns, "How long upstream servers take."),
    { names: "coredns_proxy_healthcheck_failures_total", why: "Upstream servers that are away." },
    { names: "coredns_forward_.+", why: "All of them away, or too many lookups at once." },
    { names: "coredns_cache_(entries|hits_total|misses_total|requests_total)", why: "Whether the cache helps." },
    { names: "coredns_(panics_total|reload_failed_total|health_request_failures_total)", why: "Its own faults." },
    { names: "coredns_build_info", why: "Its version." },
    process,
  ],
  families: [],
  series: [],
  labels: [],
};

/** Per node; most of what it says is histograms of single functions. */
const kubelet: DropList = {
  keep: [
    { names: "kubelet_(node_name|running_pods|running_containers|desired_pods|active_pods)", why: "What it runs." },
    { names: "kubelet_volume_stats_.+", why: "How full volumes are." },
    ...histogram("kubelet_pleg_relist_duration_seconds", edges.plegRelist, "Whether the container runtime answers."),
    { names: "kubelet_pleg_last_seen_seconds", why: "Whether the container runtime answers." },
    ...histogram("kubelet_pod_worker_duration_seconds", edges.podWorker, "How long it works on a pod."),
    ...histogram("kubelet_pod_start_duration_seconds", edges.podStart, "How long pods take to start."),
    ...histogram(
      "kubelet_runtime_operations_duration_seconds",
      edges.sandbox,
      "How long pods wait for their network.",
      {
        operation_type: "run_podsandbox",
      },
    ),
    ...histogram("kubelet_image_pull_duration_seconds", edges.imagePull, "Images of GPU jobs have tens of GB."),
    { names: "kubelet_runtime_operations_(total|errors_total)", why: "What the container runtime cannot do." },
    {
      names: "kubelet_(started_(pods|containers)(_errors)?|run_podsandbox_errors|admission_rejections)_total",
      why: "Pods that do not start.",
    },
    { names: "kubelet_(evictions|preemptions|image_garbage_collected_total)", why: "What it takes away." },
    {
      names: "kubelet_(certificate_manager_.+|(server|client)_expiration_renew_errors)",
      where: { le: "" },
      why: "Its certificates, without the histogram of their ages.",
    },
    {
      names:
        "kubelet_(topology_manager_admission_(requests|errors)_total|(cpu|memory)_manager_pinning_(requests|errors)_total)",
      why: "Pods that their GPUs' NUMA nodes have no room for.",
    },
    {
      names: "kubelet_device_plugin_registration_total|kubelet_device_plugin_alloc_duration_seconds_count",
      why: "The GPU plugin registers again when it restarts.",
    },
    { names: "dra_(grpc_)?operations_duration_seconds_count|dra_resource_claims_in_use", why: "GPUs by DRA." },
    { names: "kubelet_node_startup_duration_seconds", why: "How long new nodes take." },
    { names: "kubelet_graceful_shutdown_(start|end)_time_seconds", why: "Nodes that go in order." },
    { names: "storage_operation_duration_seconds_count", why: "Volumes that cannot be mounted." },
    { names: "rest_client_requests_total", why: "Whether it reaches the API server." },
    { names: "kubernetes_build_info", why: "Its version." },
    process,
  ],
  families: [],
  series: [],
  labels: [],
};

const cadvisor: DropList = {
  keep: [
    { names: "container_cpu_usage_seconds_total", why: "Use of CPU." },
    { names: "container_cpu_cfs_(periods|throttled_periods)_total", why: "CPU limits that are felt." },
    { names: "container_memory_(working_set_bytes|rss|cache)", why: "Use of memory." },
    { names: "container_oom_events_total", why: "Containers that run out of memory." },
    { names: "container_pressure_.+_total", why: "Waiting for CPU, memory and disks." },
    {
      names: "container_network_(receive|transmit)_(bytes|errors|packets_dropped)_total",
      where: { interface: "(eth|net)[0-9]+" },
      why: "A pod's own interfaces; a pod in the host's network has all of the host's, which the node reports.",
    },
    { names: "container_fs_(reads|writes)_bytes_total|container_fs_usage_bytes", why: "Use of local disks." },
  ],
  families: [],
  series: [
    {
      sourceLabels: ["pod"],
      regex: "^$",
      why: "The node and groups of pods: node-exporter says it, and `id` must go.",
    },
    {
      sourceLabels: ["__name__", "container", "image"],
      regex: "container_(cpu|memory|oom|pressure|fs)_[^;]*;(;.+|POD;.*)",
      why: "The pause container: without `id` and `name` it would be taken for the pod. Only the network is its own.",
    },
  ],
  labels: [
    { names: "id|name", why: "New for each container that starts, 150 bytes, and of no use in a query." },
    { names: "image", why: "Once, from kube-state-metrics, is enough." },
  ],
};

/** Most is left out by `nodeExporterFlags`; this is what has no flag. */
const nodeExporter: DropList = {
  keep: [],
  families: [
    { names: "node_scrape_collector_duration_seconds", why: "Whether they succeed is enough." },
    { names: "node_nf_conntrack_stat_.+", why: "Sums over CPUs that no one reads; the fill is kept." },
    {
      names:
        "node_network_(address_assign_type|carrier_(up|down)_changes_total|device_id|dormant|flags|iface_id|iface_link|iface_link_mode|name_assign_type|net_dev_group|protocol_type|transmit_queue_length)",
      why: "How interfaces are set up, for each of up to 32.",
    },
    {
      names:
        "node_ethtool_info|node_network_(advertised|supported)_.+|node_network_(asymmetricpause|autonegotiate|pause)_?.*|node_network_port_info",
      why: "What the ethtool collector says of how interfaces are set up.",
    },
    {
      names: "node_network_(receive|transmit)_(compressed|fifo|frame|carrier|colls|nohandler|multicast)_total",
      why: "Kinds of errors that are in the sum of errors, or that no card of EC2 counts.",
    },
    {
      names: "node_timex_(frequency_adjustment_ratio|loop_time_constant|pps_.+|tai_offset_seconds|tick_seconds)",
      why: "How the clock is tuned; that it is right is kept.",
    },
    {
      names:
        "node_disk_(discard(s|ed)?_.+|flush_requests_.+|.+_merged_total|filesystem_info|device_mapper_info|ata_.+)",
      why: "For each of up to 10 disks.",
    },
    { names: "go_.+|process_.+|promhttp_.+", why: "The exporter itself, if its flag was not given." },
  ],
  series: [
    {
      sourceLabels: ["__name__", "mode"],
      regex: "node_cpu_seconds_total;(nice|irq|softirq)",
      why: "For each of 192 CPUs; five modes are left.",
    },
  ],
  labels: [],
};

const kubeStateMetrics: DropList = {
  keep: [],
  families: [
    { names: "kube_.+_metadata_resource_version", why: "Each change of the object is a sample of no use." },
    {
      names:
        "kube_pod_(ips|tolerations|service_account|scheduler|restart_policy|status_qos_class|status_(initialized|ready|scheduled|container_ready)_time|container_state_started|init_container_state_started|completion_time)",
      why: "For each pod, and only of use beside the pod itself.",
    },
    { names: "kube_pod_init_container_(info|status_(ready|running|terminated))", why: "For each pod." },
    { names: "kube_replicaset_(created|metadata_generation|status_.+)", why: "Deployments say it, ten times fewer." },
    { names: "kube_statefulset_(persistentvolumeclaim_retention_policy|created)", why: "Settings." },
  ],
  series: [],
  labels: [
    { names: "uid|container_id", why: "New with each restart; names identify what runs." },
    { names: "image_id", why: "The image's name is kept." },
  ],
};

/** What is kept of each cluster-level scrape, by the key of its job in `jobs`. */
export const dropLists = { apiServer, coreDns, kubelet, cadvisor, nodeExporter, kubeStateMetrics } as const;
