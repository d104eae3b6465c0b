import assert from "node:assert/strict";
import { trainingRules } from "../../components/gpu/rules/training";
import { xidEventRules } from "../../components/gpu/rules/xidEvents";
import { failedScrapes, KUBE_STATE_METRICS, outages } from "./failedScrapes";
import { gpuLabels, gpus, job, measured, podOf, profiling, type Values, withRecorded } from "./gpuWorkloadsInput";
import { type AlertProof, type Input, proveAlert, proveRecord } from "./promtool";

const train = { cluster: "c1", namespace: "ml", workload: "train", workload_kind: "Job" };
const health = { ...profiling, profile: "health" } as const;

const works = measured(["matrix products", 300]);
const idle = measured(["memory held, nothing computed", 300]);
const waits = measured(["waiting, 24 blocks", 300]);
const worksThen = (values: "waiting, 1 block" | "memory held, nothing computed") =>
  measured(["matrix products", 20], [values, 300]);

/** All wait for rank 7 of the second node, which is stuck on its host. */
const hangs = job(["n1", "n2"], (node, gpu) =>
  worksThen(node === "n2" && gpu === 7 ? "memory held, nothing computed" : "waiting, 1 block"),
);

/** The series of a job on one node, but for rank 0. */
const withRank0 = (values: Values, others: Values = waits) => job(["n1"], (_, gpu) => (gpu === 0 ? values : others));

const withoutCounters = (input: Input): Input =>
  Object.fromEntries(Object.entries(input).filter(([series]) => !series.startsWith("DCGM_FI_PROF")));

describe("rules: training jobs", () => {
  const prove = (alert: string, proof: AlertProof, context: typeof profiling = profiling) =>
    proveAlert(withRecorded(context, trainingRules(context)), alert, proof);

  const hung = {
    labels: train,
    summary: "Job ml/train hangs.",
    description:
      "15 GPUs of Job train in namespace ml have been running a kernel that only waits for 15 minutes, and none of its GPUs computes: a collective operation that will not end. All of them are held for nothing.",
  };
  const neverHangs = [
    { why: "it works", input: withRank0(works, works) },
    { why: "copies of memory", input: withRank0(measured(["memory copies", 300]), measured(["memory copies", 300])) },
    { why: "most are idle", input: job(["n1"], (_, gpu) => (gpu < 3 ? waits : idle)) },
    {
      why: "one GPU waits for nobody",
      input: { ...gpus([0], { pod: "p" }, waits), ...podOf({ pod: "p", node: "n1", gpus: 1 }) },
    },
    { why: "it ends", input: job(["n1"], () => measured(["matrix products", 20], ["waiting, 1 block", 12])) },
    {
      why: "ten minutes of a checkpoint",
      input: withRank0(works, measured(["waiting, 1 block", 10], ["matrix products", 300])),
    },
  ];
  prove("GpuJobHung", {
    input: hangs,
    quiet: "38m",
    fires: { at: "44m", alerts: [hung] },
    silent: [
      ...neverHangs,
      { why: "one rank computes", input: withRank0(works) },
      {
        why: "small kernels",
        input: withRank0(
          { ...waits, DCGM_FI_PROF_DRAM_ACTIVE: "0.03x300" },
          { ...waits, DCGM_FI_PROF_DRAM_ACTIVE: "0.03x300" },
        ),
      },
      { why: "hardware counters are paused", input: withoutCounters(hangs) },
      ...["Deployment", "StatefulSet", "RayCluster"].map((kind) => ({
        why: `a ${kind}, whose pods serve`,
        input: job(["n1"], () => waits, { kind }),
      })),
    ],
  });
  prove(
    "GpuJobHung",
    {
      input: withoutCounters(hangs),
      quiet: "38m",
      fires: { at: "44m", alerts: [hung] },
      silent: [
        ...neverHangs,
        {
          why: "a third of the power",
          input: withRank0(
            { ...waits, DCGM_FI_DEV_POWER_USAGE: "210x300" },
            { ...waits, DCGM_FI_DEV_POWER_USAGE: "210x300" },
          ),
        },
      ],
    },
    health,
  );
  // It goes on while the exporter restarts.
  const gap = (input: Input) =>
    Object.fromEntries(
      Object.entries(input).map(([series, values]) => [
        series,
        series.startsWith("DCGM") ? values.replace(/(\S+)x299$/, "$1x40 stale _x2 $1x250") : values,
      ]),
    );
  prove("GpuJobHung", { input: gap(hangs), fires: { at: "63m", alerts: [hung] }, silent: neverHangs.slice(0, 1) });
  // Of a job on one node, a failed scrape of its exporter leaves nothing; one of kube-state-metrics, only pods.
  const alone = job(["n1"], (_, gpu) => worksThen(gpu === 7 ? "memory held, nothing computed" : "waiting, 1 block"));
  prove("GpuJobHung", {
    input: failedScrapes(failedScrapes(alone, [30]), [34], KUBE_STATE_METRICS),
    quiet: "38m",
    fires: { at: "39m", alerts: [{ ...hung, description: hung.description.replace("15 GPUs", "7 GPUs") }] },
    silent: [
      { why: "its exporter is away again and again", input: failedScrapes(alone, outages), until: "70m" },
      { why: "kube-state-metrics is", input: failedScrapes(alone, outages, KUBE_STATE_METRICS), until: "70m" },
    ],
  });

  const lacks = (value: number) => ({
    labels: train,
    summary: "Job ml/train waits for GPUs that it does not have.",
    description: `Job train in namespace ml lacks ${value} of the GPUs that its pods ask for: pods of it do not run, or GPUs are gone. It holds the others for 20 minutes and computes nothing.`,
  });
  const pending = (kind = "Job") => podOf({ pod: "train-n3", kind, phases: { Pending: "1x300", Running: "0x300" } });
  /** The exporter does not show the last GPU. */
  const lost = (values: Values, up = "1x300"): Input => ({
    ...podOf({ pod: "train-n1", node: "n1" }),
    ...gpus([0, 1, 2, 3, 4, 5, 6], { pod: "train-n1" }, values),
    'up{job="dcgm-exporter", cluster="c1", node="n1", instance="n1"}': up,
  });
  prove("GpuJobRankMissing", {
    input: { ...job(["n1", "n2"], () => idle), ...pending() },
    quiet: "19m",
    fires: { at: "25m", alerts: [lacks(8)] },
    silent: [
      { why: "all run", input: job(["n1", "n2"], () => idle) },
      { why: "the others work", input: { ...job(["n1", "n2"], () => works), ...pending() } },
      {
        why: "replicas of a server",
        input: { ...job(["n1"], () => idle, { kind: "StatefulSet" }), ...pending("StatefulSet") },
      },
      { why: "none runs", input: pending() },
      {
        why: "it is over",
        input: {
          ...job(["n1"], () => idle),
          ...podOf({ pod: "train-n3", phases: { Pending: "0x300", Succeeded: "1x300" } }),
        },
      },
      {
        why: "a quarter of an hour for an image",
        input: {
          ...job(["n1"], () => idle),
          ...podOf({ pod: "train-n3", phases: { Pending: "1x15 0x300", Running: "0x15 1x300" } }),
        },
      },
      { why: "its node's exporter is away", input: { ...lost(idle, "0x300"), ...job(["n2"], () => idle) } },
      { why: "kube-state-metrics is away", input: gpus([0, 1, 2], { pod: "train-n1" }, idle) },
    ],
  });
  prove("GpuJobRankMissing", {
    input: lost(waits),
    quiet: "19m",
    fires: { at: "25m", alerts: [lacks(1)] },
    silent: [{ why: "the others work", input: lost(works) }],
  });
  /** Of the second node nothing is mapped to the job. */
  const unmapped: Input = {
    ...job(["n1"], () => waits),
    ...podOf({ pod: "train-n2", node: "n2" }),
    'up{job="dcgm-exporter", cluster="c1", node="n2", instance="n2"}': "1x300",
  };
  prove("GpuJobRankMissing", {
    input: unmapped,
    quiet: "19m",
    fires: { at: "25m", alerts: [lacks(8)] },
    silent: [{ why: "all of it is mapped", input: job(["n1", "n2"], () => waits) }],
  });

  const recorded = (record: string, input: Input, samples: Record<string, number>) =>
    proveRecord(withRecorded(profiling, trainingRules(profiling)), record, { input, at: "15m", samples });
  const labels = 'cluster="c1", namespace="ml", workload="train", workload_kind="Job"';
  recorded("node_workload:gpu_missing:sum", lost(idle), { [`{node="n1", ${labels}}`]: 1 });
  recorded("node_workload:gpu_missing:sum", unmapped, { [`{node="n2", ${labels}}`]: 8 });
  recorded("namespace_workload:gpu_not_running:sum", pending(), { [`{${labels}}`]: 8 });
  recorded(
    "namespace_workload:gpu_pods:count",
    {
      ...job(["n1", "n2"], () => idle),
      ...pending(),
      ...podOf({ pod: "done", phases: { Running: "0x60", Succeeded: "1x60" } }),
    },
    { [`{${labels}}`]: 3 },
  );

  /** An XID, counted for five minutes. */
  const xid = (code: number, gpu: number, values = "_x20 1x4 stale"): Input => ({
    [`DCGM_EXP_XID_ERRORS_COUNT{${Object.entries({ job: "dcgm-exporter", ...gpuLabels(gpu), xid: code })
      .map(([label, value]) => `${label}="${value}"`)
      .join(", ")}}`]: values,
  });
  const holds = job(["n1"], () => works);
  const hit = (count: number) => ({
    labels: train,
    summary: "A GPU failed under Job ml/train.",
    description: `${count} GPUs that Job train in namespace ml held reported a hardware fault. What it computed there is lost; the platform's team has an alert of its own about the GPU.`,
  });
  const heldFor = (minutes: string): Input => ({
    ...gpus([3], { pod: "p" }, { DCGM_FI_DEV_FB_USED: minutes }),
    ...podOf({ pod: "p" }),
    ...xid(79, 3),
  });
  const proveHit = (proof: AlertProof) =>
    proveAlert(
      [...xidEventRules(), ...withRecorded(profiling, trainingRules(profiling))],
      "GpuWorkloadHitByHardware",
      proof,
    );
  proveHit({
    // It ends with the event.
    input: heldFor("60000x19 stale"),
    quiet: "19m",
    fires: { at: "21m", alerts: [hit(1)] },
    silent: [
      { why: "one that comes with the event", input: heldFor("_x20 60000x60"), until: "60m" },
      { why: "one that ended minutes before the event", input: heldFor("60000x15 stale"), until: "60m" },
    ],
  });
  proveHit({
    // Two codes of one card, and a card that is gone at the next look.
    input: { ...holds, ...xid(48, 3), ...xid(95, 3), ...xid(79, 5, "_x20 1 stale") },
    quiet: "19m",
    fires: {
      at: "21m",
      alerts: [hit(2)],
    },
    silent: [
      { why: "its own fault", input: { ...holds, ...xid(13, 3), ...xid(31, 3), ...xid(43, 3) } },
      { why: "nobody holds the card", input: { ...gpus([3], {}, works), ...xid(79, 3) } },
      { why: "another card", input: { ...gpus([0, 1], { pod: "p" }, works), ...podOf({ pod: "p" }), ...xid(79, 3) } },
    ],
  });

  it("says nothing of who holds GPUs where pods share them", () =>
    assert.deepEqual(
      trainingRules({ ...profiling, podsKnown: false }).map(({ name }) => name),
      ["gpu-job-failures"],
    ));
});
