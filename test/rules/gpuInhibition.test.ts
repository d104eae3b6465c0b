import assert from "node:assert/strict";
import type { Episode } from "../../bench/faultTraces/evaluate";
import { notified } from "../../bench/faultTraces/inhibit";
import { gpuInhibitions } from "../../components/gpu/inhibition";
import { cardLabels, nodeLabels } from "./gpuCardFixtures";

const alert = (alertname: string, labels: Record<string, string>, severity = "warning"): Episode => ({
  labels: { alertname, severity, owner: "platform", ...labels },
  minutes: [10],
});

/** The alerts that somebody is told of. */
const told = (...alerts: Episode[]) => notified(alerts, gpuInhibitions).map(({ labels }) => labels.alertname);

const hot = ["GpuTemperatureNearLimit", "GpuMemoryTemperatureHigh"];

describe("inhibition of alerts on GPUs: heat", () => {
  for (const name of hot) {
    for (const slowed of ["GpuHardwareThermalSlowdown", "GpuSoftwareThermalSlowdown"]) {
      it(`${name} is no news beside ${slowed} of its node`, () => {
        assert.deepEqual(told(alert(name, cardLabels()), alert(slowed, nodeLabels())), [slowed]);
        assert.deepEqual(told(alert(name, cardLabels({ node: "n2" })), alert(slowed, nodeLabels())), [name, slowed]);
      });
    }
    it(`${name} is no news beside GpuThermalSlowdownInDomain of its rack`, () => {
      const rack = alert("GpuThermalSlowdownInDomain", { cluster: "c1", failure_domain: "rack1" }, "critical");
      assert.deepEqual(told(alert(name, cardLabels()), rack), ["GpuThermalSlowdownInDomain"]);
      assert.deepEqual(told(alert(name, cardLabels({ domain: "rack2" })), rack), [name, "GpuThermalSlowdownInDomain"]);
      assert.deepEqual(told(alert(name, cardLabels({ domain: "" })), rack), [name, "GpuThermalSlowdownInDomain"]);
    });
  }

  it("both are news by themselves, and what slows a card down of itself beside them", () => {
    assert.deepEqual(told(...hot.map((name) => alert(name, cardLabels()))), hot);
    const names = [...hot, "GpuHardwareSlowdown"];
    assert.deepEqual(
      told(...hot.map((name) => alert(name, cardLabels())), alert("GpuHardwareSlowdown", nodeLabels())),
      names,
    );
  });
});
