import { exporterUp, nodeLabels } from "./gpuCardFixtures";
import { exporter } from "./nodeFixtures";
import type { Input } from "./promtool";

/** A metric of the first port of devices of a node: how it goes with each. */
export const ports = (metric: string, values: Record<string, string>, node = "n1"): Input =>
  Object.fromEntries(
    Object.entries(values).map(([device, at]) => [
      exporter(`node_infiniband_${metric}`, `device="${device}", port="1"`, node),
      at,
    ]),
  );

/** Both exporters of the node answer. */
export const answers = (at = "1x200"): Input => ({ ...exporterUp(), [exporter("up")]: at });

/** The labels of an alert about the first port of a device. */
export const onPort = (device: string) => ({ ...nodeLabels(), device, port: "1" });
