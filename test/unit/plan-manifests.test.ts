import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { availabilityOf } from "../../tools/plan/availability";
import { manifestsOf, requiredSecrets } from "../../tools/plan/manifests";
import { manifestYaml } from "../../tools/plan/write";
import { graphOf } from "../harness";

async function manifests(build: (opts: pulumi.CustomResourceOptions) => void) {
  const { resources } = await graphOf(() => build({ provider: new k8s.Provider("main", {}) }), { preview: true });
  return manifestsOf(resources);
}

const meta = { name: "x", namespace: "n" };

describe("plan: manifests", () => {
  it("are named in an order in which they can be applied", async () => {
    const found = await manifests((opts) => {
      new k8s.apiextensions.CustomResource(
        "prometheus",
        { apiVersion: "monitoring.coreos.com/v1", kind: "Prometheus", metadata: meta, spec: {} },
        opts,
      );
      new k8s.apps.v1.Deployment("deployment", { metadata: meta, spec: { selector: {}, template: {} } }, opts);
      new k8s.rbac.v1.ClusterRole("role", { metadata: { name: "system:x" } }, opts);
      new k8s.core.v1.ConfigMap("config", { metadata: meta }, opts);
      new k8s.core.v1.Namespace("namespace", { metadata: { name: "n" } }, opts);
      new k8s.coordination.v1.Lease("lease", { metadata: meta }, opts);
      new k8s.core.v1.Namespace("other", { metadata: { name: "m" } }, { ...opts });
    });
    assert.deepEqual(
      found.map(({ file }) => file),
      [
        "05-namespace.m.yaml",
        "05-namespace.n.yaml",
        "30-clusterrole.system_x.yaml",
        "45-configmap.n.x.yaml",
        "60-deployment.n.x.yaml",
        "75-lease.n.x.yaml",
        "80-prometheus.n.x.yaml",
      ],
    );
  });

  it("are the same text whatever the order of keys in the program", async () => {
    const of = async (data: Record<string, string>) => {
      const [manifest] = await manifests((opts) => {
        new k8s.core.v1.ConfigMap(
          "config",
          { data, metadata: { namespace: "n", labels: { b: "1", a: "2" }, name: "x" } },
          opts,
        );
      });
      return manifest && manifestYaml(manifest.object);
    };
    const expected = `apiVersion: v1
kind: ConfigMap
metadata:
  name: x
  namespace: n
  labels:
    a: "2"
    b: "1"
data:
  a: "1"
  b: "2"
`;
    assert.equal(await of({ a: "1", b: "2" }), expected);
    assert.equal(await of({ b: "2", a: "1" }), expected);
  });

  it("list what exists only after deployment, and where secrets stand", async () => {
    const found = await manifests((opts) => {
      const first = new k8s.core.v1.Namespace("n", { metadata: { name: "n" } }, opts);
      new k8s.core.v1.ConfigMap(
        "c",
        {
          metadata: { ...meta, labels: { "a/b": first.id } },
          data: { "k.ey": pulumi.secret("v"), both: pulumi.secret(first.id) },
        },
        opts,
      );
    });
    assert.deepEqual(
      found.map(({ file, unknown, secret }) => ({ file, unknown, secret })),
      [
        { file: "05-namespace.n.yaml", unknown: [], secret: [] },
        {
          file: "45-configmap.n.x.yaml",
          unknown: ["data.both", 'metadata.labels["a/b"]'],
          secret: ['data["k.ey"]'],
        },
      ],
    );
    assert.deepEqual(found[1]?.object.data, { both: "[unknown]", "k.ey": "[secret]" });
    assert.deepEqual(found[1]?.object.metadata.labels, { "a/b": "[unknown]" });
  });

  it("never hold a Secret's values, only its keys and the command that makes it", async () => {
    const found = await manifests((opts) => {
      new k8s.core.v1.Secret(
        "a",
        { metadata: meta, stringData: { user: "u5er", password: pulumi.secret("hunter2") } },
        opts,
      );
      new k8s.core.v1.Secret(
        "b",
        { metadata: { ...meta, name: "tls" }, type: "kubernetes.io/tls", data: { "tls.key": "c2VjcmV0" } },
        opts,
      );
    });
    assert.doesNotMatch(JSON.stringify(found), /u5er|hunter2|c2VjcmV0/);
    assert.deepEqual(requiredSecrets(found), [
      {
        namespace: "n",
        name: "tls",
        keys: ["tls.key"],
        command: "kubectl create secret generic tls --namespace n --type=kubernetes.io/tls --from-file=tls.key=FILE",
      },
      {
        namespace: "n",
        name: "x",
        keys: ["password", "user"],
        command: "kubectl create secret generic x --namespace n --from-file=password=FILE --from-file=user=FILE",
      },
    ]);
  });

  it("leave out components, other clouds' resources and objects that are only looked up", async () => {
    const { resources } = await graphOf(() => {
      const provider = new k8s.Provider("main", {});
      new pulumi.ComponentResource("toy:index:Part", "part");
      k8s.core.v1.ConfigMap.get("found", "n/found", { provider });
    });
    assert.deepEqual(manifestsOf(resources), []);
  });

  it("cannot be made of what is not one object", async () => {
    const release = manifests((opts) => {
      new k8s.helm.v3.Release("r", { chart: "c" }, opts);
    });
    await assert.rejects(release, /::r is not a single Kubernetes object, which is all that a plan can show$/);
  });
});

describe("plan: availability", () => {
  const spread = (topologyKey: string, whenUnsatisfiable: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable,
    labelSelector: {},
  });

  it("says replicas, budget and spread of each workload", async () => {
    const found = await manifests((opts) => {
      const labels = { app: "a" };
      new k8s.apps.v1.Deployment(
        "d",
        {
          metadata: meta,
          spec: {
            replicas: 2,
            selector: { matchLabels: labels },
            template: {
              metadata: { labels },
              spec: {
                containers: [],
                topologySpreadConstraints: [
                  spread("topology.kubernetes.io/zone", "DoNotSchedule"),
                  spread("kubernetes.io/hostname", "ScheduleAnyway"),
                ],
              },
            },
          },
        },
        opts,
      );
      new k8s.policy.v1.PodDisruptionBudget(
        "b",
        { metadata: meta, spec: { maxUnavailable: 1, selector: { matchLabels: labels } } },
        opts,
      );
      new k8s.policy.v1.PodDisruptionBudget(
        "elsewhere",
        {
          metadata: { name: "x", namespace: "m" },
          spec: { maxUnavailable: 0, selector: { matchLabels: { app: "ds" } } },
        },
        opts,
      );
      new k8s.apps.v1.DaemonSet(
        "ds",
        {
          metadata: meta,
          spec: { selector: {}, template: { metadata: { labels: { app: "ds" } }, spec: { containers: [] } } },
        },
        opts,
      );
      new k8s.apiextensions.CustomResource(
        "p",
        {
          apiVersion: "monitoring.coreos.com/v1",
          kind: "Prometheus",
          metadata: { name: "p", namespace: "n" },
          spec: {
            replicas: 2,
            shards: 3,
            affinity: {
              podAntiAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "kubernetes.io/hostname" }],
              },
            },
          },
        },
        opts,
      );
      new k8s.policy.v1.PodDisruptionBudget(
        "pb",
        {
          metadata: { name: "pb", namespace: "n" },
          spec: {
            minAvailable: "50%",
            selector: { matchLabels: { "operator.prometheus.io/name": "p", "operator.prometheus.io/shard": "0" } },
          },
        },
        opts,
      );
    });
    assert.deepEqual(availabilityOf(found), [
      { workload: "DaemonSet n/x", replicas: "1 per node", budget: "none", spread: [] },
      { workload: "Deployment n/x", replicas: "2", budget: "at most 1 down", spread: ["zone", "node (preferred)"] },
      { workload: "Prometheus n/p", replicas: "2 × 3 shards", budget: "at least 50% up", spread: ["node"] },
    ]);
  });
});

describe("plan: a Secret without secrets", () => {
  const annotations = { "gpu-observability/content": "configuration" };

  it("is shown and written where its author says so", async () => {
    const [manifest] = await manifests((opts) => {
      new k8s.core.v1.Secret("s", { metadata: { ...meta, annotations }, stringData: { "a.yaml": "x: 1" } }, opts);
    });
    assert.deepEqual(manifest?.object.stringData, { "a.yaml": "x: 1" });
    assert.deepEqual(requiredSecrets(manifest ? [manifest] : []), []);
  });

  it("is concealed without that word", async () => {
    const [manifest] = await manifests((opts) => {
      new k8s.core.v1.Secret("s", { metadata: meta, stringData: { "a.yaml": "x: 1" } }, opts);
    });
    assert.deepEqual(manifest?.object.stringData, { "a.yaml": "[secret]" });
    assert.equal(requiredSecrets(manifest ? [manifest] : []).length, 1);
  });
});
