import * as pulumi from "@pulumi/pulumi";
import { Mimir } from "../../../components/backends/mimir/mimir";
import { jobs } from "../../../components/prometheus/jobs";
import { names } from "../../names";
import type { MimirSettings } from "../../settings/stores/mimir";
import { withoutUndefined } from "../../settings/withoutUndefined";
import { type CustomResourceContext, optionsOf } from "../context";
import { bucketArgs } from "./bucket";
import { ringStoreArgs, workload } from "./ringStore";

/** Grafana Mimir. */
export function createMimir(context: CustomResourceContext, store: MimirSettings): Mimir {
  const { architecture, kafka, overridesExporter, ruler, alertmanager, blockUpload } = store;
  return new Mimir(
    jobs.mimir,
    {
      ...ringStoreArgs(context, store, bucketArgs(context, store.bucket, store.kind)),
      image: context.images.mimir,
      architecture,
      ...(kafka === undefined ? {} : { kafka: kafkaArgs(kafka) }),
      overridesExporter: workload(overridesExporter),
      ...(ruler === undefined ? {} : { ruler: workload(ruler) }),
      ...(ruler === undefined || alertmanager !== undefined
        ? {}
        : {
            rulerAlertmanagerUrl: `dnssrvnoa+http://_web._tcp.${names.alertmanager}-gossip.${context.settings.namespace}.svc`,
          }),
      ...(alertmanager === undefined ? {} : { alertmanager: workload(alertmanager) }),
      blockUpload,
    },
    optionsOf(context),
  );
}

/** The password leaves here as a Pulumi secret. */
function kafkaArgs({ password, ...kafka }: NonNullable<MimirSettings["kafka"]>) {
  return { ...withoutUndefined(kafka), ...(password === undefined ? {} : { password: pulumi.secret(password) }) };
}
