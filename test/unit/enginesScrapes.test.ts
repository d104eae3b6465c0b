import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import {
  InferenceScrapes,
  type InferenceScrapesArgs,
  inferencePorts,
} from "../../components/gpu/workloads/inferenceScrapes";
import { KueueScrape } from "../../components/gpu/workloads/kueueScrape";
import { graphOf } from "../harness";

interface Step {
  sourceLabels?: string[];
  separator?: string;
  regex?: string;
  targetLabel?: string;
  replacement?: string;
  action: string;
}

interface ScrapeSpec {
  metricsPath: string;
  scheme: string;
  scrapeClass: string;
  tlsConfig: object;
  kubernetesSDConfigs: { role: string; namespaces: { names: string[] }; selectors?: object[] }[];
  relabelings: Step[];
  sampleLimit: number;
}

const scrapes = async (args: Partial<InferenceScrapesArgs> = {}) => {
  const graph = await graphOf(() => {
    const provider = new k8s.Provider("main", {});
    new InferenceScrapes("inference", { namespace: "monitoring", workloadNamespaces: ["chat"], ...args }, { provider });
  });
  return (job: string) => graph.manifest("ScrapeConfig", job).spec as unknown as ScrapeSpec;
};

/** What the steps make of a container's port; undefined if it is not scraped. As Prometheus does, for what is used here. */
function target(steps: readonly Step[], found: Record<string, string>): Record<string, string> | undefined {
  const labels = { ...found };
  for (const {
    sourceLabels = [],
    separator = ";",
    regex = "(.*)",
    targetLabel = "",
    replacement = "$1",
    action,
  } of steps) {
    const value = sourceLabels.map((name) => labels[name] ?? "").join(separator);
    const whole = new RegExp(`^(?:${regex})$`);
    if (action === "keepequal" && value !== (labels[targetLabel] ?? "")) return undefined;
    if (action === "drop" && whole.test(value)) return undefined;
    if (action === "replace" && whole.test(value)) labels[targetLabel] = value.replace(whole, replacement);
  }
  return Object.fromEntries(
    Object.entries(labels).filter(([name]) => !name.startsWith("__meta_") && !name.startsWith("__tmp_")),
  );
}

const meta = (labels: Record<string, string>) =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [`__meta_kubernetes_${name}`, value]));
const pod = {
  namespace: "chat",
  pod_name: "llm-5d9c7b-x2x4z",
  pod_phase: "Running",
  pod_controller_kind: "ReplicaSet",
  pod_controller_name: "llm-5d9c7b",
  pod_container_port_name: "http",
};

describe("scrapes of inference servers", () => {
  it("find pods by their label, in the namespaces that are named", async () => {
    const spec = (await scrapes())("vllm");
    assert.deepEqual(spec.kubernetesSDConfigs, [
      {
        role: "Pod",
        namespaces: { names: ["chat"] },
        selectors: [{ role: "Pod", label: "gpu-observability/engine=vllm" }],
      },
    ]);
    assert.equal(spec.metricsPath, "/metrics");
    assert.ok(spec.sampleLimit > 0);
  });

  it("name the pod and the object that it belongs to", async () => {
    const { relabelings } = (await scrapes())("vllm");
    const named = { namespace: "chat", pod: "llm-5d9c7b-x2x4z", instance: "llm-5d9c7b-x2x4z" };
    assert.deepEqual(target(relabelings, meta(pod)), { ...named, workload: "llm" });
    const ofStatefulSet = { pod_controller_kind: "StatefulSet", pod_controller_name: "llm-big" };
    assert.equal(target(relabelings, meta({ ...pod, ...ofStatefulSet }))?.workload, "llm-big");
    const alone = { pod_controller_kind: "", pod_controller_name: "" };
    assert.equal(target(relabelings, meta({ ...pod, ...alone }))?.workload, "llm-5d9c7b-x2x4z");
  });

  it("look at one port of a pod that runs, and at another path if it says so", async () => {
    const { relabelings } = (await scrapes())("vllm");
    const scraped = (labels: Record<string, string>) => target(relabelings, meta({ ...pod, ...labels }));
    assert.equal(scraped({ pod_container_port_name: "grpc" }), undefined);
    assert.equal(scraped({ pod_phase: "Succeeded" }), undefined);
    const other = { pod_label_gpu_observability_metrics_port: "grpc" };
    assert.equal(scraped(other), undefined);
    assert.equal(scraped({ ...other, pod_container_port_name: "grpc" })?.workload, "llm");
    assert.equal(
      scraped({ pod_annotation_gpu_observability_metrics_path: "/v1/metrics" })?.__metrics_path__,
      "/v1/metrics",
    );
  });

  it("are of the engines that are wanted, and of no others", async () => {
    const some = await scrapes({ engines: ["triton", "ray-serve"] });
    assert.ok(some("triton"));
    assert.throws(() => some("vllm"), /there are: ScrapeConfig monitoring\/ray-serve, ScrapeConfig monitoring\/triton/);
    assert.deepEqual(inferencePorts, [8000, 8080, 8002]);
    await assert.rejects(scrapes({ engines: ["tgi"] }), /'tgi' is none of vllm, nim, ray-serve, triton/);
  });
});

describe("scrape of Kueue", () => {
  const kueue = async (caSecret?: string) => {
    const graph = await graphOf(() => {
      const provider = new k8s.Provider("main", {});
      new KueueScrape(
        "kueue",
        { namespace: "monitoring", ...(caSecret === undefined ? {} : { caSecret }) },
        { provider },
      );
    });
    return graph.manifest("ScrapeConfig", "kueue").spec as unknown as ScrapeSpec;
  };

  it("shows a token, to the Service of Kueue's controller", async () => {
    const { scheme, scrapeClass, relabelings, tlsConfig } = await kueue();
    assert.deepEqual([scheme, scrapeClass], ["HTTPS", "gpu-observability-kubernetes"]);
    assert.equal(relabelings[0]?.regex, "kueue-controller-manager-metrics-service;https");
    assert.deepEqual(tlsConfig, { insecureSkipVerify: true });
  });

  it("verifies its certificate if the authority is known", async () => {
    assert.deepEqual((await kueue("kueue-ca")).tlsConfig, {
      ca: { secret: { name: "kueue-ca", key: "ca.crt" } },
      serverName: "kueue-controller-manager-metrics-service.kueue-system.svc",
    });
  });
});
