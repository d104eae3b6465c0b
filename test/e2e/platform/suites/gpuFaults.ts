import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { queryNow, serviceRequest } from "../../../../tools/local/questions";
import { eventually } from "../eventually";
import { type LivePlatform, NAMESPACE } from "../livePlatform";
import { type Post, postsOf, receivedPosts } from "../webhookReceiver";

/** Who is told: the team that runs the hardware, and those whose workloads run on it. */
export const PLATFORM_RECEIVER = "e2e";
export const WORKLOAD_RECEIVER = "e2e-workloads";

interface Thrown {
  fault: string;
  query: Record<string, string>;
  /** The alert that must arrive, where, and labels that it must have. */
  alert: string;
  receiver: string;
  labels: Record<string, string>;
}

const platformAlert = (alert: string, labels: Record<string, string>) => ({
  alert,
  receiver: PLATFORM_RECEIVER,
  labels,
});
const workloadAlert = (alert: string, labels: Record<string, string>) => ({
  alert,
  receiver: WORKLOAD_RECEIVER,
  labels,
});
const at = (node: number, gpu?: number) => ({
  node: `gpu-node-${node}`,
  ...(gpu === undefined ? {} : { gpu: String(gpu) }),
});

/**
 * One of each class that the simulated fleet can throw; what comes of NVSwitches, the fabric, InfiniBand, EFA, servers of models and
 * queues is proved by fixtures alone. Node 0 has hardware faults, node 1 those of power, telemetry and programs, node 2 hangs as a whole. A card that
 * vanishes comes later, when its XID has been seen.
 */
const thrown: Thrown[] = [
  { fault: "xid", query: { ...at(0, 0), code: "79" }, ...platformAlert("GpuFallenOffBus", at(0, 0)) },
  { fault: "dbe", query: at(0, 1), ...platformAlert("GpuUncorrectableEcc", at(0, 1)) },
  { fault: "remap", query: at(0, 2), ...platformAlert("GpuRowRemapFailure", at(0, 2)) },
  { fault: "storm", query: at(0, 3), ...platformAlert("GpuSingleBitEccStorm", at(0, 3)) },
  { fault: "xid", query: { ...at(0, 4), code: "119" }, ...platformAlert("GpuGspError", at(0, 4)) },
  { fault: "nvlink", query: at(0, 5), ...platformAlert("GpuNvlinkRecoveries", { node: "gpu-node-0" }) },
  { fault: "thermal", query: at(0, 6), ...platformAlert("GpuHardwareThermalSlowdown", { node: "gpu-node-0" }) },
  { fault: "brake", query: at(1), ...platformAlert("GpuPowerBrake", { node: "gpu-node-1" }) },
  { fault: "frozen", query: at(1, 7), ...platformAlert("GpuValuesFrozen", { node: "gpu-node-1" }) },
  {
    fault: "xid",
    query: { ...at(1, 0), code: "31" },
    ...workloadAlert("GpuApplicationXid", { namespace: "ml-training", workload: "train-0-1", xid: "31" }),
  },
  { fault: "hang", query: at(2), ...workloadAlert("GpuJobHung", { namespace: "ml-training", workload: "train-1-0" }) },
];

const ofFleet = (platform: LivePlatform, method: string, path: string, query: Record<string, string> = {}) =>
  serviceRequest(
    platform.api,
    { namespace: NAMESPACE, name: "gpu-fleet", port: "metrics" },
    { method, path: `/faults${path}`, query },
  );

/** Throws them; their alerts need up to half an hour, in which other suites run. */
export async function throwFaults(platform: LivePlatform): Promise<void> {
  for (const { fault, query } of thrown) await ofFleet(platform, "PUT", `/${fault}`, query);
}

/** Of all of them together, for a machine where other things run: twice what the slowest of them takes by its `for`. */
const ARRIVAL_SECONDS = 2_400;
/** Longer than Prometheus looks back, and than the recorded event lives. */
const FORGOTTEN_AFTER_MS = 330_000;

const isFiring = (post: Post, { alert, receiver, labels }: Pick<Thrown, "alert" | "receiver" | "labels">) =>
  post.receiver === receiver &&
  post.alerts.some(
    (one) =>
      one.status === "firing" &&
      one.labels.alertname === alert &&
      Object.entries(labels).every(([name, value]) => one.labels[name] === value),
  );

/** Where an alert got stuck: its states and places by the rule, who was told, and how many alerts are inhibited or silenced. */
async function whereItIs(platform: LivePlatform, alert: string): Promise<string> {
  const ask = (promql: string) => queryNow(platform.api, NAMESPACE, promql);
  const states = (await ask(`ALERTS{alertname="${alert}"}`)).map(
    ({ labels: { alertstate, node, workload, gpu = "" } }) => `${alertstate} ${node ?? workload} ${gpu}`,
  );
  const suppressed = await ask('max(alertmanager_marked_alerts{state="suppressed"})');
  const told = postsOf(await receivedPosts(platform), alert).map(({ receiver }) => receiver);
  return `rule: ${states.join(", ")}; told: ${told.join(", ")}; suppressed: ${suppressed[0]?.value}`;
}

function arrives(platform: LivePlatform, thrownAt: () => Promise<number>, expected: Thrown): void {
  const gpu = expected.query.gpu === undefined ? "" : `, GPU ${expected.query.gpu}`;
  const fault = `${expected.fault}${expected.query.code ? ` ${expected.query.code}` : ""}`;
  it(`${fault} on ${expected.query.node}${gpu} is ${expected.alert} to ${expected.receiver}`, async () =>
    eventually(
      `${expected.alert} arrives`,
      async () => (await receivedPosts(platform)).some((post) => isFiring(post, expected)),
      Boolean,
      Math.max(10, ARRIVAL_SECONDS - (Date.now() - (await thrownAt())) / 1000),
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}; ${await whereItIs(platform, expected.alert)}`);
    }));
}

/** What it does not prove: that a real exporter on a real GPU says the same. */
export function gpuFaultArrivals(platform: LivePlatform, thrownAt: () => Promise<number>): void {
  let vanishedAt = 0;
  const onNodeOfCard = ({ query }: Thrown) => query.node === "gpu-node-0";
  for (const expected of thrown.filter(onNodeOfCard)) arrives(platform, thrownAt, expected);

  it("the card that has fallen off the bus vanishes, and its XID with it", async () => {
    await ofFleet(platform, "PUT", "/lost", at(0, 0));
    await ofFleet(platform, "DELETE", "/xid", at(0, 0));
    await eventually(
      "its series are gone",
      () => queryNow(platform.api, NAMESPACE, 'DCGM_FI_DEV_GPU_TEMP{node="gpu-node-0", gpu="0"}'),
      (series) => series.length === 0,
    );
    vanishedAt = Date.now();
  });

  for (const expected of thrown.filter((one) => !onNodeOfCard(one))) arrives(platform, thrownAt, expected);

  it("nobody is told what is another's matter", async () => {
    const alerts = (await receivedPosts(platform)).flatMap(({ receiver, alerts }) =>
      alerts.map(({ labels }) => ({ receiver, owner: labels.owner, alert: labels.alertname })),
    );
    const wrong = alerts.filter(({ receiver, owner }) => (owner === "workload") !== (receiver === WORKLOAD_RECEIVER));
    assert.deepEqual(wrong, []);
  });

  it("the card that vanished stays fallen off the bus", async () => {
    assert.ok(vanishedAt > 0, "it has not vanished");
    await sleep(Math.max(0, vanishedAt + FORGOTTEN_AFTER_MS - Date.now()));
    const firing = await queryNow(
      platform.api,
      NAMESPACE,
      'ALERTS{alertname="GpuFallenOffBus", alertstate="firing", node="gpu-node-0", gpu="0"}',
    );
    assert.ok(firing.length > 0);
  });

  it("the fleet is healed", async () => {
    await ofFleet(platform, "DELETE", "");
  });
}
