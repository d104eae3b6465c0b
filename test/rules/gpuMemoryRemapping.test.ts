import { card, cardLabels } from "./gpuCardFixtures";
import { cordoned, energy, once } from "./gpuFaultInput";
import { essential, H100, of, over, rules, up } from "./gpuMemoryInput";
import { proveAlert } from "./promtool";

describe("rules: GPUs, repair of memory", () => {
  const remapped = (said: string) => ({
    summary: "Memory of GPU 0 of node n1 could not be repaired.",
    description: `${H100} ${said}. Errors of this memory come again.`,
  });
  const failure = (at: string) => of("DCGM_FI_DEV_ROW_REMAP_FAILURE", at);
  proveAlert(rules, "GpuRowRemapFailure", {
    input: { ...once(64), ...up, ...failure("0x60") },
    quiet: "10m",
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
    // The flag comes after the XID; then the exporter restarts, and only the XID is left. It stays one alert.
    input: { ...once(64), ...up, ...failure("0x10 1x14 stale _x8 1x60") },
    quiet: "11m",
    fires: {
      at: "33m",
      alerts: [
        {
          labels: { ...cardLabels(), action: "replace-gpu" },
          ...remapped("says that the remapping of a row has failed, which is NVIDIA's criterion for a replacement"),
        },
      ],
    },
    silent: [
      {
        why: "a node that is cordoned, as is known a minute later",
        input: { ...failure("1x60"), ...cordoned("_ 1x300") },
      },
      { why: "a row that waits to be remapped", input: of("DCGM_FI_DEV_ROW_REMAP_PENDING", "1x60") },
    ],
  });

  const pending = (at: string) => of("DCGM_FI_DEV_ROW_REMAP_PENDING", at);
  const waits = (said: string) => ({
    summary: "GPU 0 of node n1 waits for a reset to repair its memory.",
    description: `${H100} ${said}. The repair happens at the next reset of the GPU; what runs may go on until then.`,
  });
  proveAlert(rules, "GpuRowRemapPending", {
    // The exporter restarts in the meantime.
    input: { ...pending("0x9 1x5 stale _x5 1x60"), ...once(63), ...up },
    quiet: "24m",
    fires: {
      at: "25m",
      alerts: [{ labels: cardLabels(), ...waits("has rows of memory that are marked for remapping") }],
    },
    silent: [
      { why: "a reset at once", input: pending("0x9 1x14 0x60") },
      {
        why: "a remapping that failed",
        input: { ...pending("1x60"), ...once(63), ...up, ...failure("1x10 stale _x8 1x60") },
      },
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
});
