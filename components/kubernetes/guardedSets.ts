import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** Annotation of a StatefulSet: down to how many pods it may be lowered. */
const DRAINED_TO = "gpu-observability/drained-to";

/** Annotation of a StatefulSet: where its pods and those of its fellows are, and how many copies they hold. */
const LAYOUT = "gpu-observability/layout";

/** Annotation of a StatefulSet: its layout may become another. */
const LAYOUT_CHANGE = "gpu-observability/layout-change";

/** Annotation of a StatefulSet: the size that its volumes are meant to have. */
const VOLUME_SIZE = "gpu-observability/volume-size";

/** Words that let pass what {@link guardSets} refuses, and what it looks at. */
export interface SetWords {
  /** The number of pods down to which they were drained. Default: fewer are refused. */
  drainedTo?: number;
  /** In which zones the pods are, and how many copies they hold, as a text. Default: nothing is known of it. */
  layout?: string;
  /** Whether `layout` may become another. Default: false. */
  acceptLayoutChange?: boolean;
}

/** The annotations that say so. */
export const setAnnotations = (
  { drainedTo, layout, acceptLayoutChange }: SetWords,
  volumeSize: string | undefined,
): Record<string, string> => ({
  ...(drainedTo === undefined ? {} : { [DRAINED_TO]: String(drainedTo) }),
  ...(layout === undefined ? {} : { [LAYOUT]: layout }),
  ...(acceptLayoutChange ? { [LAYOUT_CHANGE]: "accepted" } : {}),
  ...(volumeSize === undefined ? {} : { [VOLUME_SIZE]: volumeSize }),
});

/** Which StatefulSets are guarded; names are whole ones, as regular expressions. */
export interface GuardedSets {
  namespace: pulumi.Input<string>;
  labels: Record<string, string>;
  /** All of the store. */
  sets: string;
  /** Those whose pods hold what nobody else has. Default: none. */
  keepers?: string;
  /** The setting that says down to how many they were drained. */
  drainedWord?: string;
}

/**
 * Has the API server refuse, whoever asks and in a preview too, what a StatefulSet would do without a word though it loses or hides
 * data: fewer pods, other zones or copies, and volumes of another size, which it gives to new pods only while flags already count on
 * them. An annotation, or the procedure in docs/stores.md, lets it pass. Needs Kubernetes 1.30 or newer.
 */
export function guardSets(name: string, args: GuardedSets, opts: pulumi.CustomResourceOptions): void {
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
        matchConditions: [{ name: "sets", expression: named(args.sets) }],
        validations: [...(args.keepers === undefined ? [] : [noneFewer(args.keepers, args)]), sameLayout, sameVolumes],
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

const named = (pattern: string) => `object.metadata.name.matches('^(${pattern})$')`;

const annotated = (object: string, key: string) =>
  `(has(${object}.metadata.annotations) && '${key}' in ${object}.metadata.annotations)`;

const annotation = (object: string, key: string) => `${object}.metadata.annotations['${key}']`;

const replicas = (object: string) => `(has(${object}.spec.replicas) ? ${object}.spec.replicas : 0)`;

// The object of `kubectl scale` has no annotations: it is always refused.
const noneFewer = (keepers: string, { drainedWord }: GuardedSets) => ({
  expression: [
    `!${named(keepers)}`,
    `${replicas("object")} >= ${replicas("oldObject")}`,
    `(${annotated("object", DRAINED_TO)} && ${annotation("object", DRAINED_TO)} == string(${replicas("object")}))`,
  ].join(" || "),
  message: `fewer pods would lose what only they hold: do what docs/stores.md says, then set ${drainedWord} to the new number`,
});

const sameLayout = {
  expression: [
    `!${annotated("oldObject", LAYOUT)}`,
    `(${annotated("object", LAYOUT)} && ${annotation("object", LAYOUT)} == ${annotation("oldObject", LAYOUT)})`,
    annotated("object", LAYOUT_CHANGE),
  ].join(" || "),
  message:
    "other zones or another number of copies move no data, and volumes stay in their zone: do what docs/stores.md says, with acceptZoneChange",
};

const CLAIMED = "object.spec.volumeClaimTemplates[0].spec.resources.requests['storage']";

const sameVolumes = {
  expression: [
    `!${annotated("object", VOLUME_SIZE)}`,
    "!has(object.spec.volumeClaimTemplates)",
    `quantity(${annotation("object", VOLUME_SIZE)}).compareTo(quantity(string(${CLAIMED}))) == 0`,
  ].join(" || "),
  message: "a StatefulSet never changes the size of its volumes: do first what docs/stores.md says of larger volumes",
};
