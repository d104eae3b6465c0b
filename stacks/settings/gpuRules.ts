import { InputPropertyError } from "@pulumi/pulumi";
import { sloRules } from "../../components/gpu/rules/slo";
import { milliseconds } from "./fields";
import type { SettingRule } from "./settingRule";
import { withoutUndefined } from "./withoutUndefined";

/** Rules between the settings of GPUs and of what uses them. */
export const gpuSettingRules: SettingRule[] = [
  {
    needs: ["gpu"],
    check: ({ gpu }) =>
      gpu.kind === "install" && !isScrapeInterval(gpu.scrapeInterval)
        ? [
            {
              path: ["gpu", "scrapeInterval"],
              rule: "must be whole seconds, from 5s to 60s: rules look back 5 minutes and need several samples",
              fix: "set it to 30s, or to 15s for serving",
            },
          ]
        : [],
  },
  {
    needs: ["gpu"],
    check: ({ gpu }) => {
      if (gpu.kind === "none") return [];
      const places = gpu.outside.flatMap(({ targets }, group) =>
        targets.map(({ node }, index) => ({ node, path: ["gpu", "outside", group, "targets", index, "node"] })),
      );
      return places
        .filter(({ node }, index) => places.findIndex((other) => other.node === node) !== index)
        .map(({ path }) => ({
          path,
          rule: "is the name of another node: their GPUs would be counted as one node's",
          fix: "give each node a name of its own",
        }));
    },
  },
  {
    needs: ["workloads.kueue", "clusterMetrics"],
    check: ({ workloads, clusterMetrics }) =>
      workloads.kueue.kind === "scrape" && clusterMetrics.kind === "none"
        ? [
            {
              path: ["workloads", "kueue", "kind"],
              rule: "needs clusterMetrics: Kueue wants a token that may read metrics, which Prometheus has only for them",
              fix: "set clusterMetrics to { kind: install }, or workloads.kueue to { kind: none }",
            },
          ]
        : [],
  },
  {
    needs: ["workloads.inference"],
    check: ({ workloads: { inference } }) => {
      if (inference.kind === "none" || inference.slos === undefined) return [];
      try {
        sloRules(inference.slos.map(withoutUndefined), "workloads.inference.slos");
        return [];
      } catch (error) {
        if (!InputPropertyError.isInstance(error)) throw error;
        return [
          {
            path: keysOf(error.propertyPath),
            rule: error.reason,
            fix: "choose a threshold and an objective that can be measured",
          },
        ];
      }
    },
  },
];

/** The exporter takes whole seconds. */
function isScrapeInterval(text: string): boolean {
  const length = milliseconds(text) ?? 0;
  return length % 1_000 === 0 && length >= 5_000 && length <= 60_000;
}

/** `a.b[0].c` → its keys. */
const keysOf = (path: string) =>
  path
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .split(".")
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key));
