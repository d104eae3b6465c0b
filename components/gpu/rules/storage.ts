import { jobs } from "../../prometheus/jobs";
import type { RuleGroup } from "../../prometheus/rules/rule";
import type { GpuRuleContext } from "./context";
import { WORKLOAD_OF_POD } from "./owners";
import { ofWorkload } from "./workloadsRecorded";

const STALLS = "namespace_workload:gpu_pod_io_waiting:ratio_rate10m";

const waiting = `rate(container_pressure_io_waiting_seconds_total{job="${jobs.cadvisor}", service="", container="", pod!=""}[10m])`;
const workloads = `max by (cluster, namespace, pod, workload, workload_kind) (${WORKLOAD_OF_POD})`;

/** judgement: reading data takes a part of the time of healthy training too, in processes beside it. */
const MOST_OF_THE_TIME = 0.5;

/** In %. Measured on an H100 (bench/realGpu): 38 for a decoder with few requests, 100 for training that has data. */
const HARDLY_USED = 30;

/**
 * Rules about the storage of data and checkpoints, as the pods feel it: processes that wait for reads and writes, which kernels
 * count since 4.20 and kubelets report since Kubernetes 1.34. How full volumes are is in the rules about volumes.
 */
export const storageRules = ({ podsKnown }: GpuRuleContext): RuleGroup[] => [
  {
    name: "gpu-storage",
    scope: "global",
    rules: [
      {
        record: STALLS,
        expr:
          "avg by (cluster, namespace, workload, workload_kind)" +
          ` (max by (cluster, namespace, pod) (${waiting}) * on (cluster, namespace, pod) group_right () ${workloads})`,
      },
      ...(podsKnown
        ? [
            {
              alert: "GpuWorkloadWaitsForStorage",
              expr: `${STALLS} > ${MOST_OF_THE_TIME} and on (cluster, namespace, workload, workload_kind) ${ofWorkload("gpu_util:avg")} < ${HARDLY_USED}`,
              for: "15m",
              severity: "warning" as const,
              owner: "workload" as const,
              summary: "The GPUs of {{ $labels.workload }} in {{ $labels.namespace }} wait for storage.",
              description:
                "Processes of {{ $labels.workload }} in namespace {{ $labels.namespace }} have waited for reads and writes for {{ $value | humanizePercentage }} of the last 15 minutes, and its GPUs hardly did anything: data is read or checkpoints are written too slowly.",
            },
          ]
        : []),
    ],
  },
];
