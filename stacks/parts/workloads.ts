import {
  EfaScrape,
  InferenceScrapes,
  inferencePorts,
  KueueScrape,
  kueuePort,
  type NetworkEdge,
  type Outsider,
  type Prometheus,
} from "../../components";
import { names } from "../names";
import type { Settings } from "../settings";
import { withoutUndefined } from "../settings/withoutUndefined";
import { type CustomResourceContext, optionsOf } from "./context";

/** Pods elsewhere that Prometheus has to reach. */
export type WorkloadTarget = { to: Outsider; ports: NonNullable<NetworkEdge["ports"]> };

const inNamespace = (name: string, namespace: string): Outsider => ({ name, peers: [{ namespace }] });

/** Scrapes of what uses GPUs, where it runs already. */
export function createWorkloadScrapes(context: CustomResourceContext, prometheus: Prometheus): WorkloadTarget[] {
  const { settings, namespace } = context;
  const { inference, kueue, efa } = settings.workloads;
  const options = { ...optionsOf(context), dependsOn: [prometheus] };
  const every = (interval: string | undefined) => (interval === undefined ? {} : { scrapeInterval: interval });
  const targets: WorkloadTarget[] = [];
  if (inference.kind === "scrape") {
    const { namespaces, engines, scrapeInterval } = inference;
    const open = inference.ports ?? inferencePorts;
    new InferenceScrapes(
      names.inferenceScrapes,
      { namespace, workloadNamespaces: namespaces, engines, ...every(scrapeInterval) },
      options,
    );
    const ports = open.map((port) => ({ port }));
    targets.push(...namespaces.map((name) => ({ to: inNamespace(`models in ${name}`, name), ports })));
  }
  if (kueue.kind === "scrape") {
    const { namespace: kueueNamespace, caSecret, scrapeInterval } = kueue;
    new KueueScrape(
      names.kueueScrape,
      { namespace, kueueNamespace, ...(caSecret === undefined ? {} : { caSecret }), ...every(scrapeInterval) },
      options,
    );
    targets.push({ to: inNamespace("Kueue", kueueNamespace), ports: [{ port: kueuePort }] });
  }
  if (efa.kind === "scrape") {
    const { namespace: exporterNamespace, podSelector, port, scrapeInterval } = efa;
    new EfaScrape(
      names.efaScrape,
      { namespace, exporterNamespace, podSelector, port, ...every(scrapeInterval) },
      options,
    );
    targets.push({ to: inNamespace("EFA exporters", exporterNamespace), ports: [{ port }] });
  }
  return targets;
}

export const hasWorkloads = ({ workloads }: Settings) => Object.values(workloads).some(({ kind }) => kind !== "none");

/** What the rules about workloads are made from. */
export const workloadRuleArgs = ({ workloads }: Settings) => ({
  inference: workloads.inference.kind === "scrape",
  ...(workloads.inference.kind === "scrape" && workloads.inference.slos !== undefined
    ? { inferenceSlos: workloads.inference.slos.map(withoutUndefined) }
    : {}),
  kueue: workloads.kueue.kind === "scrape",
  efa: workloads.efa.kind === "scrape",
});
