import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../eventually";
import { containerState, longestGap, recovers, sampleTimes, sigkill } from "../faults";
import type { LivePlatform } from "../livePlatform";

const SCRAPE_INTERVAL_SECONDS = 10;
const WINDOW_SECONDS = 150;

export function prometheusFaults(platform: LivePlatform): void {
  for (const replica of [0, 1]) {
    it(`SIGKILL of Prometheus ${replica} leaves no hole longer than two scrape intervals`, async () => {
      const pod = `prometheus-prometheus-${replica}`;
      const selector = 'DCGM_FI_DEV_GPU_TEMP{instance="gpu-node-0",gpu="0"}';
      const bothAnswer = () =>
        eventually(
          "both replicas answer",
          () => sampleTimes(platform, selector, WINDOW_SECONDS, { dedup: false }),
          (series) => series.length === 2,
        );
      await bothAnswer();
      // Long enough that the merged series has settled on one replica.
      await sleep(30_000);
      const { restarts } = await containerState(platform, pod, "prometheus");
      await sigkill(platform, pod, "prometheus");
      await recovers(platform, pod, "prometheus", restarts);
      const single = await bothAnswer();
      const [merged = [], ...others] = await sampleTimes(platform, selector, WINDOW_SECONDS, { dedup: true });
      assert.deepEqual(others, [], "the replicas are one series");
      const gaps = single.map((times) => longestGap(times).toFixed(1));
      console.log(
        `      longest gap: merged ${longestGap(merged).toFixed(1)} s, single replicas ${gaps.join(" and ")} s`,
      );
      assert.ok(merged.length > 10, `${merged.length} samples`);
      // What neither could scrape, on a machine that was busy, is no hole of the pair's making.
      const survivor = Math.max(SCRAPE_INTERVAL_SECONDS, Math.min(...single.map(longestGap)));
      assert.ok(longestGap(merged) <= survivor + SCRAPE_INTERVAL_SECONDS + 0.5, `a hole of ${longestGap(merged)} s`);
    });
  }
}
