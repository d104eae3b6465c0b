import type * as pulumi from "@pulumi/pulumi";

/** What every long-term store offers to the rest of the platform, whichever it is. */
export interface LongTermStore {
  /** Base URL of its Prometheus-compatible query API inside the cluster; replicas are already merged. */
  readonly queryUrl: pulumi.Output<string>;
}
