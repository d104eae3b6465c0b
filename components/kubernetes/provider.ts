import * as k8s from "@pulumi/kubernetes";

/** How to reach the cluster. */
export interface ClusterAccess {
  /** The kubeconfig file. Default: `KUBECONFIG`, else `~/.kube/config`. */
  kubeconfigPath?: string | undefined;
  /** The context in it. Default: its current context. */
  context?: string | undefined;
}

/**
 * The one Kubernetes provider of a program. Its path and context are plain values: the credentials stay in the file and
 * never reach the state.
 */
export function createProvider(name: string, access: ClusterAccess): k8s.Provider {
  return new k8s.Provider(name, {
    ...(access.kubeconfigPath === undefined ? {} : { kubeconfig: access.kubeconfigPath }),
    ...(access.context === undefined ? {} : { context: access.context }),
    enableServerSideApply: true,
    // Otherwise a changed value replaces the ConfigMap or Secret, and everything that uses its name with it.
    enableConfigMapMutable: true,
    enableSecretMutable: true,
  });
}
