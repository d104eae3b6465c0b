import * as pulumi from "@pulumi/pulumi";
import {
  Alertmanager,
  alertmanagerConfiguration,
  alertmanagerSecretsDirectory,
  type Routing,
  ThanosRuler,
} from "../../components";
import { names } from "../names";
import type { Settings } from "../settings";
import { milliseconds } from "../settings/fields";
import { type CustomResourceContext, optionsOf, requireSpread, storageArgs } from "./context";
import { selectedNamespaces } from "./prometheus";
import { feeds, type Stores, withinMemory } from "./stores";

export function createAlertmanager(context: CustomResourceContext): Alertmanager {
  const { settings, namespace, images } = context;
  const { replicas, retention, storage, resources } = settings.alertmanager;
  const configuration = alertmanagerConfiguration(routing(settings), alertmanagerSecretsDirectory(names.alertmanager));
  return new Alertmanager(
    names.alertmanager,
    {
      namespace,
      ...configuration,
      replicas,
      retention,
      ...resources,
      ...storageArgs(storage),
      requireSpread: requireSpread(settings),
      image: images.alertmanager,
    },
    optionsOf(context),
  );
}

/** Settings to routing; every secret leaves here as a Pulumi secret. */
function routing({ alerting }: Settings): Routing {
  const { heartbeat } = alerting;
  return {
    receivers: alerting.receivers.map(({ name, url }) => ({ name, url: pulumi.secret(url) })),
    routes: alerting.routes,
    defaultReceiver: alerting.defaultReceiver,
    heartbeat:
      heartbeat.kind === "webhook"
        ? { url: pulumi.secret(heartbeat.url), intervalSeconds: (milliseconds(heartbeat.interval ?? "1m") ?? 0) / 1000 }
        : undefined,
  };
}

/** Evaluates what no shard can answer alone. */
export function createRuler(context: CustomResourceContext, stores: Stores): ThanosRuler {
  const { all, read, queryUrl } = stores;
  const { bucket } = feeds(stores);
  const { settings, namespace, images } = context;
  const { replicas, resources, storage } = settings.ruler;
  return new ThanosRuler(
    names.ruler,
    {
      namespace,
      queryUrl: read.rules?.url ?? queryUrl,
      remoteWrites: withinMemory(
        all.flatMap(({ rulerWrites }) => rulerWrites?.write ?? []),
        resources.memory,
      ),
      // Those that read the sidecars read the rulers too.
      keepsRecorded: all.some(({ readsSidecars }) => readsSidecars !== undefined),
      ...(bucket === undefined ? {} : { bucket }),
      // The headless one: its SRV record lists every member.
      alertmanagerService: `${names.alertmanager}-gossip`,
      evaluationInterval: settings.prometheus.scrapeInterval,
      replicas,
      ...resources,
      ...storageArgs(storage),
      clusterName: settings.cluster.name,
      ...selectedNamespaces(settings),
      requireSpread: requireSpread(settings),
      image: images.thanos,
    },
    optionsOf(context),
  );
}
