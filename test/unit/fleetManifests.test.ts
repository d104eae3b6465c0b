import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { signalRelabelings } from "../../components/gpu/signals/relabelings";
import { fleetProgram } from "../../tools/fleet/manifests";
import { fleetScript } from "../../tools/fleet/script";

interface Manifest {
  kind: string;
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: Record<string, unknown>;
  data: Record<string, string>;
}

/** The objects that the program declares, by kind, all through the given provider. */
async function run(script: string): Promise<Record<string, Manifest>> {
  const found: Record<string, Manifest> = {};
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs, provider }) => {
      if (type !== "pulumi:providers:kubernetes") {
        assert.match(provider ?? "", /::lab::/);
        found[inputs.kind] = inputs;
      }
      return { id: name, state: inputs };
    },
    call: () => ({}),
  });
  const provider = new k8s.Provider("lab", {});
  fleetProgram({
    ...{ namespace: "gpu", nodes: 3, gpusPerNode: 4, profile: "health", interval: "15s" },
    ...{ script, image: "example/node:24", provider },
  });
  await pulumi.runtime.disconnect();
  return found;
}

function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((current, key) => (current as Record<string | number, unknown>)[key], value);
}

describe("the fleet's objects", () => {
  it("are a script, one pod, a service and a ScrapeConfig of the job dcgm-exporter", async () => {
    // Of the two policies the later: the way for Prometheus. That the first lets it in is proved on a cluster.
    const { ConfigMap, Deployment, NetworkPolicy, Service, ScrapeConfig, ...others } = await run("code");
    assert.deepEqual(NetworkPolicy?.spec, {
      podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
      policyTypes: ["Egress"],
      egress: [
        {
          to: [
            {
              podSelector: {
                matchLabels: { "app.kubernetes.io/name": "gpu-fleet", "app.kubernetes.io/instance": "gpu-fleet" },
              },
            },
          ],
          ports: [{ port: 9400, protocol: "TCP" }],
        },
      ],
    });
    assert.deepEqual(Object.keys(others), []);
    for (const object of [ConfigMap, Deployment, Service, ScrapeConfig]) {
      assert.equal(object?.metadata.name, "gpu-fleet");
      assert.equal(object?.metadata.namespace, "gpu");
      assert.equal(object?.metadata.labels["app.kubernetes.io/part-of"], "gpu-observability");
    }
    assert.deepEqual(ConfigMap?.data, { "fleet.js": "code" });
    assert.deepEqual(Service?.spec, {
      selector: { "app.kubernetes.io/name": "gpu-fleet", "app.kubernetes.io/instance": "gpu-fleet" },
      ports: [{ name: "metrics", port: 9400, targetPort: "metrics" }],
    });
    assert.deepEqual(ScrapeConfig?.spec, {
      jobName: "dcgm-exporter",
      scrapeInterval: "15s",
      honorLabels: true,
      // What they do is proved with the catalogue.
      metricRelabelings: signalRelabelings({ profile: "health", sharedGpus: false }),
      httpSDConfigs: [{ url: "http://gpu-fleet.gpu.svc:9400/targets", refreshInterval: "30s" }],
    });
    const container = at(Deployment?.spec, "template", "spec", "containers", 0);
    assert.deepEqual(at(container, "env"), [
      { name: "FLEET_NODES", value: "3" },
      { name: "FLEET_GPUS_PER_NODE", value: "4" },
      { name: "FLEET_PROFILE", value: "health" },
      { name: "PORT", value: "9400" },
    ]);
    assert.deepEqual(at(container, "command"), ["node", "--max-old-space-size=128", "/fleet/fleet.js"]);
    assert.equal(at(container, "resources", "limits", "memory"), "256Mi");
  });

  it("fulfil Kubernetes' restricted profile, without a service account token", async () => {
    const pod = at((await run("code")).Deployment?.spec, "template", "spec");
    assert.deepEqual(at(pod, "containers", 0, "securityContext"), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    assert.equal(at(pod, "securityContext", "runAsNonRoot"), true);
    assert.equal(at(pod, "securityContext", "runAsUser"), 65534);
    assert.deepEqual(at(pod, "securityContext", "seccompProfile"), { type: "RuntimeDefault" });
    assert.equal(at(pod, "automountServiceAccountToken"), false);
  });

  it("roll the pod when the script changes, and only then", async () => {
    const hash = async (script: string) =>
      at((await run(script)).Deployment?.spec, "template", "metadata", "annotations");
    assert.deepEqual(await hash("code"), await hash("code"));
    assert.notDeepEqual(await hash("code"), await hash("other code"));
  });

  it("carry a script that fits a ConfigMap, needs nothing but Node, and is the same from any folder", async () => {
    const script = await fleetScript();
    assert.ok(script.length < 200_000);
    const modules = [...script.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
    assert.ok(modules.length > 0);
    assert.deepEqual(
      modules.filter((name) => !name?.startsWith("node:")),
      [],
    );
    const folder = process.cwd();
    process.chdir("/");
    try {
      assert.equal(await fleetScript(), script);
    } finally {
      process.chdir(folder);
    }
  });
});
