import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { commonLabels, selectorLabels, type WorkloadIdentity } from "../../kubernetes/labels";
import { NOBODY, restrictedContainer, restrictedPod } from "../../kubernetes/securityContext";
import type { NetworkMember } from "../../network/edges";
import { type BucketArgs, bucketAccount, bucketKeys, CA_FILE, DEFAULT_REGION } from "../bucket";
import type { VictoriaMetricsArgs, VictoriaMetricsBackup } from "./args";
import { imageOf } from "./common";
import { COMMON_FLAGS, STORAGE_PATH } from "./flags";
import type { StorageServers } from "./storageServers";

const identity: WorkloadIdentity = { name: "vmbackup", instance: "vmbackup", component: "backup" };

const KEYS_PATH = "/etc/vmbackup/keys";
const KEYS_FILE = "credentials";
const CA_PATH = "/etc/vmbackup/ca";

/** Below `-snapshotsMaxAge` of the storage, which would take the snapshot away. */
const LONGEST_RUN_SECONDS = 24 * 60 * 60;

interface Place {
  account: pulumi.Output<string>;
  /** Name of the Secret with the bucket's keys. */
  keys: pulumi.Output<string> | undefined;
  /** Name of the ConfigMap with the endpoint's certificates. */
  ca: pulumi.Output<string> | undefined;
}

/**
 * A scheduled job for each pod with data: it takes a snapshot and uploads what is new. It mounts the pod's own volume, and so
 * runs on the pod's node, where a volume of one writer may have several readers; where the pod is not, the job waits.
 *
 * To restore: scale the workload to 0, run `vmrestore -src=s3://BUCKET/PREFIX/POD/latest -storageDataPath=/storage` once for each
 * volume, and scale it up again. A backup of a cluster cannot be restored to a single server, and the other way round.
 */
export function createBackups(
  args: VictoriaMetricsArgs,
  backup: VictoriaMetricsBackup,
  storage: StorageServers,
  opts: pulumi.CustomResourceOptions,
): NetworkMember {
  const place = createPlace(args, backup.bucket, opts);
  for (const pod of storage.pods) {
    // `vmstorage-backup-0`: the alerts on backups know them by this.
    const name = pod.name.replace(/-(\d+)$/, "-backup-$1");
    new k8s.batch.v1.CronJob(
      name,
      {
        metadata: { name, namespace: args.namespace, labels: commonLabels(identity) },
        spec: {
          schedule: backup.schedule ?? "17 3 * * *",
          // Two at once would delete each other's files.
          concurrencyPolicy: "Forbid",
          startingDeadlineSeconds: 3600,
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: {
            spec: {
              backoffLimit: 2,
              activeDeadlineSeconds: LONGEST_RUN_SECONDS,
              template: { metadata: { labels: commonLabels(identity) }, spec: podSpec(args, backup, pod, place) },
            },
          },
        },
      },
      { ...opts, dependsOn: [storage.storage.workload] },
    );
  }
  return { name: identity.instance, namespace: args.namespace, podLabels: selectorLabels(identity), listens: {} };
}

function createPlace(args: VictoriaMetricsArgs, bucket: BucketArgs, opts: pulumi.CustomResourceOptions): Place {
  const metadata = (name: string) => ({ name, namespace: args.namespace, labels: commonLabels(identity) });
  const { accountAnnotations } = bucketAccount(bucket);
  const account = new k8s.core.v1.ServiceAccount(
    identity.instance,
    {
      metadata: {
        ...metadata(identity.instance),
        ...(accountAnnotations === undefined ? {} : { annotations: accountAnnotations }),
      },
      automountServiceAccountToken: false,
    },
    opts,
  );
  const keys = bucketKeys(bucket);
  const keysName = `${identity.instance}-keys`;
  const caName = `${identity.instance}-ca`;
  return {
    account: account.metadata.name,
    keys:
      keys &&
      new k8s.core.v1.Secret(
        keysName,
        {
          metadata: metadata(keysName),
          stringData: {
            [KEYS_FILE]: pulumi.interpolate`[default]
aws_access_key_id = ${keys.accessKeyId}
aws_secret_access_key = ${keys.secretAccessKey}
`,
          },
        },
        opts,
      ).metadata.name,
    ca:
      bucket.caCertificate === undefined
        ? undefined
        : new k8s.core.v1.ConfigMap(
            caName,
            { metadata: metadata(caName), data: { [CA_FILE]: bucket.caCertificate } },
            opts,
          ).metadata.name,
  };
}

function podSpec(
  args: VictoriaMetricsArgs,
  backup: VictoriaMetricsBackup,
  pod: StorageServers["pods"][number],
  place: Place,
): k8s.types.input.core.v1.PodSpec {
  const upload = [
    `-storageDataPath=${STORAGE_PATH}`,
    pulumi.interpolate`-snapshot.createURL=${pod.snapshotUrl}`,
    pulumi.interpolate`-dst=${target(backup.bucket, pod.name)}/latest`,
  ];
  const copy = [
    pulumi.interpolate`-origin=${target(backup.bucket, pod.name)}/latest`,
    pulumi.interpolate`-dst=${target(backup.bucket, pod.name)}/$(JOB)`,
  ];
  const run = (name: string, own: pulumi.Input<string>[]) => container({ args, backup, place }, name, own);
  return {
    serviceAccountName: place.account,
    automountServiceAccountToken: false,
    restartPolicy: "Never",
    // The volume's files belong to whoever runs its server.
    securityContext: restrictedPod(NOBODY, NOBODY),
    nodeSelector: { "kubernetes.io/os": "linux" },
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            labelSelector: { matchLabels: { "statefulset.kubernetes.io/pod-name": pod.name } },
            topologyKey: "kubernetes.io/hostname",
          },
        ],
      },
    },
    ...(backup.copies
      ? { initContainers: [run("upload", upload)], containers: [run("copy", copy)] }
      : { containers: [run("upload", upload)] }),
    volumes: [
      { name: "data", persistentVolumeClaim: { claimName: `data-${pod.name}` } },
      ...(place.keys === undefined ? [] : [{ name: "keys", secret: { secretName: place.keys } }]),
      ...(place.ca === undefined ? [] : [{ name: "ca", configMap: { name: place.ca } }]),
    ],
  };
}

/** Where the backups of a pod are. */
const target = ({ name, prefix }: BucketArgs, pod: string) =>
  pulumi.interpolate`s3://${name}/${prefix === undefined ? "" : `${prefix}/`}${pod}`;

function container(
  { args, backup, place }: { args: VictoriaMetricsArgs; backup: VictoriaMetricsBackup; place: Place },
  name: string,
  own: pulumi.Input<string>[],
): k8s.types.input.core.v1.Container {
  const memory = backup.memory ?? "512Mi";
  return {
    name,
    image: imageOf(args, "vmbackup"),
    args: [...COMMON_FLAGS, ...own, ...bucketFlags(backup.bucket, place)],
    env: [
      { name: "JOB", valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } } },
      { name: "GOMEMLIMIT", valueFrom: { resourceFieldRef: { containerName: name, resource: "limits.memory" } } },
      { name: "AWS_REGION", value: backup.bucket.region ?? DEFAULT_REGION },
      // Beside the system's certificates, not in their place: the identity's own requests need those.
      ...(place.ca === undefined ? [] : [{ name: "SSL_CERT_DIR", value: CA_PATH }]),
    ],
    resources: { requests: { cpu: backup.cpu ?? "100m", memory }, limits: { memory } },
    securityContext: restrictedContainer(),
    volumeMounts: [
      { name: "data", mountPath: STORAGE_PATH, readOnly: true },
      ...(place.keys === undefined ? [] : [{ name: "keys", mountPath: KEYS_PATH, readOnly: true }]),
      ...(place.ca === undefined ? [] : [{ name: "ca", mountPath: CA_PATH, readOnly: true }]),
    ],
  };
}

const bucketFlags = ({ endpoint, insecure, kmsKeyId }: BucketArgs, { keys }: Place): string[] => [
  ...(endpoint === undefined ? [] : [`-customS3Endpoint=${insecure ? "http" : "https"}://${endpoint}`]),
  ...(keys === undefined ? [] : [`-credsFilePath=${KEYS_PATH}/${KEYS_FILE}`]),
  ...(kmsKeyId === undefined ? [] : [`-s3SSEKMSKeyId=${kmsKeyId}`]),
];
