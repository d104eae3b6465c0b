import { WORKLOAD_XID, xidWorkloadRules } from "../../components/gpu/rules/xidWorkloads";
import { type Card, cardLabels, exporterUp } from "./gpuCardFixtures";
import { context, cordoned, event, held, once, withBase, xid } from "./gpuFaultInput";
import { type Input, proveAlert, proveRecord } from "./promtool";

const rules = withBase(xidWorkloadRules(context()));
const up = exporterUp();

const ofJob = (pod: string) => ({ cluster: "c1", namespace: "ml", workload: pod, workload_kind: "Pod" });
const failed = (pod: string, code: string, gpus: number, action: string) => ({
  labels: { ...ofJob(pod), xid: code, action },
  summary: `A program of Pod ml/${pod} failed on a GPU (XID ${code}).`,
  description: `${gpus} GPUs that Pod ${pod} in namespace ml held reported XID ${code} within 15 minutes: by NVIDIA's table an error of the program, such as an access to an illegal address. The GPUs are healthy.`,
});

const inNamespace = (namespace: string, input: Input): Input =>
  Object.fromEntries(
    Object.entries(input).map(([series, at]) => [series.replace('namespace="ml"', `namespace="${namespace}"`), at]),
  );

/** A job that ends with its error, and another that has the GPU two minutes later. */
const tenants = (code: number, of: Card = {}): Input => ({
  ...once(code, of),
  ...held("first", "100x9 stale", of),
  ...held("second", "_x12 100x60", of),
});

describe("rules: GPUs, XIDs of programs", () => {
  const place = 'cluster="c1", region="r1", failure_domain="rack1", node="n1"';
  const of = (code: number, pod: string) =>
    `{${place}, UUID="GPU-n1-0", gpu="0", modelName="NVIDIA H100 80GB HBM3", namespace="ml", workload="${pod}", workload_kind="Pod", xid="${code}"}`;
  proveRecord(rules, WORKLOAD_XID, {
    input: { ...tenants(31), ...once(43), ...up },
    at: "10m",
    samples: { [of(31, "first")]: 600, [of(43, "first")]: 600 },
  });
  proveRecord(rules, WORKLOAD_XID, { input: { ...tenants(31), ...up }, at: "13m", samples: {} });
  proveRecord(rules, WORKLOAD_XID, {
    // The second one has the same error, while the first one's is still counted.
    input: { ...xid(31, "_x10 1x3 2 1x3 stale"), ...held("first", "100x10 stale"), ...held("second", "_x12 100x60") },
    at: "14m",
    samples: { [of(31, "second")]: 840 },
  });

  proveAlert(rules, "GpuApplicationXid", {
    input: {
      ...tenants(31),
      ...tenants(31, { gpu: 1 }),
      ...once(43),
      ...up,
    },
    quiet: "9m",
    fires: {
      at: "20m",
      alerts: [failed("first", "31", 2, "restart-workload"), failed("first", "43", 1, "none")],
    },
    silent: [
      { why: "a program that is killed", input: { ...once(45), ...held("first", "100x60"), ...up } },
      { why: "a GPU that nobody holds", input: { ...once(31), ...up } },
      { why: "hardware that fails at the same time", input: { ...tenants(31), ...once(48), ...up } },
      {
        why: "instances of several, of which nobody knows whose it was",
        input: { ...once(31), ...held("first", "100x60", {}, "1"), ...held("second", "100x60", {}, "2"), ...up },
      },
      {
        why: "an event before the exporter was away for a scrape and another tenant came",
        input: { ...xid(31, "_x2 1x1 stale 1x2 stale"), ...held("second", "_x3 100x60"), ...up },
      },
      { why: "GPUs that are shared, so that no pod is known", input: { ...xid(31, "_x10 1x4 stale"), ...up } },
    ],
  });

  /** Programs one after another, each in the namespace of its own team. */
  const programs = (count: number, of: Card = {}): Input =>
    Object.assign(
      {},
      ...Array.from({ length: count }, (_, index) =>
        inNamespace(`team${index}`, held(`job${index}`, `${index === 0 ? "" : `_x${10 * index} `}100x9 stale`, of)),
      ),
      xid(31, Array.from({ length: count }, (_, index) => `${index === 0 ? "_x8" : "_x3"} 1x5 stale`).join(" "), of),
    );
  const ofOneTeam = (input: Input) =>
    Object.fromEntries(
      Object.entries(input).map(([series, at]) => [series.replace(/namespace="team\d"/, 'namespace="ml"'), at]),
    );
  const lemon = { why: "a node that is cordoned", input: { ...programs(3), ...up, ...cordoned() } };
  proveAlert(rules, "GpuApplicationXidConcentrated", {
    input: { ...programs(3), ...programs(2, { gpu: 1 }), ...programs(1, { gpu: 2 }), ...up },
    quiet: "27m",
    fires: {
      at: "90m",
      alerts: [
        {
          labels: cardLabels(),
          summary: "Programs of several namespaces fail on GPU 0 of node n1.",
          description:
            "Programs of 3 namespaces had errors within a day on GPU 0 (GPU-n1-0, NVIDIA H100 80GB HBM3) of node n1, by their XIDs their own. What follows a card is the card's fault.",
        },
      ],
    },
    silent: [
      lemon,
      {
        why: "bad programs on every card",
        input: { ...programs(3), ...programs(3, { gpu: 1 }), ...programs(3, { gpu: 2 }), ...up },
      },
      { why: "three workloads of one team", input: { ...ofOneTeam(programs(3)), ...up } },
      {
        why: "one workload again and again",
        input: {
          ...held("first", "100x90"),
          ...xid(31, "_x8 1x5 stale _x9 1x5 stale _x9 1x5 stale"),
          ...up,
        },
      },
      { why: "hardware that fails", input: { ...programs(3), ...event(48, 1), ...up } },
    ].map((silent) => ({ ...silent, until: "60m" })),
  });
});
