import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { expectedSeriesPerGpu, leastSampleLimit, seriesBudgets } from "../../components/capacity/budgets";
import { completePool, gpusOf } from "../../components/capacity/fleet";
import { activeSeries, headSeries, type Monitored, seriesBySource } from "../../components/capacity/series";
import { profiles, signalsOf } from "../../components/gpu/signals";
import { jobs } from "../../components/prometheus/jobs";
import { repositoryRoot } from "../../tools/cli/paths";

const nothing: Monitored = {
  fleet: [],
  sharedGpus: false,
  clusterMetrics: false,
  engines: [],
  kueue: false,
  efa: false,
  shards: 1,
  replicas: 2,
  queriers: 2,
  alertmanagers: 3,
  rulers: 0,
  teamSeries: 0,
};
const watched: Monitored = { ...nothing, fleet: [{ nodes: 10, gpusPerNode: 8 }], gpuProfile: "health" };
const everything: Monitored = { ...watched, clusterMetrics: true, engines: ["vllm"], kueue: true, efa: true };

function source(monitored: Monitored, name: string) {
  const found = seriesBySource(monitored).find((one) => one.name === name);
  assert.ok(found, `there is no source ${name}`);
  return found;
}

describe("capacity: the fleet", () => {
  it("is completed as a server with eight GPUs", () => {
    const { cpusPerNode, disksPerNode, rdmaDevicesPerNode, networkDevicesPerNode, name } = completePool({
      nodes: 1,
      gpusPerNode: 8,
    });
    assert.deepEqual([cpusPerNode, disksPerNode, rdmaDevicesPerNode, networkDevicesPerNode], [192, 9, 8, 10]);
    assert.equal(name, "fleet[0]");
  });

  it("keeps what is said, zeros too", () => {
    const said = { nodes: 1, gpusPerNode: 8, rdmaDevicesPerNode: 0, placementsPerGpuPerDay: 0 };
    assert.deepEqual({ ...completePool(said), ...said }, completePool(said));
  });

  it("has the GPUs of all pools", () =>
    assert.equal(gpusOf([...everything.fleet, { nodes: 3, gpusPerNode: 0 }, { nodes: 2, gpusPerNode: 4 }]), 88));
});

describe("capacity: series", () => {
  it("of long-term stores are counted with the platform's own, by pod", () => {
    const storeProcesses = [
      { job: "mimir-distributor", pods: 3 },
      { job: "mimir-querier", pods: 2 },
    ];
    const [without, having] = [source(nothing, "platform"), source({ ...nothing, storeProcesses }, "platform")];
    assert.equal(having.active - without.active, 5_000);
    assert.equal(having.targets - without.targets, 5);
    assert.deepEqual(
      having.jobs.filter((job) => !without.jobs.includes(job)),
      ["mimir-distributor", "mimir-querier"],
    );
  });

  it("of GPUs are those of the catalogue", () => {
    for (const gpuProfile of profiles) {
      const perGpu = signalsOf(gpuProfile).reduce((sum, { seriesPerGpu }) => sum + seriesPerGpu, 0);
      assert.equal(source({ ...watched, gpuProfile }, jobs.dcgmExporter).active, 80 * perGpu);
      assert.equal(expectedSeriesPerGpu({ ...watched, gpuProfile }), perGpu);
    }
  });

  it("of work are there for each MIG instance, those of the card once", () => {
    const whole = source(watched, jobs.dcgmExporter);
    const [pool] = watched.fleet;
    assert.ok(pool);
    const divided = source({ ...watched, fleet: [{ ...pool, migInstancesPerGpu: 7 }] }, jobs.dcgmExporter);
    const work = signalsOf("health").filter(({ subject }) => subject === "work").length;
    assert.equal(divided.active - whole.active, 80 * 6 * work);
    assert.equal(divided.newPerDay, 7 * whole.newPerDay);
  });

  it("of GPUs that several pods hold do not end with a pod", () => {
    assert.ok(source(watched, jobs.dcgmExporter).newPerDay > 0);
    assert.equal(source({ ...watched, sharedGpus: true }, jobs.dcgmExporter).newPerDay, 0);
  });

  it("grow with the nodes, but for the API server, CoreDNS and the platform's own parts", () => {
    const of = (nodes: number) =>
      seriesBySource({ ...everything, fleet: [{ nodes, gpusPerNode: 8, inferenceReplicas: nodes }] });
    const alike = of(10).filter(({ active }, index) => of(20)[index]?.active === active);
    assert.deepEqual(
      alike.map(({ name }) => name),
      [jobs.apiServer, jobs.coreDns, jobs.kueue, "platform", "teams"],
    );
  });

  it("of kube-state-metrics are in each shard", () =>
    assert.equal(
      source({ ...everything, shards: 3 }, jobs.kubeStateMetrics).active,
      3 * source(everything, jobs.kubeStateMetrics).active,
    ));

  it("are only of what is watched", () =>
    assert.deepEqual(
      seriesBySource(nothing)
        .filter(({ active }) => active > 0)
        .map(({ name }) => name),
      ["platform", "targets"],
    ));

  it("that ended are in memory for three hours more", () => {
    const sources = seriesBySource(everything);
    const newPerDay = sources.reduce((sum, one) => sum + one.newPerDay, 0);
    assert.equal(headSeries(sources), activeSeries(sources) + newPerDay / 8);
  });

  it("come near to what a real node and a real cluster had", () => {
    // docs/measurements.md, e2e: 11 pods with 18 containers, one node; node-exporter on two CPUs, 232 beside that without the
    // interfaces of the e2e tests. The base for the hardware of servers is not there.
    const fleet = [
      {
        nodes: 1,
        gpusPerNode: 0,
        cpusPerNode: 2,
        podsPerNode: 11,
        containersPerPod: 18 / 11,
        disksPerNode: 1,
        networkDevicesPerNode: 2,
      },
    ];
    const near = (name: string, measured: number, without = 0) => {
      const { active } = source({ ...everything, fleet, replicas: 2 }, name);
      assert.ok(Math.abs(active - without - measured) < measured / 5, `${name}: ${active - without}, not ${measured}`);
    };
    near(jobs.cadvisor, 413);
    near(jobs.kubelet, 103);
    near(jobs.nodeExporter, 232, 150);
    near("platform", 5_670 + 1_916 + 1_578 + 476);
  });
});

describe("capacity: budgets", () => {
  const budgets = seriesBudgets(everything, { headroom: 1.5 });

  it("are what is expected times the headroom, for each source that is scraped", () => {
    for (const { name, series, newInThreeHours } of budgets.sources) {
      const { active, newPerDay } = source(everything, name);
      assert.equal(series, Math.ceil(active * 1.5), name);
      assert.equal(newInThreeHours, 3 * series + Math.ceil((newPerDay / 8) * 1.5), name);
    }
    const names = budgets.sources.map(({ name }) => name);
    assert.ok(names.includes(jobs.dcgmExporter) && !names.includes("recorded") && !names.includes("teams"));
    assert.equal(budgets.headSeries, Math.ceil(headSeries(seriesBySource(everything)) * 1.5));
    assert.equal(budgets.gpus, 80);
  });

  it("take a budget for each GPU that somebody sets as it is", () => {
    const { seriesPerGpu, sources } = seriesBudgets(everything, { headroom: 1.5, seriesPerGpu: 45 });
    assert.equal(seriesPerGpu, 45);
    assert.equal(sources.find(({ name }) => name === jobs.dcgmExporter)?.series, 80 * 45);
  });

  it("have no GPUs where they are not watched", () => {
    const { gpuProfile, ...without } = everything;
    assert.equal(gpuProfile, "health");
    const { gpus, seriesPerGpu, sources } = seriesBudgets(without, { headroom: 1.5 });
    assert.deepEqual([gpus, seriesPerGpu], [0, 0]);
    assert.ok(!sources.some(({ name }) => name === jobs.dcgmExporter));
  });
});

describe("capacity: limits of scrapes", () => {
  const limitOf = (job: string) => {
    const places = [
      `80-scrapeconfig.monitoring.${job}.yaml`,
      `80-servicemonitor.monitoring-nodes.${job}.yaml`,
      `80-servicemonitor.monitoring.${job}.yaml`,
    ].map((file) => path.join(repositoryRoot, "test", "golden", "prod", file));
    const file = places.find((place) => existsSync(place));
    assert.ok(file, `no manifest scrapes ${job}`);
    const spec = parseAllDocuments(readFileSync(file, "utf8"))[0]?.toJS().spec;
    assert.equal(typeof spec.sampleLimit, "number", file);
    return spec.sampleLimit as number;
  };

  it("are at least twice the budget of the largest target, on servers with eight GPUs and 32 EFA devices", () => {
    const fleet = [{ nodes: 400, gpusPerNode: 8, rdmaDevicesPerNode: 32, migInstancesPerGpu: 7 }];
    const scraped = [jobs.dcgmExporter, jobs.nodeExporter, jobs.cadvisor, jobs.kubelet, jobs.apiServer, jobs.coreDns];
    for (const job of scraped) {
      const least = leastSampleLimit(source({ ...everything, fleet, gpuProfile: "profiling" }, job), 1.5);
      assert.ok(limitOf(job) >= least, `${job}: ${limitOf(job)} is less than ${least}`);
    }
  });

  it("of kube-state-metrics are too low for 10 000 GPUs: the settings must say more", () => {
    const least = (nodes: number) =>
      leastSampleLimit(source({ ...everything, fleet: [{ nodes, gpusPerNode: 8 }] }, jobs.kubeStateMetrics), 1.5);
    assert.ok(least(125) < limitOf(jobs.kubeStateMetrics));
    assert.ok(least(1_250) > limitOf(jobs.kubeStateMetrics));
  });
});
