import * as pulumi from "@pulumi/pulumi";
import { describeStore, type LongTermStore, networkOf, ThanosQuery } from "../../../components";
import { RULER_REPLICA_LABEL } from "../../../components/backends/thanosRuler";
import { REPLICA_LABEL } from "../../../components/prometheus/replicaLabel";
import { names } from "../../names";
import type { NoneSettings } from "../../settings/stores/none";
import { type CustomResourceContext, optionsOf, requireSpread } from "../context";

/** What the Prometheus servers hold themselves, answered as one. */
export function createNone(context: CustomResourceContext, store: NoneSettings): LongTermStore {
  const { settings, namespace, images } = context;
  const service = (name: string) => `dnssrv+_grpc._tcp.${name}.${settings.namespace}.svc`;
  const needsRuler = settings.prometheus.shards > 1;
  const query = new ThanosQuery(
    names.query,
    {
      namespace,
      endpoints: [service(`${names.prometheus}-sidecar`), ...(needsRuler ? [service(names.ruler)] : [])],
      replicaLabels: [REPLICA_LABEL, ...(needsRuler ? [RULER_REPLICA_LABEL] : [])],
      replicas: store.queriers,
      ...store.querierResources,
      requireSpread: requireSpread(settings),
      image: images.thanos,
    },
    {
      ...optionsOf(context),
      // While there was a bucket, the platform had the same queriers inside a store.
      aliases: [{ parent: pulumi.createUrn("thanos", "gpu-observability:index:ThanosStore") }],
    },
  );
  const member = networkOf(query);
  describeStore(query, {
    feed: { kind: "sidecar" },
    query: { member, listener: "http" },
    readsSidecars: member,
    members: [member],
    edges: [],
    callBucket: [],
  });
  return query;
}
