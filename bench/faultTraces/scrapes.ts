import type { SignalName } from "../../components/gpu/signals";
import { jobs } from "../../components/prometheus/jobs";
import { type Card, CLUSTER, type Fleet, forgetXids, MODEL, type Node, REGION } from "./fleet";
import { labelText, type Samples, seriesOf } from "./series";
import { MAX_CELSIUS, POWER_CAP, type Reading, reading, TOTAL_MIB } from "./work";

/** How long the exporter counts an XID, in minutes: its default. */
const XID_WINDOW = 5;
const WATCHES = ["PCIE", "NVLINK", "MEM", "INFOROM", "ALL"];
const NVSWITCHES = 4;
const PORTS = 8;

const place = (node: Node) => ({ cluster: CLUSTER, region: REGION, failure_domain: node.rack, node: node.name });
const target = (node: Node, job: string) => ({ job, instance: node.name, ...place(node) });

/** What the card does and shows in this minute. */
function observe(card: Card, fleet: Fleet): Reading {
  const { now, heat } = card;
  const dead = now.dead && now.work !== "idle" && now.work !== "wait";
  const shown = reading(dead ? "held" : now.work, now.load, fleet.random);
  const celsius = now.celsius ?? 33 + (shown.celsius - 33) * (1 + 0.2 * heat);
  const smMhz = Math.min(shown.smMhz, now.maxMhz ?? shown.smMhz);
  const slowed = smMhz < shown.smMhz;
  return {
    ...shown,
    celsius: Math.round(celsius),
    memoryCelsius: Math.round(now.memoryCelsius ?? 37 + (shown.memoryCelsius - 37) * (1 + 0.2 * heat)),
    smMhz,
    // A slowed card needs less power, and so is not held back by its limit.
    watts: slowed ? 70 + (shown.watts - 70) * (0.3 + (0.7 * smMhz) / shown.smMhz) : shown.watts,
    reasons: (slowed ? shown.reasons & ~POWER_CAP : shown.reasons) | now.reasons,
    usedMib: now.memoryMib ?? shown.usedMib,
  };
}

/** Series of a card as they are stored: those of the card without its pod. */
function showCard(card: Card, node: Node, minute: number, shown: Reading): Card["shown"] {
  const { now, counters } = card;
  const labels = labelText({
    ...target(node, jobs.dcgmExporter),
    gpu: `${card.index}`,
    UUID: card.uuid,
    modelName: MODEL,
  });
  const samples: Card["shown"] = [];
  const show = (metric: SignalName, value: number, more = "") =>
    samples.push({ series: `${metric}{${labels}${more && `, ${more}`}}`, value });
  const identity = {
    driver_version: node.driver,
    vbios_version: "96.00.A5.00.01",
    pci_address: `00000000:${card.index}`,
  };
  show("DCGM_FI_DEV_GPU_TEMP", shown.celsius, labelText(identity));
  show("DCGM_FI_DEV_MEMORY_TEMP", shown.memoryCelsius);
  show("DCGM_FI_DEV_GPU_TEMP_LIMIT", MAX_CELSIUS - shown.celsius);
  show("DCGM_FI_DEV_POWER_USAGE", shown.watts);
  show("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", counters.energy);
  show("DCGM_FI_DEV_SM_CLOCK", shown.smMhz);
  show("DCGM_FI_DEV_ENFORCED_POWER_LIMIT", now.powerLimit);
  show("DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", shown.reasons);
  show("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", counters.dbe);
  show("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", counters.sbe);
  show("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", now.remapFailed ? 512 : card.remappedRows);
  show("DCGM_FI_DEV_ROW_REMAP_FAILURE", now.remapFailed ? 1 : 0);
  show("DCGM_FI_DEV_ROW_REMAP_PENDING", now.remapPending ? 1 : 0);
  show("DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_NONE", now.remapFailed ? 1 : 0);
  show("DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_LOW", 0);
  show("DCGM_FI_DEV_THRESHOLD_SRM", 0);
  show("DCGM_FI_DEV_MEMORY_UNREPAIRABLE_FLAG", 0);
  show("DCGM_FI_DEV_NVLINK_ERROR_DL_CRC", counters.crc);
  show("DCGM_FI_DEV_NVLINK_ERROR_DL_REPLAY", counters.replays);
  show("DCGM_FI_DEV_NVLINK_ERROR_DL_RECOVERY", counters.recoveries);
  show("DCGM_FI_DEV_PCIE_REPLAY_COUNTER", card.pcieReplays);
  show("DCGM_FI_DEV_PCIE_LINK_WIDTH", now.lanes);
  show("DCGM_FI_DEV_PCIE_LINK_GEN", 5);
  show("DCGM_FI_DEV_FABRIC_MANAGER_STATUS", now.fabric);
  show("DCGM_FI_DEV_GPU_RECOVERY_ACTION", now.recovery);
  if (card.lastXid !== undefined) show("DCGM_FI_DEV_XID_ERRORS", card.lastXid);
  for (const watch of WATCHES) {
    const found = now.health.find((health) => health.watch === watch);
    const labelsOfWatch = { health_watch: watch, health_error_code: found?.code ?? "DCGM_FR_OK" };
    show("DCGM_EXP_GPU_HEALTH_STATUS", found?.status ?? 0, labelText(labelsOfWatch));
  }
  const recent = card.xids.filter((xid) => xid.minute > minute - XID_WINDOW);
  for (const code of new Set(recent.map((xid) => xid.code))) {
    const count = recent.filter((xid) => xid.code === code).length;
    show("DCGM_EXP_XID_ERRORS_COUNT", count, labelText({ xid: `${code}` }));
  }
  if (recent.length === 0) show("DCGM_EXP_XID_ERRORS_COUNT", 0);
  showWork(card, node, shown, show);
  return samples;
}

function showWork(
  { now }: Card,
  node: Node,
  shown: Reading,
  show: (metric: SignalName, value: number, more?: string) => void,
): void {
  const { holder } = now;
  const pod =
    holder && node.now.podsKnown
      ? labelText({ namespace: holder.namespace, pod: holder.pod, container: "main" })
      : undefined;
  show("DCGM_FI_DEV_GPU_UTIL", shown.util, pod);
  show("DCGM_FI_DEV_FB_USED", shown.usedMib, pod);
  show("DCGM_FI_DEV_FB_FREE", TOTAL_MIB - shown.usedMib, pod);
  if (!node.now.profiling) return;
  show("DCGM_FI_PROF_GR_ENGINE_ACTIVE", shown.engine, pod);
  show("DCGM_FI_PROF_SM_ACTIVE", shown.sm, pod);
  show("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", shown.tensor, pod);
  show("DCGM_FI_PROF_DRAM_ACTIVE", shown.dram, pod);
  show("DCGM_FI_PROF_NVLINK_TX_BYTES", shown.nvlinkBytes, pod);
  show("DCGM_FI_PROF_NVLINK_RX_BYTES", shown.nvlinkBytes, pod);
  show("DCGM_FI_PROF_PCIE_TX_BYTES", shown.pcieBytes / 2, pod);
  show("DCGM_FI_PROF_PCIE_RX_BYTES", shown.pcieBytes, pod);
}

function scrapeGpus(node: Node, fleet: Fleet, minute: number, samples: Samples): void {
  for (const card of node.cards) {
    const shown = observe(card, fleet);
    // mJ in a minute.
    if (!card.now.absent && node.now.running) card.counters.energy += shown.watts * 60_000;
    if (node.now.frozen) continue;
    card.shown = card.now.absent || card.now.skipped ? [] : showCard(card, node, minute, shown);
  }
  if (node.now.exporter === "absent") forgetXids(node);
  if (!node.now.running || node.now.exporter !== "answers") {
    // The target stays as long as there is a pod.
    if (node.now.exporter !== "absent") samples.set(minute, seriesOf("up", target(node, jobs.dcgmExporter)), 0);
    return;
  }
  samples.set(minute, seriesOf("up", target(node, jobs.dcgmExporter)), 1);
  for (const { shown } of node.cards) for (const { series, value } of shown) samples.set(minute, series, value);
  for (let number = 0; number < NVSWITCHES; number += 1) {
    const labels = { ...target(node, jobs.dcgmExporter), nvswitch: `nvswitch${number}` };
    const value = (sxid: number) => (number === 0 ? sxid : 0);
    samples.set(minute, seriesOf("DCGM_FI_DEV_NVSWITCH_FATAL_ERRORS", labels), value(node.now.fatalSxid));
    samples.set(minute, seriesOf("DCGM_FI_DEV_NVSWITCH_NON_FATAL_ERRORS", labels), value(node.now.nonFatalSxid));
  }
}

function scrapeNode(node: Node, minute: number, samples: Samples): void {
  const labels = target(node, jobs.nodeExporter);
  samples.set(minute, seriesOf("up", labels), node.now.running ? 1 : 0);
  if (!node.now.running) return;
  samples.set(minute, seriesOf("node_boot_time_seconds", labels), node.booted);
  for (let number = 0; number < PORTS; number += 1) {
    const port = { ...labels, device: `mlx5_${number}`, port: "1" };
    const down = number < node.now.portsDown;
    samples.set(minute, seriesOf("node_infiniband_state_id", port), down ? 1 : 4);
    samples.set(minute, seriesOf("node_infiniband_link_downed_total", port), number === 0 ? node.linkDowns : 0);
  }
}

/** What Prometheus gets from the exporters of all nodes in a minute. */
export function scrape(fleet: Fleet, minute: number, samples: Samples): void {
  for (const node of fleet.nodes.filter(({ now }) => now.exists)) {
    scrapeGpus(node, fleet, minute, samples);
    scrapeNode(node, minute, samples);
  }
}
