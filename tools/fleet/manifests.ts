import * as k8s from "@pulumi/kubernetes";
import type { Profile } from "../../components/gpu/signals";
import { signalRelabelings } from "../../components/gpu/signals/relabelings";
import { contentHash } from "../../components/kubernetes/contentHash";
import { scrapeConfigResource } from "../../components/kubernetes/customResources";
import { commonLabels, selectorLabels } from "../../components/kubernetes/labels";
import { NOBODY, restrictedContainer, restrictedPod } from "../../components/kubernetes/securityContext";
import { jobs } from "../../components/prometheus/jobs";

export interface FleetProgramArgs {
  /** An existing namespace whose ScrapeConfigs the Prometheus selects. */
  namespace: string;
  nodes: number;
  gpusPerNode: number;
  /** The counter file of its exporters. */
  profile: Profile;
  /** How often it is scraped. */
  interval: string;
  /** What `fleetScript()` gives. */
  script: string;
  /** An image with `node` on its PATH, 22 or newer. */
  image: string;
  provider: k8s.Provider;
}

const NAME = "gpu-fleet";
/** dcgm-exporter's port. */
const PORT = 9400;
const FILE = "fleet.js";

/** The simulated fleet and how Prometheus finds it: as many targets of the job `dcgm-exporter` as there are nodes. */
export function fleetProgram(args: FleetProgramArgs): void {
  const { namespace, nodes, gpusPerNode, profile, interval, script, image, provider } = args;
  const identity = { name: NAME, instance: NAME, component: "simulation" };
  const labels = commonLabels(identity);
  const matchLabels = selectorLabels(identity);
  const metadata = { name: NAME, namespace, labels };
  const opts = { provider };

  const scriptMap = new k8s.core.v1.ConfigMap(NAME, { metadata, data: { [FILE]: script } }, opts);
  const deployment = new k8s.apps.v1.Deployment(
    NAME,
    {
      metadata,
      spec: {
        // Faults are kept in memory: a second replica would not have them.
        replicas: 1,
        strategy: { type: "Recreate" },
        selector: { matchLabels },
        template: {
          metadata: { labels, annotations: contentHash(script) },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            securityContext: restrictedPod(NOBODY, NOBODY),
            containers: [
              {
                name: "fleet",
                image,
                // The heap's own limit is below the container's, so that it is collected before the pod is killed.
                command: ["node", "--max-old-space-size=128", `/fleet/${FILE}`],
                env: [
                  { name: "FLEET_NODES", value: String(nodes) },
                  { name: "FLEET_GPUS_PER_NODE", value: String(gpusPerNode) },
                  { name: "FLEET_PROFILE", value: profile },
                  { name: "PORT", value: String(PORT) },
                ],
                ports: [{ name: "metrics", containerPort: PORT }],
                readinessProbe: { httpGet: { path: "/healthz", port: "metrics" }, periodSeconds: 2 },
                livenessProbe: { httpGet: { path: "/healthz", port: "metrics" }, periodSeconds: 10, timeoutSeconds: 5 },
                resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "256Mi" } },
                securityContext: restrictedContainer(),
                volumeMounts: [{ name: "script", mountPath: "/fleet", readOnly: true }],
              },
            ],
            volumes: [{ name: "script", configMap: { name: NAME } }],
          },
        },
      },
    },
    { ...opts, dependsOn: scriptMap },
  );
  // The platform's namespace denies what no policy allows: the fleet brings its own, and a way to it for Prometheus.
  const onPort = [{ port: PORT, protocol: "TCP" }];
  new k8s.networking.v1.NetworkPolicy(
    NAME,
    { metadata, spec: { podSelector: { matchLabels }, policyTypes: ["Ingress"], ingress: [{ ports: onPort }] } },
    opts,
  );
  new k8s.networking.v1.NetworkPolicy(
    `${NAME}-scrapes`,
    {
      metadata: { ...metadata, name: `${NAME}-scrapes` },
      spec: {
        podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
        policyTypes: ["Egress"],
        egress: [{ to: [{ podSelector: { matchLabels } }], ports: onPort }],
      },
    },
    opts,
  );
  const service = new k8s.core.v1.Service(
    NAME,
    { metadata, spec: { selector: matchLabels, ports: [{ name: "metrics", port: PORT, targetPort: "metrics" }] } },
    // After the pods: Pulumi waits until a new Service has a ready endpoint.
    { ...opts, dependsOn: deployment },
  );
  scrapeConfigResource(
    NAME,
    {
      metadata,
      spec: {
        jobName: jobs.dcgmExporter,
        scrapeInterval: interval,
        httpSDConfigs: [{ url: `http://${NAME}.${namespace}.svc:${PORT}/targets`, refreshInterval: "30s" }],
        // What the platform makes of its own exporters' series.
        honorLabels: true,
        metricRelabelings: signalRelabelings({ profile, sharedGpus: false }),
      },
    },
    { ...opts, dependsOn: service },
  );
}
