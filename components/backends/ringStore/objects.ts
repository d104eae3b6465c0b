import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { doNotWait } from "../../kubernetes/customResources";
import { commonLabels } from "../../kubernetes/labels";
import type { Server, ServerFiles } from "../../kubernetes/server";
import { bucketKeys, CA_FILE } from "../bucket";
import { createMemcached, memcachedAddress } from "../memcached";
import type { RingStoreArgs } from "./args";
import { type CacheName, GOSSIP_PORT, ITEM_MEGABYTES, tenantLimits } from "./configuration";
import type { RingStoreProduct } from "./product";

const CONFIGURATION = "configuration";

/** Labels of what belongs to all parts. */
export const labelsOf = (name: string, product: RingStoreProduct) =>
  commonLabels({ name: product.software, instance: name, component: "storage" });

/** The name under which pods find each other. */
export function createGossipService(
  name: string,
  args: RingStoreArgs,
  product: RingStoreProduct,
  selector: Record<string, string>,
  opts: pulumi.CustomResourceOptions,
): void {
  new k8s.core.v1.Service(
    `${name}-gossip`,
    {
      metadata: {
        name: `${name}-gossip`,
        namespace: args.namespace,
        labels: labelsOf(name, product),
        // Pods look for each other before they are ready, and come after it.
        annotations: doNotWait,
      },
      spec: {
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector,
        ports: [{ name: "gossip", port: GOSSIP_PORT, targetPort: "gossip" }],
      },
    },
    opts,
  );
}

/** One cache for each kind of what is read, where caches are wanted. */
export function createCaches(
  name: string,
  args: RingStoreArgs,
  opts: pulumi.CustomResourceOptions,
): Record<CacheName, Server> | undefined {
  if (args.caches === undefined) return undefined;
  const { replicas = 3, indexMegabytes, chunksMegabytes, metadataMegabytes, resultsMegabytes } = args.caches;
  const cache = (kind: CacheName, megabytes: number) =>
    createMemcached(
      {
        name: `${name}-${kind}-cache`,
        namespace: args.namespace,
        replicas,
        megabytes,
        itemMegabytes: ITEM_MEGABYTES[kind],
        requireSpread: args.requireSpread ?? true,
        ...(args.memcachedImage === undefined ? {} : { image: args.memcachedImage }),
        ...(args.memcachedExporterImage === undefined ? {} : { exporterImage: args.memcachedExporterImage }),
      },
      opts,
    );
  return {
    index: cache("index", indexMegabytes ?? 1024),
    chunks: cache("chunks", chunksMegabytes ?? 2048),
    metadata: cache("metadata", metadataMegabytes ?? 256),
    results: cache("results", resultsMegabytes ?? 1024),
  };
}

/** Two objects for all parts: the configuration, and the limits, which are read again while everything runs. */
export function createFiles(
  name: string,
  args: RingStoreArgs,
  product: RingStoreProduct,
  caches: Record<CacheName, Server> | undefined,
  opts: pulumi.CustomResourceOptions,
): ServerFiles[] {
  const directory = `/etc/${product.software}`;
  const keys = bucketKeys(args.bucket);
  const known = pulumi.all([
    args.namespace,
    args.bucket.name,
    keys,
    caches === undefined ? undefined : addressesOf(caches),
    product.password,
  ] as const);
  const text = known.apply(([namespace, bucketName, plainKeys, addresses, password]) =>
    stringify(
      product.configuration({
        name,
        namespace,
        bucketName,
        args,
        limitsFile: `${directory}-limits/limits.yaml`,
        ...(plainKeys === undefined ? {} : { keys: plainKeys }),
        ...(password === undefined ? {} : { password }),
        ...(args.bucket.caCertificate === undefined ? {} : { caFile: `${directory}/${CA_FILE}` }),
        ...(addresses === undefined ? {} : { caches: addresses }),
      }),
      { aliasDuplicateObjects: false },
    ),
  );
  const configuration = {
    [`${product.software}.yaml`]: text,
    ...(args.bucket.caCertificate === undefined ? {} : { [CA_FILE]: args.bucket.caCertificate }),
  };
  const limits = { "limits.yaml": stringify(tenantLimits(args)) };
  const metadata = (suffix: string) => ({
    name: `${name}-${suffix}`,
    namespace: args.namespace,
    labels: labelsOf(name, product),
  });
  const secret = keys !== undefined || product.password !== undefined;
  const object = !secret
    ? new k8s.core.v1.ConfigMap(
        `${name}-${CONFIGURATION}`,
        { metadata: metadata(CONFIGURATION), data: configuration },
        opts,
      )
    : new k8s.core.v1.Secret(
        `${name}-${CONFIGURATION}`,
        { metadata: metadata(CONFIGURATION), stringData: configuration },
        opts,
      );
  const limitsObject = new k8s.core.v1.ConfigMap(
    `${name}-limits`,
    { metadata: metadata("limits"), data: limits },
    opts,
  );
  return [
    { mountPath: directory, content: configuration, secret, object: object.metadata.name },
    { mountPath: `${directory}-limits`, content: limits, object: limitsObject.metadata.name, reloaded: true },
  ];
}

const addressesOf = (caches: Record<CacheName, Server>) => ({
  index: memcachedAddress(caches.index),
  chunks: memcachedAddress(caches.chunks),
  metadata: memcachedAddress(caches.metadata),
  results: memcachedAddress(caches.results),
});
