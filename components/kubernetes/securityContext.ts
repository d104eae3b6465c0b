/** User and group of pods whose image does not ask for another: `nobody`. */
export const NOBODY = 65534;

/** A pod that Kubernetes' `restricted` profile admits. */
export function restrictedPod(user: number, group: number) {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: group,
    fsGroup: group,
    // Without it, every start changes the owner of each file of a large volume.
    fsGroupChangePolicy: "OnRootMismatch" as const,
    seccompProfile: { type: "RuntimeDefault" as const },
  };
}

/** A container that Kubernetes' `restricted` profile admits, and that cannot write to its image. */
export function restrictedContainer() {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  };
}

const profile = (name: string) => ({
  "pod-security.kubernetes.io/enforce": name,
  "pod-security.kubernetes.io/warn": name,
  "pod-security.kubernetes.io/audit": name,
});

/** Labels of a namespace that admits only `restricted` pods. */
export const restrictedNamespaceLabels = (): Record<string, string> => profile("restricted");

/** Labels of a namespace that admits pods which use the node's network and files. */
export const privilegedNamespaceLabels = (): Record<string, string> => profile("privileged");
