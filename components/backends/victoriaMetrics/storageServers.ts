import type * as pulumi from "@pulumi/pulumi";
import type { Server } from "../../kubernetes/server";
import type { NetworkEdge } from "../../network/edges";

/** What keeps samples and answers for them, of either architecture. */
export interface StorageServers {
  servers: Server[];
  edges: NetworkEdge[];
  /** Whom others write to and ask. */
  entry: { server: Server; listener: string };
  /** The whole address of remote write. */
  writeUrl: pulumi.Output<string>;
  /** Base URL of the query API. */
  queryUrl: pulumi.Output<string>;
  /** Base URL at which a query fails rather than be answered in part. Default: `queryUrl`, which answers for everything or not at all. */
  rulesUrl?: pulumi.Output<string>;
  /** Each pod with data, and where its snapshots are taken. */
  pods: { name: string; snapshotUrl: pulumi.Output<string> }[];
  /** Whose pods these are. */
  storage: Server;
  /** The port on which they take snapshots. */
  snapshotListener: string;
}
