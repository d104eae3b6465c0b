import { AppsV1Api, CoreV1Api, KubeConfig, NetworkingV1Api } from "@kubernetes/client-node";
import { silentProgress } from "../../../tools/cli/progress";
import { type Cluster, exec, importImages, withLibraries } from "../../../tools/cluster";

/** This machine's Node.js as an image; what a pod does is a script in its arguments. */
export const NODE_IMAGE = "docker.io/library/node:24-test";

const NODE = "/usr/local/bin/node";

export function connect({ kubeconfig }: Cluster) {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return {
    server: new URL(config.getCurrentCluster()?.server ?? "").hostname,
    core: config.makeApiClient(CoreV1Api),
    apps: config.makeApiClient(AppsV1Api),
    networking: config.makeApiClient(NetworkingV1Api),
  };
}

export async function importNode(cluster: Cluster): Promise<void> {
  const files = await withLibraries(process.execPath, NODE);
  await importImages(cluster, [{ reference: NODE_IMAGE, entrypoint: [NODE], files }], silentProgress);
}

let executions = 0;

/** Runs a script in a pod's only container and returns what it printed; throws while the container does not run. */
export async function runScript(
  cluster: Cluster,
  pod: { namespace: string; name: string },
  script: string,
): Promise<string> {
  const { status } = await connect(cluster).core.readNamespacedPod(pod);
  const [container] = status?.containerStatuses ?? [];
  if (!container?.state?.running) throw new Error(`pod ${pod.name} does not run`);
  executions += 1;
  const id = container.containerID?.replace("containerd://", "") ?? "";
  const words = ["ctr", "-n", "k8s.io", "tasks", "exec", "--exec-id", `script-${executions}`, id];
  return exec(cluster, [...words, NODE, "-e", script]);
}
