import assert from "node:assert/strict";
import { InputPropertiesError } from "@pulumi/pulumi";
import { Cortex } from "../../components/backends/cortex/cortex";
import { manifestsOf } from "../../tools/plan/manifests";
import { graphOf } from "../harness";
import { configurationText, configured, productionStore } from "./ringStores";

interface Container {
  args: string[];
  env: { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[];
}

describe("Cortex", () => {
  it("has the workloads that it shares with Mimir, and no other", async () => {
    const names = async (kind: "mimir" | "cortex") =>
      (await productionStore(kind)).contract.members.map(({ name }) => name.replace(kind, "")).sort();
    assert.deepEqual(
      await names("cortex"),
      (await names("mimir")).filter((name) => name !== "-overrides-exporter"),
    );
  });

  it("is told what defaults to the wrong thing with several pods", async () => {
    const { graph } = await productionStore("cortex");
    const wanted = {
      auth_enabled: true,
      "server.http_listen_port": 8080,
      "server.grpc_server_max_recv_msg_size": 104_857_600,
      "server.grpc_server_max_send_msg_size": 104_857_600,
      "frontend_worker.grpc_client_config.max_send_msg_size": 104_857_600,
      "ingester_client.grpc_client_config.max_send_msg_size": 104_857_600,
      "distributor.shard_by_all_labels": true,
      "distributor.extend_writes": false,
      "distributor.ring.kvstore.store": "memberlist",
      "distributor.ha_tracker.kvstore.store": "memberlist",
      "distributor.ha_tracker.ha_tracker_failover_timeout": "45s",
      "ingester.lifecycler.ring.kvstore.store": "memberlist",
      "ingester.lifecycler.ring.zone_awareness_enabled": true,
      "ingester.lifecycler.ring.replication_factor": 3,
      "ingester.lifecycler.unregister_on_shutdown": false,
      "ingester.lifecycler.readiness_check_ring_health": false,
      "store_gateway.sharding_enabled": true,
      "store_gateway.sharding_ring.kvstore.store": "memberlist",
      "store_gateway.sharding_ring.zone_awareness_enabled": true,
      "compactor.sharding_enabled": true,
      "compactor.sharding_ring.kvstore.store": "memberlist",
      "blocks_storage.bucket_store.bucket_index.enabled": true,
      "blocks_storage.tsdb.retention_period": "13h",
      "querier.query_ingesters_within": "13h",
      "querier.query_store_after": "12h",
      "limits.ingestion_rate_strategy": "global",
      // Local ones hold for each ingester, beside those of the tenant.
      "limits.max_series_per_user": 0,
      "limits.max_series_per_metric": 0,
      "limits.max_metadata_per_user": 0,
      "limits.max_metadata_per_metric": 0,
      "limits.max_global_series_per_user": 150_000,
      "limits.max_global_series_per_metric": 0,
      "limits.max_global_metadata_per_user": 100_000,
      "limits.max_label_names_per_series": 64,
      "query_range.results_cache.cache.memcached_client.addresses":
        "dnssrvnoa+_memcached._tcp.cortex-results-cache.monitoring.svc",
    };
    assert.deepEqual(configured(graph, "cortex", Object.keys(wanted)), wanted);
  });

  it("gives each part its address, whatever the network interface is called, and trusts the endpoint", async () => {
    const { graph } = await productionStore("cortex");
    const container = (kind: string, name: string) => {
      const { template } = graph.manifest(kind, name).spec as { template: { spec: { containers: [Container] } } };
      return template.spec.containers[0];
    };
    const { args, env } = container("StatefulSet", "cortex-ingester-zone-c");
    assert.deepEqual(args, [
      "-target=ingester",
      "-config.file=/etc/cortex/cortex.yaml",
      "-ingester.lifecycler.addr=$(POD_IP)",
      "-memberlist.advertise-addr=$(POD_IP)",
      "-ingester.availability-zone=zone-c",
    ]);
    assert.equal(env.find(({ name }) => name === "POD_IP")?.valueFrom?.fieldRef?.fieldPath, "status.podIP");
    assert.equal(env.find(({ name }) => name === "SSL_CERT_FILE")?.value, "/etc/cortex/ca.crt");
    assert.deepEqual(container("Deployment", "cortex-query-scheduler").args, [
      "-target=query-scheduler",
      "-config.file=/etc/cortex/cortex.yaml",
    ]);
  });

  it("keeps the bucket's key in one Secret, and shows it nowhere", async () => {
    const { graph } = await productionStore("cortex");
    assert.match(configurationText(graph, "cortex"), /the-key-4711/);
    assert.doesNotMatch(JSON.stringify(manifestsOf(graph.resources)), /the-key-4711|the-id/);
  });

  it("refuses a place in a bucket that it would share", async () => {
    const attempt = graphOf(() => {
      new Cortex("cortex", { namespace: "monitoring", bucket: { name: "metrics", prefix: "cortex" } });
      return {};
    });
    await assert.rejects(
      attempt,
      (error) =>
        InputPropertiesError.isInstance(error) && /bucket\.prefix is nothing that Cortex has/.test(error.message),
    );
  });
});
