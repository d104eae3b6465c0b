import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** Annotation of an ingesters' StatefulSet: down to how many they were drained. */
export const DRAINED_TO = "gpu-observability/drained-to";

/**
 * Has the API server refuse fewer ingesters than there are, whoever asks: what an ingester holds is in the bucket only hours
 * later. The annotation with the new number, the last step of the procedure in docs/stores.md, lets it pass.
 */
export function refuseFewerIngesters(
  name: string,
  args: { namespace: pulumi.Input<string>; labels: Record<string, string>; namePrefix: string },
  opts: pulumi.CustomResourceOptions,
): void {
  const metadata = { name, labels: args.labels };
  const policy = new k8s.admissionregistration.v1.ValidatingAdmissionPolicy(
    name,
    {
      metadata,
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          namespaceSelector: { matchLabels: pulumi.output(args.namespace).apply(namespaceLabel) },
          resourceRules: [
            {
              apiGroups: ["apps"],
              apiVersions: ["*"],
              operations: ["UPDATE"],
              resources: ["statefulsets", "statefulsets/scale"],
            },
          ],
        },
        matchConditions: [
          { name: "ingesters", expression: `object.metadata.name.startsWith('${args.namePrefix}')` },
          { name: "fewer", expression: `${REPLICAS("object")} < ${REPLICAS("oldObject")}` },
        ],
        validations: [
          {
            // The object of `kubectl scale` has no annotations: it is always refused.
            expression: `has(object.metadata.annotations) && '${DRAINED_TO}' in object.metadata.annotations && object.metadata.annotations['${DRAINED_TO}'] == string(${REPLICAS("object")})`,
            message:
              "fewer ingesters would lose what the bucket does not yet have: drain them as docs/stores.md says, then set ingestersDrainedTo to the new number",
          },
        ],
      },
    },
    opts,
  );
  new k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
    name,
    { metadata, spec: { policyName: policy.metadata.name, validationActions: ["Deny"] } },
    opts,
  );
}

const namespaceLabel = (namespace: string) => ({ "kubernetes.io/metadata.name": namespace });

const REPLICAS = (object: string) => `(has(${object}.spec.replicas) ? ${object}.spec.replicas : 0)`;
