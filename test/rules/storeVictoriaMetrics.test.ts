import { victoriaMetricsRules } from "../../components/prometheus/rules/stores/victoriaMetrics";
import type { Input } from "./promtool";
import { monitoring, ofWorkload, proveAlone, series, workload } from "./storeInput";

const rules = victoriaMetricsRules(monitoring);

describe("rules: VictoriaMetrics, its parts", () => {
  proveAlone(rules, "VictoriaMetricsComponentDown", {
    input: workload("deployment", "vminsert", "2x30", "0x30"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: ofWorkload("deployment", "vminsert"),
          summary: "No replica of vminsert is ready.",
          description:
            "vminsert has had 0 ready replicas for 10 minutes: VictoriaMetrics takes nothing that is written, or answers no query.",
        },
      ],
    },
    silent: [
      { why: "one of two answers", input: workload("deployment", "vmselect", "2x30", "1x30") },
      { why: "another workload", input: workload("deployment", "vminsert-test", "2x30", "0x30") },
    ],
  });

  const loaded = (metric: string, job: string, values: string) =>
    series(`${metric}_last_reload_successful`, { job, pod: "p-0" }, values);
  proveAlone(rules, "VictoriaMetricsConfigNotLoaded", {
    input: {
      ...loaded("vmauth_config", "vmauth", "0x30"),
      ...loaded("vmagent_relabel_config", "vmagent", "1x30"),
    },
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: { ...monitoring, job: "vmauth", pod: "p-0" },
          summary: "p-0 cannot load its configuration.",
          description:
            "p-0 of job vmauth has refused its configuration for 10 minutes and runs on with the old one; after a restart it would not start.",
        },
      ],
    },
    silent: [{ why: "mended at once", input: loaded("vmalert_config", "vmalert", "0x5 1x30") }],
  });
});

describe("rules: VictoriaMetrics, a cluster", () => {
  const vminsert = { job: "vminsert", pod: "vminsert-a" };
  const { job: _, ...pod } = { ...monitoring, ...vminsert };
  const node = (index: number) => ({ ...vminsert, name: "vminsert", addr: `vmstorage-${index}:8400` });

  const reachable = (...values: string[]): Input =>
    Object.assign({}, ...values.map((value, at) => series("vm_rpc_vmstorage_is_reachable", node(at), value)));
  proveAlone(rules, "VictoriaMetricsStorageNodeUnreachable", {
    input: reachable("1x30", "0x30", "1x30"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: { ...monitoring, ...node(1) },
          summary: "vminsert-a does not reach a vmstorage.",
          description:
            "vminsert-a has not reached vmstorage-1:8400 for 10 minutes: the others take its part, and until they have it, all writes are slower.",
        },
      ],
    },
    silent: [{ why: "a restart", input: reachable("1x30", "1x5 0x4 1x30", "1x30") }],
  });
  proveAlone(rules, "VictoriaMetricsStorageNodesLost", {
    input: reachable("1x30", "0x30", "0x30"),
    quiet: "4m",
    fires: {
      at: "5m",
      alerts: [
        {
          labels: pod,
          summary: "vminsert-a does not reach several vmstorages.",
          description:
            "vminsert-a has not reached 2 vmstorages for 5 minutes: with two copies of each series some are on no node that answers, and writes may be refused.",
        },
      ],
    },
    silent: [
      { why: "one of them", input: reachable("1x30", "0x30", "1x30") },
      { why: "a rollout", input: reachable("0x3 1x30", "1x5 0x3 1x30", "1x10 0x3 1x30") },
    ],
  });

  const rows = (counter: string, index: number, values: string) =>
    series(`vm_rpc_rows_${counter}_total`, node(index), values);
  const rerouted = (values: string): Input => ({
    ...rows("pushed", 0, "0+600x60"),
    ...rows("pushed", 1, "0+600x60"),
    ...rows("rerouted_from_here", 0, "0x60"),
    ...rows("rerouted_from_here", 1, values),
  });
  proveAlone(rules, "VictoriaMetricsRerouting", {
    input: rerouted("0+300x60"),
    quiet: "30m",
    fires: {
      at: "31m",
      alerts: [
        {
          labels: pod,
          summary: "vminsert-a sends samples to other nodes than it should.",
          description:
            "25 % of the samples of vminsert-a have gone to another vmstorage for 30 minutes: that node is too slow or away, and series that are new to the others fill their indexes.",
        },
      ],
    },
    silent: [
      { why: "a restart", input: rerouted("0x5 0+300x10 3000x60") },
      { why: "now and then", input: rerouted("0+30x60") },
    ],
  });

  proveAlone(rules, "VictoriaMetricsRowsDropped", {
    input: rows("dropped_on_overload", 0, "0+60x30"),
    quiet: "5m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...pod, addr: "vmstorage-0:8400" },
          summary: "vminsert-a drops samples.",
          description:
            "vminsert-a dropped 600 samples in 10 minutes because vmstorage-0:8400 is overloaded: they are lost.",
        },
      ],
    },
    silent: [{ why: "none", input: rows("dropped_on_overload", 0, "0x30") }],
  });
});

describe("rules: VictoriaMetrics, queries", () => {
  const vmselect = { job: "vmselect", pod: "vmselect-0" };
  const { job: _, ...pod } = { ...monitoring, ...vmselect };

  const requests = (failed: string): Input => ({
    ...series("vm_http_requests_total", { ...vmselect, path: "/select/{}/prometheus/api/v1/query" }, "0+60x30"),
    ...series("vm_http_request_errors_total", { ...vmselect, path: "/select/{}/prometheus/api/v1/query" }, failed),
    ...series("vm_http_requests_total", { ...vmselect, path: "/metrics" }, "0+2x30"),
  });
  proveAlone(rules, "VictoriaMetricsRequestErrors", {
    input: requests("0+15x30"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: { ...pod, path: "/select/{}/prometheus/api/v1/query" },
          summary: "vmselect-0 fails to answer requests.",
          description:
            "25 % of the requests to /select/{}/prometheus/api/v1/query of vmselect-0 fail: dashboards get no answer, or senders must try again.",
        },
      ],
    },
    silent: [{ why: "one in sixty", input: requests("0+1x30") }],
  });

  const partial = (values: string) =>
    series("vm_partial_results_total", { ...vmselect, name: "vmselect", type: "search" }, values);
  proveAlone(rules, "VictoriaMetricsPartialAnswers", {
    input: partial("0+3x40"),
    quiet: "10m",
    fires: {
      at: "11m",
      alerts: [
        {
          labels: pod,
          summary: "vmselect-0 answers from a part of the data.",
          description:
            "30 answers of vmselect-0 in 10 minutes lacked what vmstorages that did not answer have: sums and counts over it are too small.",
        },
      ],
    },
    silent: [{ why: "none", input: partial("7x40") }],
  });

  const waited = (values: string) => series("vm_concurrent_select_limit_timeout_total", vmselect, values);
  proveAlone(rules, "VictoriaMetricsQueriesTimedOut", {
    input: waited("0+1x40"),
    quiet: "15m",
    fires: {
      at: "16m",
      alerts: [
        {
          labels: { ...monitoring, ...vmselect },
          summary: "vmselect-0 refuses queries because too many run.",
          description: "10 queries waited in vain for a place on vmselect-0 in 10 minutes: dashboards get no answer.",
        },
      ],
    },
    silent: [{ why: "for a moment", input: waited("0x5 0+1x3 3x40") }],
  });
});
