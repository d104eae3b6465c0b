/**
 * The edges of histograms' buckets that are kept. A histogram has a series per bucket and set of labels, and the API
 * server's are most of a small cluster's series; a share of requests beyond a threshold needs only the bucket that ends at
 * it, and the count. So thresholds lie on these edges, and `dropLists.ts` keeps no others.
 */
export const edges = {
  /** API requests for one object, seconds: Kubernetes' own objective for them. */
  apiObject: 1,
  /** API requests that list a namespace or the cluster, seconds: Kubernetes' own objective for them. */
  apiList: 30,
  /** Calls of admission webhooks, seconds. */
  webhook: 1,
  /** What is left of a client's certificate, seconds: 2 hours and a day. */
  certificate: [7_200, 86_400],
  /** DNS lookups, seconds: the last but one is the threshold, the others are for dashboards. */
  dns: [0.001, 0.008, 0.064, 0.512, 1.024, 4.096],
  /** The edge of `dns` beyond which a lookup is slow. */
  dnsSlow: 1.024,
  /** The kubelet's look at its containers, seconds. */
  plegRelist: [0.1, 1, 2.5, 5, 10],
  /** What the kubelet does for one pod, seconds. */
  podWorker: [0.1, 1, 2.5, 5, 10],
  /** From the moment that the kubelet sees a pod to the start of its containers, seconds. */
  podStart: [5, 10, 30, 60, 300, 600],
  /** Making a pod's sandbox, with its network, seconds: edges as crooked as the kubelet has them. */
  sandbox: [1.220703125, 7.62939453125, 19.073486328125, 119.20928955078125],
  /** Pulling an image, seconds. */
  imagePull: [10, 60, 300, 600, 1_200],
} as const;

/** A regular expression for the label `le` of an edge; Prometheus stores 1 as "1.0", others as it was written. */
export const le = (edge: number) => `${String(edge).replace(".", "[.]")}${Number.isInteger(edge) ? "([.]0)?" : ""}`;
