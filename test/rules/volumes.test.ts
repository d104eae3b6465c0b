import { volumeRules } from "../../components/prometheus/rules/volumes";
import { fromTeam, object } from "./objectInput";
import { type Input, proveAlert } from "./promtool";

const rules = volumeRules();
const CLAIM = 'namespace="ml", persistentvolumeclaim="data"';
const claim = (name: string) => ({ namespace: "ml", persistentvolumeclaim: name });

/** A volume's statistics, from the kubelets of these nodes. */
const stats =
  (available: string, capacity: string) =>
  (values: string, { name = "data", nodes = ["n1"], size = "100x200" } = {}): Input =>
    Object.fromEntries(
      nodes.flatMap((node) => {
        const series = (stat: string) =>
          `kubelet_volume_stats_${stat}{job="kubelet", instance="${node}", node="${node}", namespace="ml", persistentvolumeclaim="${name}"}`;
        return [
          [series(available), values],
          [series(capacity), size],
        ];
      }),
    );
const bytes = stats("available_bytes", "capacity_bytes");
const inodes = stats("inodes_free", "inodes");

const mode = (name: string) => ({
  [object("kube_persistentvolumeclaim_access_mode", `${CLAIM}, access_mode="${name}"`)]: "1x200",
});
const mounted = (pod: string, readOnly: boolean) => ({
  [object(
    "kube_pod_spec_volumes_persistentvolumeclaims_readonly",
    `${CLAIM}, pod="${pod}", volume="v", ephemeral="false"`,
  )]: `${readOnly ? 1 : 0}x200`,
});
const phase = (name: string, at: string, more = CLAIM) => ({
  [object("kube_persistentvolumeclaim_status_phase", `${more}, phase="${name}"`)]: at,
});

describe("rules: space of volumes", () => {
  const fillsUp = (name: string, left: string) => ({
    labels: claim(name),
    summary: `The volume of claim ml/${name} fills up.`,
    description: `The volume of claim ${name} in namespace ml has ${left} of its space left; that is less than 3 %, or will be nothing within four days.`,
  });
  proveAlert(rules, "KubePersistentVolumeFillingUp", {
    input: {
      // Within a day.
      ...bytes("14.9-0.01x200", { nodes: ["n1", "n2"] }),
      // It can be read only, and also written to; one pod of two does.
      ...mode("ReadOnlyMany"),
      ...mode("ReadWriteMany"),
      ...mounted("reader", true),
      ...mounted("writer", false),
      ...bytes("2.9x200", { name: "cache" }),
    },
    quiet: "59m",
    fires: { at: "61m", alerts: [fillsUp("data", "14.29%"), fillsUp("cache", "2.9%")] },
    silent: [
      { why: "a large part left, however fast it goes", input: bytes("17-0.01x200"), until: "80m" },
      { why: "little left that will do for a week", input: bytes("14.9-0.001x200") },
      {
        why: "a fall after a long rest",
        input: bytes("14x300 14-0.01x110 12.9x30", { size: "100x450" }),
        until: "410m",
      },
      { why: "little left that stays", input: bytes("3.1x200") },
      { why: "a volume for reading only", input: { ...bytes("0x200"), ...mode("ReadOnlyMany") } },
      {
        why: "a volume that all pods mount for reading",
        input: { ...bytes("0x200"), ...mounted("a", true), ...mounted("b", true) },
      },
      { why: "a shared file system without bounds", input: bytes("9.2e18-1e9x200", { size: "9.2e18x200" }) },
      { why: "a driver without statistics", input: bytes("0x200", { size: "0x200" }) },
      { why: "a team's Service with the name of the kubelets", input: fromTeam(bytes("2x200")) },
    ],
  });

  const full = (name: string, left: string) => ({
    labels: claim(name),
    summary: `The volume of claim ml/${name} is full or will be within hours.`,
    description: `The volume of claim ${name} in namespace ml has ${left} of its space left, and at its present rate nothing within four hours: writes to it fail then, checkpoints among them.`,
  });
  proveAlert(rules, "KubePersistentVolumeAlmostFull", {
    // A slow fall after a rest, a fast one, and one that is full.
    input: {
      ...bytes("2.9x122 2.88-0.02x60"),
      ...bytes("_x150 2.9-0.02x60", { name: "logs" }),
      ...bytes("_x150 0x60", { name: "db" }),
    },
    quiet: "155m",
    fires: { at: "156m", alerts: [full("data", "2.22%"), full("logs", "2.78%"), full("db", "0%")] },
    silent: [
      { why: "a cache that is kept almost full", input: bytes("1x60"), until: "20m" },
      { why: "a fast fall with something left", input: bytes("3.9-0.02x60"), until: "20m" },
      { why: "one that will do for five hours", input: bytes("2.9-0.009x60"), until: "20m" },
      { why: "one that is being emptied", input: bytes("0+0.01x60"), until: "20m" },
      { why: "a volume for reading only", input: { ...bytes("0x60"), ...mode("ReadOnlyMany") }, until: "20m" },
    ],
  });

  proveAlert(rules, "KubePersistentVolumeInodesFillingUp", {
    input: inodes("14.9-0.01x200"),
    quiet: "60m",
    fires: {
      at: "61m",
      alerts: [
        {
          labels: claim("data"),
          summary: "The volume of claim ml/data has too many files.",
          description:
            "The volume of claim data in namespace ml has 14.29% of its inodes left; that is less than 3 %, or will be nothing within four days. Then no file can be created, however much space there is.",
        },
      ],
    },
    silent: [
      { why: "a file system without inodes of its own", input: inodes("0x200", { size: "0x200" }) },
      { why: "few left that stay", input: inodes("3.1x200") },
      { why: "a volume for reading only", input: { ...inodes("0x200"), ...mounted("a", true) } },
    ],
  });
});

describe("rules: claims for volumes", () => {
  const volume = (is: string, at: string) => ({
    [object("kube_persistentvolume_status_phase", `persistentvolume="pv-1", phase="${is}"`)]: at,
  });
  proveAlert(rules, "KubePersistentVolumeErrors", {
    input: { ...volume("Failed", "1x60"), ...volume("Bound", "0x60") },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: { persistentvolume: "pv-1", phase: "Failed" },
          summary: "Volume pv-1 is Failed.",
          description:
            "Volume pv-1 has been in phase Failed for 15 minutes: it could not be made, or not be recycled after its claim was deleted, and may cost money for nothing.",
        },
      ],
    },
    silent: [
      { why: "a volume that was given back", input: { ...volume("Released", "1x60"), ...volume("Failed", "0x60") } },
      { why: "a volume that is being made", input: volume("Pending", "1x14 0x60") },
      { why: "a team's own kube-state-metrics", input: fromTeam(volume("Failed", "1x60")) },
    ],
  });

  const pod = 'namespace="ml", pod="notebook-0"';
  const waits = { [object("kube_pod_status_unschedulable", pod)]: "1x60" };
  const uses = {
    [object("kube_pod_spec_volumes_persistentvolumeclaims_info", `${pod}, persistentvolumeclaim="data", volume="v"`)]:
      "1x60",
  };
  proveAlert(rules, "KubePersistentVolumeClaimPending", {
    input: { ...phase("Pending", "1x60"), ...waits, ...uses },
    quiet: "14m",
    fires: {
      at: "15m",
      alerts: [
        {
          labels: claim("data"),
          summary: "A pod waits for the volume of claim ml/data.",
          description:
            "Claim data in namespace ml has had no volume for 15 minutes, and a pod that uses it has no node: the volume cannot be made, or no node suits the pod.",
        },
      ],
    },
    silent: [
      { why: "a claim that no pod uses yet", input: { ...phase("Pending", "1x60"), ...waits } },
      {
        why: "a claim of a pod that waits for GPUs",
        input: {
          ...phase("Pending", "1x60"),
          ...waits,
          ...uses,
          [object(
            "kube_pod_container_resource_requests",
            `${pod}, container="main", node="", resource="nvidia_com_gpu"`,
          )]: "1x60",
        },
      },
      {
        why: "a claim with a volume",
        input: { ...phase("Pending", "0x60"), ...phase("Bound", "1x60"), ...waits, ...uses },
      },
      { why: "a volume that takes a while", input: { ...phase("Pending", "1x14 0x60"), ...waits, ...uses } },
    ],
  });

  proveAlert(rules, "KubePersistentVolumeClaimLost", {
    input: phase("Lost", "1x60"),
    quiet: "4m",
    fires: {
      at: "5m",
      alerts: [
        {
          labels: claim("data"),
          summary: "Claim ml/data has lost its volume.",
          description:
            "The volume to which claim data in namespace ml was bound does not exist any more; what was on it may be gone.",
        },
      ],
    },
    silent: [{ why: "a claim that has its volume", input: { ...phase("Lost", "0x60"), ...phase("Bound", "1x60") } }],
  });
});
