import { mkdir, writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import { freePorts, type LocalPrograms } from "./localPrograms";

export const TENANT = "platform";

/** A ring of one, that nobody else can join. */
const ring = { kvstore: { store: "inmemory" }, instance_addr: "127.0.0.1" };

/** Starts all of Mimir in one process over a folder of blocks by tenant, and returns its address. */
export async function startMimir(programs: LocalPrograms<"mimir">, blocks: string): Promise<string> {
  const { address, server, folder } = await place(programs, "mimir");
  return started(programs, "mimir", address, {
    target: "all",
    multitenancy_enabled: true,
    usage_stats: { enabled: false },
    activity_tracker: { filepath: folder("activity") },
    server,
    ingester: { ring: { ...ring, replication_factor: 1 } },
    distributor: { ring },
    store_gateway: { sharding_ring: { ...ring, replication_factor: 1 } },
    compactor: { data_dir: folder("compactor"), sharding_ring: ring, cleanup_interval: "2s" },
    ruler: { ring, rule_path: folder("rules") },
    ruler_storage: { backend: "filesystem", filesystem: { dir: folder("ruler") } },
    query_scheduler: { ring },
    // Otherwise it names the address of another interface, on which it does not listen, and queries wait for ever.
    frontend: { address: "127.0.0.1" },
    querier: { ring },
    blocks_storage: {
      backend: "filesystem",
      filesystem: { dir: blocks },
      tsdb: { dir: folder("tsdb") },
      bucket_store: { sync_dir: folder("sync"), sync_interval: "2s" },
    },
    limits: { compactor_block_upload_enabled: true },
  });
}

/** The same of Cortex. */
export async function startCortex(programs: LocalPrograms<"cortex">, blocks: string): Promise<string> {
  const { address, server, folder } = await place(programs, "cortex");
  return started(programs, "cortex", address, {
    // All but the alertmanager and the ruler, which want more configuration.
    target: "distributor,ingester,querier,query-frontend,store-gateway,compactor",
    auth_enabled: true,
    server,
    distributor: { shard_by_all_labels: true, ring },
    ingester: { lifecycler: { address: "127.0.0.1", ring: { kvstore: ring.kvstore, replication_factor: 1 } } },
    querier: { store_gateway_addresses: `127.0.0.1:${server.grpc_listen_port}` },
    compactor: { data_dir: folder("compactor"), cleanup_interval: "2s" },
    blocks_storage: {
      backend: "filesystem",
      filesystem: { dir: blocks },
      tsdb: { dir: folder("tsdb") },
      bucket_store: { sync_dir: folder("sync"), sync_interval: "2s", bucket_index: { enabled: true } },
    },
  });
}

async function place(programs: LocalPrograms<never>, name: string) {
  const [http = 0, grpc] = await freePorts(2);
  const folder = (part: string) => programs.at(`${name}-${http}`, part);
  await mkdir(folder("ruler"), { recursive: true });
  return {
    folder,
    address: `http://127.0.0.1:${http}`,
    server: {
      http_listen_address: "127.0.0.1",
      http_listen_port: http,
      grpc_listen_address: "127.0.0.1",
      grpc_listen_port: grpc,
      log_level: "warn",
    },
  };
}

async function started<Name extends "mimir" | "cortex">(
  programs: LocalPrograms<Name>,
  name: Name,
  address: string,
  config: object,
): Promise<string> {
  const file = programs.at(`${name}-${new URL(address).port}.yaml`);
  await writeFile(file, stringify(config));
  await programs.start(name, [`-config.file=${file}`], `${address}/ready`);
  return address;
}
