import assert from "node:assert/strict";
import { describeChanges } from "../../../tools/local/changes";
import { deployStack } from "../../../tools/local/stacks";
import { runCommand } from "./commands";
import { LivePlatform } from "./livePlatform";
import { PLATFORM_RECEIVER, throwFaults, WORKLOAD_RECEIVER } from "./suites/gpuFaults";
import { RECEIVER_PORT, startReceiver, WEBHOOK_URL } from "./webhookReceiver";

const NAME = "e2e";
export const NODES = 3;
export const up = ["--name", NAME, "--nodes", String(NODES)];
/** What `local` says of a fleet that is well. */
export const summary = new RegExp(`${NODES} nodes, ${NODES * 8} GPUs, 0 sick`);

/** The platform that two test files look at: the second when alerts have had the time that they need, in which others run. */
export const platform = new LivePlatform(NAME);

/** Does something at the first call only, for every caller. */
function once<T>(action: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}

let started = false;

/** Brings it up anew. */
export const platformReady = once(async () => {
  await runCommand("local", ["down", "--name", NAME]);
  started = true;
  const { code, stdout, stderr } = await runCommand("local", up);
  assert.equal(code, 0, stderr);
  assert.match(stdout, summary);
  await platform.open();
});

/** Two receivers, and who is told what: the team that runs the hardware, and those whose workloads run on it. */
export const receiversReady = once(async () => {
  await startReceiver(platform);
  const opened = await platform.stack([
    `alerting.receivers=[{ name: ${PLATFORM_RECEIVER}, kind: webhook }, { name: ${WORKLOAD_RECEIVER}, kind: webhook }]`,
    `alerting.routes=[{ matchers: ['owner="workload"'], receiver: ${WORKLOAD_RECEIVER} }]`,
    `network.receivers.ports=[${RECEIVER_PORT}]`,
  ]);
  await platform.setSecret(opened, "alerting.receivers[0].url", WEBHOOK_URL);
  await platform.setSecret(opened, "alerting.receivers[1].url", WEBHOOK_URL);
  const changes = await deployStack(opened, () => {});
  // Its configuration, its secret files, and its way through the network.
  assert.equal(describeChanges(changes), "3 update");
});

/** Throws the faults of GPUs; resolves to when that was, in milliseconds since 1970. */
export const faultsThrown = once(async () => {
  await throwFaults(platform);
  return Date.now();
});

// Of the whole run: when every file that was chosen is done.
after(async function () {
  this.timeout(900_000);
  if (!started) return;
  await platform.close();
  const { code, stderr } = await runCommand("local", ["down", "--name", NAME]);
  assert.equal(code, 0, stderr);
});
