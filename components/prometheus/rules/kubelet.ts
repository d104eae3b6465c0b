import { type edges, le } from "../scrape/buckets";
import { kubeletNodeGroups } from "./kubeletNodes";
import { byNode, kubelet, nodeObjects } from "./nodeSeries";
import type { AlertingRule, RuleGroup } from "./rule";

const DAY = 86_400;

type EdgeOf<Histogram extends keyof typeof edges> = Extract<(typeof edges)[Histogram], readonly number[]>[number];

/** Where the slow ones begin, in seconds: edges that are kept. */
const slow = { relist: 5, sandbox: 19.073486328125, podStart: 600 } as const satisfies {
  relist: EdgeOf<"plegRelist">;
  sandbox: EdgeOf<"sandbox">;
  podStart: EdgeOf<"podStart">;
};

const relists = (what: string) => `sum ${byNode} (rate(kubelet_pleg_relist_duration_seconds_${what}[10m]))`;
const slowRelists = `1 - ${relists(`bucket{${kubelet}, le=~"${le(slow.relist)}"}`)} / ${relists(`count{${kubelet}}`)}`;

const starts = (what: string) => `sum ${byNode} (increase(kubelet_pod_start_duration_seconds_${what}[1h]))`;
const allStarts = starts(`count{${kubelet}}`);
const fastStarts = starts(`bucket{${kubelet}, le=~"${le(slow.podStart)}"}`);

// kubelet_run_podsandbox_duration_seconds would be it, but Kubernetes 1.34 observes it before the work, as 0.
const sandbox = `${kubelet}, operation_type="run_podsandbox"`;
const allSandboxes = `sum ${byNode} (increase(kubelet_runtime_operations_total{${sandbox}}[30m]))`;
const fastSandboxes = `sum ${byNode} (increase(kubelet_runtime_operations_duration_seconds_bucket{${sandbox}, le=~"${le(slow.sandbox)}"}[30m]))`;

/** Work that no pod can make fail: a container with a wrong command or image fails to be pulled, made and started. */
const OPERATIONS = "(run|stop|list)_podsandbox|(stop|list)_containers?|list_images|status|version";
const operations = (what: "total" | "errors_total") =>
  `sum by (cluster, node, operation_type) (increase(kubelet_runtime_operations_${what}{${kubelet}, operation_type=~"${OPERATIONS}"}[15m]))`;

/**
 * A certificate is renewed when between 10 % and 30 % of its life are left: EKS signs for 45 days, so at the latest 4.5 days
 * before it ends.
 */
const certificate = (alert: string, kind: "client" | "server", consequence: string): AlertingRule => ({
  alert,
  expr: `max ${byNode} (kubelet_certificate_manager_${kind}_ttl_seconds{${kubelet}}) < ${3 * DAY}`,
  for: "15m",
  severity: "warning",
  summary: `The kubelet's ${kind} certificate on node {{ $labels.node }} has not been renewed.`,
  description: `The ${kind} certificate of the kubelet on node {{ $labels.node }} ends in {{ $value | humanizeDuration }} and should have been renewed by now. ${consequence}`,
});

/** In this hour and two hours before: when the API server is away for a while some fail, and the next try succeeds. */
const renewalErrors = (counter: string, kind: string) =>
  `label_replace(sum ${byNode} (increase(${counter}{${kubelet}}[1h])) > 0 and sum ${byNode} (increase(${counter}{${kubelet}}[1h] offset 2h)) > 0, "certificate", "${kind}", "", "")`;

export const kubeletRules = (): RuleGroup[] => [
  ...kubeletNodeGroups,
  {
    name: "kubelet-work",
    scope: "shard",
    rules: [
      {
        alert: "KubeletPlegDurationHigh",
        // It looks every second; after 3 minutes without a result the node is not ready.
        expr: `${slowRelists} > 0.1`,
        for: "10m",
        severity: "warning",
        summary: "The container runtime of node {{ $labels.node }} is slow to list its containers.",
        description:
          "{{ $value | humanizePercentage }} of the kubelet's looks at the containers of node {{ $labels.node }} take more than 5 seconds. It notices late that pods start and die, and the node becomes not ready when one takes 3 minutes.",
      },
      {
        alert: "KubeletPodSandboxSlow",
        // 19 s is an edge of its buckets; one takes 2 s at most where the network plugin has an address at hand. 2.5: at least
        // three, for increase() makes a little more of two.
        expr: `1 - ${fastSandboxes} / ${allSandboxes} > 0.5 and ${allSandboxes} - ${fastSandboxes} > 2.5`,
        for: "10m",
        severity: "warning",
        summary: "Pods on node {{ $labels.node }} wait for their network.",
        description:
          "{{ $value | humanizePercentage }} of the pods that started on node {{ $labels.node }} within half an hour waited more than 19 seconds for a sandbox: the network plugin or the container runtime is slow.",
      },
      {
        alert: "KubeletPodStartUpLatencyHigh",
        // Info: it has the pulling of images and init containers in it. Not the SLI, which has the waiting for a node in it.
        expr: `1 - ${fastStarts} / ${allStarts} > 0.5 and ${allStarts} - ${fastStarts} > 2.5`,
        for: "15m",
        severity: "info",
        summary: "Pods on node {{ $labels.node }} need more than 10 minutes to start.",
        description:
          "{{ $value | humanizePercentage }} of the pods that started on node {{ $labels.node }} within an hour needed more than 10 minutes, with their images and init containers. Its GPUs are held and do nothing for that time.",
      },
      {
        alert: "KubeletRuntimeErrors",
        expr: `max ${byNode} (${operations("errors_total")} / ${operations("total")} > 0.1 and ${operations("errors_total")} > 3.5)`,
        for: "15m",
        severity: "warning",
        summary: "The container runtime of node {{ $labels.node }} fails.",
        description:
          "Up to {{ $value | humanizePercentage }} of one kind of what the kubelet of node {{ $labels.node }} asks of its container runtime fail, not counting what containers can get wrong themselves. Pods do not start there, or do not go.",
      },
      {
        alert: "KubeletTooManyPods",
        // Info: a node full of small pods is well used, but GPUs that are free there stay free.
        expr: `max ${byNode} (kubelet_running_pods{${kubelet}}) / (max ${byNode} (kube_node_status_allocatable{${nodeObjects}, resource="pods"}) > 0) > 0.95`,
        for: "30m",
        severity: "info",
        summary: "Node {{ $labels.node }} has nearly as many pods as it may have.",
        description:
          "Node {{ $labels.node }} runs {{ $value | humanizePercentage }} of the pods that it may. When it is full, no other pod is scheduled there, whatever CPUs, memory and GPUs are free.",
      },
    ],
  },
  {
    name: "kubelet-certificates",
    scope: "shard",
    rules: [
      certificate(
        "KubeletClientCertificateExpiration",
        "client",
        "Then it cannot talk to the API server, and the node is lost until it joins anew.",
      ),
      certificate(
        "KubeletServerCertificateExpiration",
        "server",
        "Then logs, exec and metrics of the node's pods cannot be read.",
      ),
      {
        alert: "KubeletCertificateRenewalErrors",
        expr: `${renewalErrors("kubelet_certificate_manager_client_expiration_renew_errors", "client")} or ${renewalErrors("kubelet_server_expiration_renew_errors", "server")}`,
        severity: "warning",
        summary: "The kubelet of node {{ $labels.node }} cannot renew its {{ $labels.certificate }} certificate.",
        description:
          'The kubelet of node {{ $labels.node }} failed {{ printf "%.0f" $value }} times within an hour to renew its {{ $labels.certificate }} certificate, and did so two hours before. It goes on with the old one until that ends.',
      },
    ],
  },
];
