import { memoryErrorRules } from "../../components/gpu/rules/memoryErrors";
import type { SignalName } from "../../components/gpu/signals";
import { type Card, card, cardLabels, exporterUp } from "./gpuCardFixtures";
import { boot, context, cordoned, energy, event, once, withBase } from "./gpuFaultInput";
import { type Input, proveAlert } from "./promtool";

const rules = withBase(memoryErrorRules(context()));
const essential = withBase(
  memoryErrorRules(context("essential")).map((group) => ({
    ...group,
    rules: group.rules.filter(({ expr }) => !/SRM|UNREPAIRABLE/.test(expr)),
  })),
);

const H100 = "GPU 0 (GPU-n1-0, NVIDIA H100 80GB HBM3) of node n1";
const up = exporterUp();
const of = (metric: SignalName, at: string, card0: Card = {}): Input => ({ [card(metric, card0)]: at });

const dbe = (at: string) => of("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", at);
const sbe = (at: string) => of("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", at);

/** Nothing must fire for a node that somebody is at, nor when the fault is over. */
const over = (code: number) => [
  { why: "a node that is cordoned", input: { ...once(code), ...up, ...cordoned() } },
  {
    why: "a reset soon after",
    input: { ...event(code, 1), ...up, ...energy("1000+9x5 stale _x2 5+9x60") },
  },
];

describe("rules: GPUs, memory errors", () => {
  const uncorrectable = (said: string) => ({
    summary: "GPU 0 of node n1 has memory errors that it cannot correct.",
    description: `${H100} ${said}. What used the memory was ended or computes with wrong data. Take the node out of service and reset the GPU.`,
  });
  proveAlert(rules, "GpuUncorrectableEcc", {
    input: { ...once(48), ...event(172, 12), ...up, ...dbe("0x9 1x60") },
    quiet: "9m",
    fires: {
      at: "40m",
      alerts: [
        {
          labels: { ...cardLabels(), xid: "48" },
          ...uncorrectable("reported XID 48 (ROBUST_CHANNEL_GPU_ECC_DBE)"),
        },
        {
          labels: { ...cardLabels(), xid: "172" },
          ...uncorrectable("reported XID 172 (UNCORRECTABLE_SRAM_ERROR)"),
        },
      ],
    },
    silent: [
      ...over(48),
      {
        why: "an error that was contained, which the counter counts too",
        input: { ...once(94), ...up, ...dbe("0x9 1x60") },
      },
      { why: "a driver that is loaded again", input: dbe("5x20 0x60") },
      { why: "an exporter that is new and sees old errors", input: dbe("_x10 3x60") },
      {
        why: "a reboot a minute after",
        input: { ...event(48, 1), ...up, ...boot(`-60x6 ${7 * 60}x60`), ...dbe("0x60") },
      },
    ],
  });
  proveAlert(rules, "GpuUncorrectableEcc", {
    input: dbe("0x19 2x60"),
    quiet: "19m",
    fires: {
      at: "30m",
      alerts: [{ labels: cardLabels(), ...uncorrectable("counted double-bit ECC errors within an hour") }],
    },
    silent: [{ why: "a node that is cordoned", input: { ...dbe("0x19 2x60"), ...cordoned() } }],
  });

  const uncontained = (name: string) => ({
    summary: "GPU 0 of node n1 may have computed with wrong data.",
    description: `GPU 0 (GPU-n1-0, ${name}: a memory error that could not be confined to one program. No result since then can be trusted, whoever's.`,
  });
  const A100 = { node: "n2", model: "NVIDIA A100-SXM4-80GB" };
  proveAlert(rules, "GpuUncontainedEcc", {
    input: { ...once(95), ...up, ...once(95, A100), ...once(140, A100), ...exporterUp("n2") },
    quiet: "9m",
    fires: {
      at: "60m",
      alerts: [
        {
          labels: { ...cardLabels(), xid: "95", action: "reset-gpu" },
          ...uncontained("NVIDIA H100 80GB HBM3) of node n1 reported XID 95 (ROBUST_CHANNEL_UNCONTAINED_ERROR)"),
        },
        ...[
          { xid: "95", action: "reboot-node", name: "ROBUST_CHANNEL_UNCONTAINED_ERROR" },
          { xid: "140", action: "reset-gpu", name: "UNRECOVERABLE_ECC_ERROR_ESCAPE" },
        ].map(({ name, ...labels }) => ({
          labels: { ...cardLabels(A100), ...labels },
          summary: "GPU 0 of node n2 may have computed with wrong data.",
          description: `GPU 0 (GPU-n2-0, NVIDIA A100-SXM4-80GB) of node n2 reported XID ${labels.xid} (${name}): a memory error that could not be confined to one program. No result since then can be trusted, whoever's.`,
        })),
      ],
    },
    silent: [...over(95), { why: "one that was contained", input: { ...once(94), ...up } }],
  });

  proveAlert(rules, "GpuContainedEcc", {
    input: { ...once(94), ...up },
    quiet: "9m",
    fires: {
      at: "190m",
      alerts: [
        {
          labels: { ...cardLabels(), xid: "94" },
          summary: "A memory error of GPU 0 of node n1 ended a program.",
          description: `${H100} reported XID 94 (ROBUST_CHANNEL_CONTAINED_ERROR) within a day: a memory error that ended the program that met it, and no other.`,
        },
      ],
    },
    silent: over(94).map((silent) => ({ ...silent, until: "60m" })),
  });

  const remapped = (said: string) => ({
    summary: "Memory of GPU 0 of node n1 could not be repaired.",
    description: `${H100} ${said}. Errors of this memory come again.`,
  });
  const failure = (at: string) => of("DCGM_FI_DEV_ROW_REMAP_FAILURE", at);
  proveAlert(rules, "GpuRowRemapFailure", {
    input: { ...once(64), ...up, ...failure("0x60") },
    quiet: "9m",
    fires: {
      at: "60m",
      alerts: [
        {
          labels: { ...cardLabels(), xid: "64", action: "reset-gpu" },
          ...remapped("reported XID 64 (INFOROM_DRAM_RETIREMENT_FAILURE)"),
        },
      ],
    },
    silent: over(64),
  });
  proveAlert(rules, "GpuRowRemapFailure", {
    input: { ...once(64), ...up, ...failure("0x9 1x60") },
    quiet: "9m",
    fires: {
      at: "60m",
      alerts: [
        {
          labels: { ...cardLabels(), action: "replace-gpu" },
          ...remapped("says that the remapping of a row has failed, which is NVIDIA's criterion for a replacement"),
        },
      ],
    },
    silent: [
      { why: "a node that is cordoned", input: { ...failure("1x60"), ...cordoned() } },
      { why: "a row that waits to be remapped", input: of("DCGM_FI_DEV_ROW_REMAP_PENDING", "1x60") },
    ],
  });

  const pending = (at: string) => of("DCGM_FI_DEV_ROW_REMAP_PENDING", at);
  const waits = (said: string) => ({
    summary: "GPU 0 of node n1 waits for a reset to repair its memory.",
    description: `${H100} ${said}. The repair happens at the next reset of the GPU; what runs may go on until then.`,
  });
  proveAlert(rules, "GpuRowRemapPending", {
    input: { ...pending("0x9 1x60"), ...once(63), ...up },
    quiet: "24m",
    fires: {
      at: "25m",
      alerts: [{ labels: cardLabels(), ...waits("has rows of memory that are marked for remapping") }],
    },
    silent: [
      { why: "a reset at once", input: pending("0x9 1x14 0x60") },
      { why: "a remapping that failed", input: { ...pending("1x60"), ...once(63), ...up, ...failure("1x60") } },
      { why: "a node that is cordoned", input: { ...pending("1x60"), ...cordoned() } },
    ],
  });
  proveAlert(rules, "GpuRowRemapPending", {
    input: { ...once(177), ...up },
    quiet: "24m",
    fires: {
      at: "25m",
      alerts: [{ labels: { ...cardLabels(), xid: "177" }, ...waits("reported XID 177 (BANK_REMAPPING_EVENT)") }],
    },
    silent: [
      {
        why: "a reset that the exporter told of",
        input: { ...once(63), ...up, ...energy("1000+9x14 stale _x2 5+9x60") },
      },
    ],
  });

  const low = (at: string, none = "0x60") => ({
    ...of("DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_LOW", at),
    ...of("DCGM_FI_DEV_BANKS_REMAP_ROWS_AVAIL_NONE", none),
  });
  const rows = (at: string) => of("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", at);
  const little = (what: string) => ({
    summary: "GPU 0 of node n1 has little left to repair its memory with.",
    description: `${H100} has ${what}. Some of the next errors cannot be repaired, and the card must be replaced then.`,
  });
  const banks = {
    labels: { ...cardLabels(), budget: "banks" },
    ...little("2 banks of memory with few or no spare rows"),
  };
  const many = { labels: { ...cardLabels(), budget: "rows" }, ...little("remapped 256 of the 512 rows that it may") };
  const measured = { ...low("0x60"), ...rows("0x60") };
  for (const { input, alert } of [
    { input: { ...low("0x60", "0x9 2x60"), ...rows("300x60") }, alert: banks },
    { input: { ...low("0x9 2x60"), ...rows("8x60") }, alert: banks },
    { input: { ...low("0x60"), ...rows("255x9 256x60") }, alert: many },
  ]) {
    proveAlert(rules, "GpuRemapBudgetLow", {
      input,
      ...(alert === banks && input[card("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS")] === "300x60"
        ? {}
        : { quiet: "24m" }),
      fires: { at: "25m", alerts: [alert] },
      silent: [
        { why: "what a healthy H100 has", input: measured },
        { why: "a few rows", input: { ...low("0x60"), ...rows("255x60") } },
        { why: "a remapping that failed", input: { ...input, ...failure("1x60") } },
      ],
    });
  }
  proveAlert(essential, "GpuRemapBudgetLow", {
    input: rows("255x9 256x60"),
    quiet: "24m",
    fires: { at: "25m", alerts: [many] },
    silent: [{ why: "a few rows", input: rows("255x60") }],
  });

  const masses = (said: string) => ({
    summary: "GPU 0 of node n1 corrects memory errors in masses.",
    description: `${H100} ${said}. Nothing is lost yet; errors that cannot be corrected may follow.`,
  });
  proveAlert(rules, "GpuSingleBitEccStorm", {
    input: sbe("0x30 0+50x60"),
    quiet: "50m",
    fires: {
      at: "70m",
      alerts: [{ labels: cardLabels(), ...masses("corrected 1950 single-bit errors within an hour") }],
    },
    silent: [
      { why: "some", input: sbe("0+15x120") },
      { why: "many in the life of the driver", input: sbe("500000x120") },
      { why: "a driver that is loaded again", input: sbe("500000x20 0x60") },
    ],
  });
  for (const groups of [rules, essential]) {
    proveAlert(groups, "GpuSingleBitEccStorm", {
      input: { ...once(92), ...up },
      quiet: "9m",
      fires: {
        at: "60m",
        alerts: [{ labels: { ...cardLabels(), xid: "92" }, ...masses("reported XID 92 (EXCESSIVE_SBE_INTERRUPTS)") }],
      },
      silent: over(92),
    });
  }

  proveAlert(rules, "GpuSramThresholdExceeded", {
    input: of("DCGM_FI_DEV_THRESHOLD_SRM", "0x9 1x60"),
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: cardLabels(),
          summary: "The caches of GPU 0 of node n1 have too many memory errors.",
          description: `${H100} says that uncorrectable errors of one part of its SRAM are past NVIDIA's threshold (flag 1): its criterion for a replacement.`,
        },
      ],
    },
    silent: [
      { why: "one error", input: { ...of("DCGM_FI_DEV_THRESHOLD_SRM", "0x60"), ...once(172), ...up } },
      { why: "a node that is cordoned", input: { ...of("DCGM_FI_DEV_THRESHOLD_SRM", "1x60"), ...cordoned() } },
    ],
  });

  const unrepairable = of("DCGM_FI_DEV_MEMORY_UNREPAIRABLE_FLAG", "0x9 1x60");
  proveAlert(rules, "GpuMemoryUnrepairable", {
    input: unrepairable,
    quiet: "9m",
    fires: {
      at: "10m",
      alerts: [
        {
          labels: cardLabels(),
          summary: "GPU 0 of node n1 has memory that cannot be repaired.",
          description: `${H100} says that it has memory that no spare can replace (flag 1). Errors of it come again until the card is replaced.`,
        },
      ],
    },
    silent: [
      { why: "a failure of remapping, which pages", input: { ...unrepairable, ...failure("1x60") } },
      { why: "a node that is cordoned", input: { ...unrepairable, ...cordoned() } },
    ],
  });
});
