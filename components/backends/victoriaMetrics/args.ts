import type * as pulumi from "@pulumi/pulumi";
import type { BucketArgs } from "../bucket";

/** Identical pods that keep nothing. */
export interface VictoriaMetricsReplicas {
  /** How many. Default: 2. */
  replicas?: number;
  /** CPU request of each. Default: `250m`. */
  cpu?: string;
  /** Memory request and limit of each. Default: `512Mi`. */
  memory?: string;
}

/** Pods with a directory of their own. */
export interface VictoriaMetricsData {
  /** CPU request of each. Default: `500m`. */
  cpu?: string;
  /** Memory request and limit of each. VictoriaMetrics leaves 40 % of it to the system. Default: `2Gi`. */
  memory?: string;
  /** Size of each volume. Default: no volume, see `ephemeralStorageSize`. To grow it: docs/stores.md. */
  volumeSize?: string;
  /** Storage class of the volumes. Default: the cluster's own. A change needs new volumes. */
  storageClass?: string;
  /** Without `volumeSize`: the size of the pod's own directory, above which it is evicted. Default: `1Gi`. */
  ephemeralStorageSize?: string;
}

/** Who asks the storage nodes: pods with a directory for the cache of results. */
export interface VictoriaMetricsSelectors extends VictoriaMetricsData {
  /** How many. Default: 2. */
  replicas?: number;
}

/** Who holds samples on disk until the store takes them. */
export interface VictoriaMetricsAgents extends VictoriaMetricsData {
  /** How many. Default: 2. */
  replicas?: number;
  /**
   * The number of agents down to which their queues were emptied, as docs/stores.md says; it has to be that of `replicas`. Without it
   * the API server refuses fewer than there are.
   */
  drainedTo?: number;
}

/** Rules that need every shard, evaluated over the store by vmalert. */
export interface VictoriaMetricsRules {
  /** Rule groups in YAML, by file name. */
  files: Record<string, string>;
  /** Base URLs of all members of Alertmanager. Default: alerts go nowhere. */
  notifierUrls?: pulumi.Input<string>[];
  /** How often. Default: `dedupInterval`. */
  evaluationInterval?: string;
  /** Labels of alerts and recorded series, such as `cluster`. Default: only what the expressions keep. */
  externalLabels?: Record<string, string>;
  /** Identical evaluators; each evaluates everything at the same moments, and what they write is merged. Default: 2. */
  replicas?: number;
  /** CPU request of each. Default: `100m`. */
  cpu?: string;
  /** Memory request and limit of each. Default: `256Mi`. */
  memory?: string;
}

/** Backups of every volume of the store. */
export interface VictoriaMetricsBackup {
  /** Where they go: `PREFIX/POD/latest`. */
  bucket: BucketArgs;
  /** When, in cron's notation. Default: `17 3 * * *`. */
  schedule?: string;
  /**
   * Whether each run also leaves a copy of its own, `PREFIX/POD/JOB`, made inside the bucket. Each copy costs as much as the data:
   * let a lifecycle rule of the bucket delete them, and never what is in `latest`. Default: false.
   */
  copies?: boolean;
  /** CPU request of each run. Default: `100m`. */
  cpu?: string;
  /** Memory request and limit of each run. Default: `512Mi`. */
  memory?: string;
}

/** Images, of the version in `versions`. Each default is the one in `images`. */
export interface VictoriaMetricsImages {
  /** Of the single server. */
  single?: string;
  vmstorage?: string;
  vminsert?: string;
  vmselect?: string;
  vmauth?: string;
  vmagent?: string;
  vmalert?: string;
  vmbackup?: string;
}

/** Arguments of `VictoriaMetrics`. */
export interface VictoriaMetricsArgs {
  /** The namespace, one store in each. A change replaces everything. */
  namespace: pulumi.Input<string>;
  /** `cluster`, or `single`: one server, which is away while it restarts. Default: `cluster`. */
  architecture?: string;
  /** How many days samples are kept. */
  retentionDays: number;
  /**
   * Of each series the last sample of such an interval is kept, which makes one of a pair of Prometheus servers. The smallest scrape or
   * evaluation interval, that of teams too: a larger one loses samples, a smaller one keeps those of both. Default: `30s`.
   */
  dedupInterval?: string;
  /** Copies of each sample on different storage nodes; one fewer may be away at any time. Only of a cluster. Default: 2. */
  replicationFactor?: number;
  /**
   * Storage nodes, at least 2 × `replicationFactor` − 1. To raise it is safe, old data stays where it is. To lower it loses what the
   * dropped nodes alone hold from every answer, and is refused without `storageNodesLoweredTo`; their volumes stay. Only of a cluster.
   * Default: that minimum.
   */
  storageNodes?: number;
  /**
   * The number of storage nodes down to which fewer are accepted; it has to be `storageNodes`. Without it the API server refuses fewer
   * than there are (needs Kubernetes 1.30 or newer).
   */
  storageNodesLoweredTo?: number;
  /** Each storage node, or the single server. */
  storage?: VictoriaMetricsData;
  /** Free space below which a volume takes no more samples. Default: a tenth of the volume. */
  minFreeDiskSpace?: string;
  /** vminsert: who writes to the storage nodes. Only of a cluster. */
  inserters?: VictoriaMetricsReplicas;
  /** vmselect: who asks the storage nodes. Only of a cluster. */
  selectors?: VictoriaMetricsSelectors;
  /** vmauth: the one address of the cluster. Only of a cluster. */
  gateways?: VictoriaMetricsReplicas;
  /** vmagent: whom Prometheus writes to. Its volume bounds for how long the store may be away. */
  agents?: VictoriaMetricsAgents;
  /** How long a query may take. Default: `2m`. */
  queryTimeout?: string;
  /** Series that a query may look at; a query for more fails. Default: 1 000 000. */
  maxSeriesPerQuery?: number;
  /**
   * Whether a query fails that a storage node too many does not answer. Queries of rules always do. Default: false, the answer is
   * marked as partial.
   */
  denyPartialResponse?: boolean;
  /** Series of an hour in the whole store, above which new ones are dropped. Default: none is dropped, they are only counted. */
  maxHourlySeries?: number;
  /** Series of a day in the whole store, above which new ones are dropped. Default: none is dropped, they are only counted. */
  maxDailySeries?: number;
  /** Labels of a series; one with more is dropped. As many as Prometheus lets in, and its external ones. Default: 70. */
  maxLabelsPerSeries?: number;
  /** Bytes of a label's value; a series with a longer one is dropped. Default: 4 096. */
  maxLabelValueLength?: number;
  /** vmalert, for rules of your own; it reads no PrometheusRules. Default: none, Prometheus and ThanosRuler evaluate everything. */
  rules?: VictoriaMetricsRules;
  /** Default: none. Copies on other storage nodes are no backup: a mistake reaches all of them. */
  backup?: VictoriaMetricsBackup;
  /** Key of VictoriaMetrics Enterprise; always treated as secret. Default: none, the open-source builds. */
  licence?: pulumi.Input<string>;
  /** `OFFSET:INTERVAL`, as `30d:5m`: one sample per interval is left of what is older. Needs a licence. Default: none. */
  downsampling?: string[];
  /** `FILTER:RETENTION`, as `{team="research"}:30d`. Needs a licence. Default: everything is kept for `retentionDays`. */
  retentionFilters?: string[];
  /** Whether Pulumi refuses to delete what serves the data. Default: false. */
  deletionProtection?: boolean;
  /** Whether replicas must be on different nodes and spread over the zones. Default: true. */
  requireSpread?: boolean;
  /** Begins the names of objects that belong to no namespace. Default: `gpu-observability`; unique in the cluster. */
  clusterScopedPrefix?: string;
  /** Where the images come from. */
  images?: VictoriaMetricsImages;
}
