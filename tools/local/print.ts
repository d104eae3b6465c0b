import { names } from "../../stacks/names";
import { describeChanges } from "./changes";
import type { Health } from "./health";
import { type Place, placeFlags, placeName } from "./place";
import { placeOf } from "./questions";
import type { Platform } from "./up";

interface Service {
  spec: { clusterIP: string; ports: { port: number }[] };
}

const lookAt = (queryUrl: string): LookAt[] => [
  { ...placeOf(queryUrl), title: "PromQL over the pair" },
  { service: names.prometheus, title: "Prometheus" },
  { service: names.alertmanager, title: "Alertmanager" },
];

interface LookAt {
  service: string;
  title: string;
  /** Below which it answers. */
  path?: string;
}

const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** Pods and the live answer. */
export function printHealth(health: Health): void {
  const ready = health.pods.filter((pod) => pod.ready).length;
  const sick = health.sickGpus.map(({ node, gpu }) => `GPU ${gpu} of ${node}`);
  process.stdout.write(
    [
      `  pods            ${ready} of ${health.pods.length} ready`,
      `  Prometheus      ${plural(health.prometheusReplicas, "replica")} behind one query address`,
      `  Alertmanager    ${plural(health.alertmanagerMembers, "member")}${health.alertmanagerMembers > 1 ? " in one cluster" : ""}, the Watchdog ${health.watchdogFires ? "fires" : "is silent"}`,
      `  GPU fleet       ${plural(health.scrapedNodes, "node")}, ${plural(health.gpus, "GPU")}, ${sick.length} sick${sick.length > 0 ? `: ${sick.slice(0, 8).join(", ")}` : ""}`,
      "",
    ].join("\n"),
  );
}

/** What runs, where to look, and the answer. */
export async function printPlatform(place: Place, platform: Platform): Promise<void> {
  const { namespace, api, kubeconfig } = platform;
  const out = (text: string) => process.stdout.write(text);
  out(`\nThe platform runs on ${placeName(place)} (${describeChanges(platform.changes)}).\n`);
  if (platform.notice) out(`  note: ${platform.notice}\n`);
  printHealth(platform.health);
  out("\nWhere to look\n");
  for (const { service, title, path = "" } of lookAt(platform.queryUrl)) {
    const { spec } = (await api.request(
      "GET",
      `/api/v1/namespaces/${namespace}/services/${service}`,
    )) as unknown as Service;
    const port = spec.ports[0]?.port ?? 80;
    const address =
      place.kind === "throwaway"
        ? `http://${spec.clusterIP}:${port}${path}`
        : `kubectl --context ${place.context} -n ${namespace} port-forward service/${service} ${port}:${port}`;
    out(`  ${title.padEnd(22)}${address}\n`);
  }
  if (kubeconfig) out(`  ${"kubectl".padEnd(22)}export KUBECONFIG=${kubeconfig}\n`);
  if (place.kind === "throwaway") {
    const fleet = (await api.request(
      "GET",
      `/api/v1/namespaces/${namespace}/services/gpu-fleet`,
    )) as unknown as Service;
    out(
      `\nBreak a GPU and ask again\n  curl -X PUT 'http://${fleet.spec.clusterIP}:${fleet.spec.ports[0]?.port}/faults/xid?node=gpu-node-0&gpu=0'\n`,
    );
    out(`  npm run local -- status${placeFlags(place)}\n`);
  }
  out(`\nRemove it\n  npm run local -- down${placeFlags(place)}\n`);
  api.close();
}
