import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../eventually";
import { containerState, longestGap, recovers, sampleTimes, sigkill } from "../faults";
import type { LivePlatform } from "../livePlatform";

const SCRAPE_INTERVAL_SECONDS = 10;
const SELECTOR = 'DCGM_FI_DEV_GPU_TEMP{instance="gpu-node-0",gpu="0"}';
const ATTEMPTS = 3;
/** Of the one that lives. More would be the kill's doing. */
const LONGEST_HOLE_SECONDS = 3 * SCRAPE_INTERVAL_SECONDS + 0.5;

/** Kills a replica; the longest holes since before that, in seconds. */
async function holesAfterKill(platform: LivePlatform, pod: string) {
  const from = Date.now();
  const sinceThen = (dedup: boolean) =>
    sampleTimes(platform, SELECTOR, Math.ceil((Date.now() - from) / 1000), { dedup });
  const bothAnswer = () =>
    eventually(
      "both replicas answer",
      () => sinceThen(false),
      (series) => series.length === 2,
    );
  await bothAnswer();
  // Long enough that the merged series has settled on one replica.
  await sleep(30_000);
  const { restarts } = await containerState(platform, pod, "prometheus");
  await sigkill(platform, pod, "prometheus");
  await recovers(platform, pod, "prometheus", restarts);
  const single = (await bothAnswer()).map(longestGap);
  const [merged = [], ...others] = await sinceThen(true);
  assert.deepEqual(others, [], "the replicas are one series");
  assert.ok(merged.length >= 4, `${merged.length} samples`);
  return { merged: longestGap(merged), single, survivor: Math.min(...single) };
}

export function prometheusFaults(platform: LivePlatform): void {
  for (const replica of [0, 1]) {
    it(`SIGKILL of Prometheus ${replica} leaves no hole longer than those of the other, and one scrape`, async () => {
      let holes = { merged: 0, single: [0], survivor: Number.POSITIVE_INFINITY };
      // One that missed a scrape itself, on a busy machine, shows less: again, then.
      for (let left = ATTEMPTS; left > 0 && holes.survivor > SCRAPE_INTERVAL_SECONDS + 1; left--) {
        holes = await holesAfterKill(platform, `prometheus-prometheus-${replica}`);
        const singles = holes.single.map((hole) => hole.toFixed(1)).join(" and ");
        console.log(`      longest gap: merged ${holes.merged.toFixed(1)} s, single replicas ${singles} s`);
      }
      assert.ok(holes.survivor <= LONGEST_HOLE_SECONDS, `the other one has a hole of ${holes.survivor} s`);
      const most = Math.max(holes.survivor, SCRAPE_INTERVAL_SECONDS) + SCRAPE_INTERVAL_SECONDS + 0.5;
      assert.ok(holes.merged <= most, `a hole of ${holes.merged} s, the other one's is ${holes.survivor} s`);
    });
  }
}
