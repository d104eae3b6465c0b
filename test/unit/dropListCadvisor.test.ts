import assert from "node:assert/strict";
import { dropLists } from "../../components/prometheus/scrape/dropLists";
import { check, type Labels, storedAs } from "./dropListLines";

/** One pod and what is around it, recorded from a kubelet 1.34 with containerd; the last two lines are CRI-O's. */
const ROOT = "/gpu-observability-dev";
const POD = `${ROOT}/kubepods/burstable/pod923a5de1-7814-4c34-9b26-243ebe49acd8`;
const PAUSE = "bb93065fddd63c821a109eeb1818003bacee519689f926870eed37189ce4ca88";
const FLEET = "2b4da37f7bcbf9dfd71de6035b4f448bebc0dc930972bf116886b50d172b3a8c";
const ofPod = 'namespace="monitoring",pod="gpu-fleet-69589f8d9d-87bg4"';
const PAUSE_IMAGE = "registry.k8s.io/pause:3.10";
const CADVISOR = [
  "container_cpu_usage_seconds_total",
  "container_memory_working_set_bytes",
  "container_oom_events_total",
]
  .concat("container_pressure_memory_stalled_seconds_total", "container_memory_rss")
  .flatMap((name) => [
    `${name}{container="",id="/",image="",name="",namespace="",pod=""}`,
    `${name}{container="",id="${ROOT}/kubepods",image="",name="",namespace="",pod=""}`,
    `${name}{container="",id="${ROOT}/kubepods/burstable",image="",name="",namespace="",pod=""}`,
    `${name}{container="",id="${POD}",image="",name="",${ofPod}}`,
    `${name}{container="",id="${POD}/${PAUSE}",image="${PAUSE_IMAGE}",name="${PAUSE}",${ofPod}}`,
    `${name}{container="fleet",id="${POD}/${FLEET}",image="docker.io/library/node:24-alpine",name="${FLEET}",${ofPod}}`,
  ])
  .concat(
    `container_network_receive_bytes_total{container="",id="/",image="",interface="eth0",name="",namespace="",pod=""}`,
    `container_network_receive_bytes_total{container="",id="${POD}/${PAUSE}",image="${PAUSE_IMAGE}",interface="eth0",name="${PAUSE}",${ofPod}}`,
    `container_network_receive_bytes_total{container="",id="${POD}/${PAUSE}",image="${PAUSE_IMAGE}",interface="eni4f2a",name="${PAUSE}",${ofPod}}`,
    `container_fs_writes_bytes_total{container="",device="/dev/nvme0n1",id="/",image="",name="",namespace="",pod=""}`,
    `container_fs_writes_bytes_total{container="fleet",device="/dev/nvme0n1",id="${POD}/${FLEET}",image="docker.io/library/node:24-alpine",name="${FLEET}",${ofPod}}`,
  );

describe("drop list of cAdvisor", () => {
  const stored = CADVISOR.flatMap((line) => storedAs(dropLists.cadvisor, line));
  const identity = (labels: Labels) =>
    JSON.stringify(
      Object.entries(labels)
        .filter(([, value]) => value !== "")
        .sort(),
    );

  it("stores no two series of a pod as one", () => {
    assert.equal(new Set(stored.map(identity)).size, stored.length);
  });

  it("keeps of a pod its whole and its containers, and of the pause container only the network", () => {
    const of = (name: string) =>
      stored.filter(({ __name__ }) => __name__ === name).map(({ __name__, ...labels }) => labels);
    const pod = { namespace: "monitoring", pod: "gpu-fleet-69589f8d9d-87bg4" };
    for (const name of ["container_cpu_usage_seconds_total", "container_pressure_memory_stalled_seconds_total"]) {
      assert.deepEqual(of(name), [
        { container: "", ...pod },
        { container: "fleet", ...pod },
      ]);
    }
    assert.deepEqual(of("container_network_receive_bytes_total"), [{ container: "", interface: "eth0", ...pod }]);
    assert.deepEqual(of("container_fs_writes_bytes_total"), [{ container: "fleet", device: "/dev/nvme0n1", ...pod }]);
  });

  it("would merge series without the rule about the pause container", () => {
    const { series, ...list } = dropLists.cadvisor;
    const careless = { ...list, series: series.filter(({ sourceLabels }) => !sourceLabels.includes("image")) };
    const merged = CADVISOR.flatMap((line) => storedAs(careless, line));
    assert.ok(new Set(merged.map(identity)).size < merged.length);
  });

  it("drops what containers set and what no one asks about", () =>
    check(dropLists.cadvisor, {
      kept: ['container_cpu_cfs_throttled_periods_total{pod="p",container="c",image="i"}'],
      dropped: [
        'container_memory_usage_bytes{pod="p",container="c",image="i"}',
        'container_memory_failures_total{pod="p",container="c",image="i"}',
        'container_tasks_state{pod="p",container="c",image="i",state="running"}',
        'container_cpu_usage_seconds_total{pod="p",container="POD",image=""}',
        "machine_memory_bytes",
      ],
    }));
});
