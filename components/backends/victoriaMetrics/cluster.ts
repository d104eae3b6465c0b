import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { createServer, type Server } from "../../kubernetes/server";
import { dataOf } from "../../kubernetes/serverData";
import { call, type NetworkEdge } from "../../network/edges";
import { jobs } from "../../prometheus/jobs";
import type { VictoriaMetricsArgs } from "./args";
import { common, imageOf, licenceFiles, probes } from "./common";
import {
  COMMON_FLAGS,
  GRACEFUL,
  insertFlags,
  STORAGE_PATH,
  searchFlags,
  selectFlags,
  storageFlags,
  storageNodesOf,
  storageSearchFlags,
} from "./flags";
import type { StorageServers } from "./storageServers";

const storageListens = { http: { port: 8482, scrape: {} }, vminsert: { port: 8400 }, vmselect: { port: 8401 } };
const insertListens = { http: { port: 8480, scrape: {} } };
const selectListens = { http: { port: 8481, scrape: {} } };
const authListens = { http: { port: 8427 }, internal: { port: 8426, scrape: {} } };

/** The tenant of everything: `ACCOUNT` of the paths. */
const TENANT = "0";
const INSERT_PATH = `/insert/${TENANT}/prometheus`;
const SELECT_PATH = `/select/${TENANT}/prometheus`;
/** Before the path of what must not be answered in part: rules take an answer for whole, and would resolve what fires. */
const WHOLE = "/whole";

const CACHE_PATH = "/cache";
const CONFIG_PATH = "/etc/vmauth";
const CONFIG_FILE = "auth.yaml";

/** Storage nodes, and who writes to them and asks them, behind one address. */
export function createCluster(args: VictoriaMetricsArgs, opts: pulumi.CustomResourceOptions): StorageServers {
  const nodes = storageNodesOf(args);
  const storage = createStorage(args, nodes, opts);
  const pods = Array.from({ length: nodes }, (_, index) => `${jobs.vmstorage}-${index}`);
  const nodesOn = (port: number) =>
    pulumi.interpolate`-storageNode=${pulumi
      .all(pods.map((pod) => pulumi.interpolate`${pod}.${storage.host}:${port}`))
      .apply((all) => all.join(","))}`;
  // A new storage node is asked before the first sample is written to it.
  const select = createSelectors(args, nodesOn(storageListens.vmselect.port), after(opts, storage));
  const insert = createInserters(args, nodesOn(storageListens.vminsert.port), after(opts, storage, select));
  const gateway = createGateways(args, { insert, select }, after(opts, insert, select));
  const base = pulumi.interpolate`http://${gateway.host}:${authListens.http.port}`;
  return {
    servers: [storage, select, insert, gateway],
    edges: edges({ storage, select, insert, gateway }),
    entry: { server: gateway, listener: "http" },
    writeUrl: pulumi.interpolate`${base}${INSERT_PATH}/api/v1/write`,
    queryUrl: pulumi.interpolate`${base}${SELECT_PATH}`,
    rulesUrl: pulumi.interpolate`${base}${WHOLE}${SELECT_PATH}`,
    pods: pods.map((pod) => ({
      name: pod,
      snapshotUrl: pulumi.interpolate`http://${pod}.${storage.host}:${storageListens.http.port}/snapshot/create`,
    })),
    storage,
    snapshotListener: "http",
  };
}

/** Options of what comes after the rollout of others. */
const after = (opts: pulumi.CustomResourceOptions, ...servers: Server[]): pulumi.CustomResourceOptions => ({
  ...opts,
  dependsOn: servers.map(({ workload }) => workload),
});

function createStorage(args: VictoriaMetricsArgs, nodes: number, opts: pulumi.CustomResourceOptions) {
  const { storage = {} } = args;
  return createServer(
    {
      ...common(args, jobs.vmstorage, "storage"),
      replicas: nodes,
      image: imageOf(args, "vmstorage"),
      args: [
        ...COMMON_FLAGS,
        `-httpListenAddr=:${storageListens.http.port}`,
        `-vminsertAddr=:${storageListens.vminsert.port}`,
        `-vmselectAddr=:${storageListens.vmselect.port}`,
        ...storageFlags(args, nodes),
        ...storageSearchFlags(args),
        // Connections leave one after the other, so that the other nodes take over little by little.
        "-storage.vminsertConnsShutdownDuration=20s",
      ],
      listens: storageListens,
      cpu: storage.cpu ?? "500m",
      memory: storage.memory ?? "2Gi",
      readiness: probes("http").readiness,
      data: dataOf(STORAGE_PATH, storage),
      // Inserters and selectors name each node. A node that starts must be found by its name before it is ready.
      namesUnready: true,
      // What is in memory has to reach the disk.
      terminationGraceSeconds: 120,
      ...licenceFiles(args),
      ...(args.deletionProtection === undefined ? {} : { protect: args.deletionProtection }),
      ...(args.storageNodesLoweredTo === undefined ? {} : { setWords: { drainedTo: args.storageNodesLoweredTo } }),
    },
    opts,
  );
}

function createSelectors(args: VictoriaMetricsArgs, nodes: pulumi.Input<string>, opts: pulumi.CustomResourceOptions) {
  const { selectors = {} } = args;
  const memory = selectors.memory ?? "2Gi";
  return createServer(
    {
      ...common(args, jobs.vmselect, "query"),
      replicas: selectors.replicas ?? 2,
      image: imageOf(args, "vmselect"),
      args: [
        ...COMMON_FLAGS,
        GRACEFUL,
        `-httpListenAddr=:${selectListens.http.port}`,
        nodes,
        ...selectFlags(args),
        ...searchFlags(args, memory),
        `-cacheDataPath=${CACHE_PATH}`,
      ],
      listens: selectListens,
      cpu: selectors.cpu ?? "500m",
      memory,
      ...probes("http"),
      data: dataOf(CACHE_PATH, selectors),
      terminationGraceSeconds: 60,
      ...licenceFiles(args),
    },
    opts,
  );
}

function createInserters(args: VictoriaMetricsArgs, nodes: pulumi.Input<string>, opts: pulumi.CustomResourceOptions) {
  const { inserters = {} } = args;
  return createServer(
    {
      ...common(args, jobs.vminsert, "ingest"),
      replicas: inserters.replicas ?? 2,
      image: imageOf(args, "vminsert"),
      args: [
        ...COMMON_FLAGS,
        GRACEFUL,
        `-httpListenAddr=:${insertListens.http.port}`,
        nodes,
        `-replicationFactor=${args.replicationFactor ?? 2}`,
        ...insertFlags(args),
      ],
      listens: insertListens,
      cpu: inserters.cpu ?? "250m",
      memory: inserters.memory ?? "512Mi",
      ...probes("http"),
      // The gateway finds each of them.
      headless: true,
      terminationGraceSeconds: 60,
    },
    opts,
  );
}

function createGateways(
  args: VictoriaMetricsArgs,
  { insert, select }: { insert: Server; select: Server },
  opts: pulumi.CustomResourceOptions,
) {
  const { gateways = {} } = args;
  return createServer(
    {
      ...common(args, jobs.vmauth, "gateway"),
      replicas: gateways.replicas ?? 2,
      image: imageOf(args, "vmauth"),
      args: [
        ...COMMON_FLAGS,
        GRACEFUL,
        `-httpListenAddr=:${authListens.http.port}`,
        // Profiles and reloads are not for those who query.
        `-httpInternalListenAddr=:${authListens.internal.port}`,
        `-auth.config=${CONFIG_PATH}/${CONFIG_FILE}`,
      ],
      listens: authListens,
      cpu: gateways.cpu ?? "250m",
      memory: gateways.memory ?? "512Mi",
      ...probes("internal"),
      terminationGraceSeconds: 60,
      files: [
        {
          mountPath: CONFIG_PATH,
          content: {
            [CONFIG_FILE]: pulumi
              .all([insert.host, select.host])
              .apply(([insertHost, selectHost]) => stringify(gatewayConfig({ insertHost, selectHost }))),
          },
        },
      ],
    },
    opts,
  );
}

/** Neither deletes nor other tenants: only what is named here is let through. */
function gatewayConfig({ insertHost, selectHost }: { insertHost: string; selectHost: string }) {
  const route = (path: string, host: string, port: number) => ({
    src_paths: [`${path}/.+`],
    url_prefix: [`http://${host}:${port}/`],
    discover_backend_ips: true,
  });
  const selectRoute = (path: string) => ({
    ...route(path, selectHost, selectListens.http.port),
    // A selector that is full or stops is not the only one.
    retry_status_codes: [502, 503],
  });
  return {
    unauthorized_user: {
      url_map: [
        route(INSERT_PATH, insertHost, insertListens.http.port),
        selectRoute(SELECT_PATH),
        {
          ...selectRoute(WHOLE + SELECT_PATH),
          url_prefix: [`http://${selectHost}:${selectListens.http.port}/?deny_partial_response=1`],
          drop_src_path_prefix_parts: 1,
        },
      ],
    },
  };
}

function edges(servers: Record<"storage" | "select" | "insert" | "gateway", Server>): NetworkEdge[] {
  const { storage, select, insert, gateway } = servers;
  return [
    call(insert.member, storage.member, "vminsert", "writes samples"),
    call(select.member, storage.member, "vmselect", "reads series"),
    call(gateway.member, insert.member, "http", "passes samples on"),
    call(gateway.member, select.member, "http", "passes queries on"),
  ];
}
