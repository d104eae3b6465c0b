import { cardLabels, exporterUp } from "./gpuCardFixtures";
import { boot, cordoned, event, once } from "./gpuFaultInput";
import { essential, H100, of, over, rules, up } from "./gpuMemoryInput";
import { proveAlert } from "./promtool";

const dbe = (at: string) => of("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", at);
const sbe = (at: string) => of("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", at);

describe("rules: GPUs, memory errors", () => {
  const uncorrectable = (said: string) => ({
    summary: "GPU 0 of node n1 has memory errors that it cannot correct.",
    description: `${H100} ${said}. What used the memory was ended or computes with wrong data. Take the node out of service and reset the GPU.`,
  });
  proveAlert(rules, "GpuUncorrectableEcc", {
    input: { ...once(48), ...event(172, 12), ...up, ...dbe("0x9 1x60") },
    quiet: "10m",
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
      { why: "an exporter that restarts and sees old errors", input: dbe("3x20 stale _x2 3x60") },
      {
        why: "a node that is cordoned, as is known a minute later",
        input: { ...dbe("0x9 1x60"), ...cordoned("_x10 1x300") },
      },
      {
        why: "a reboot a minute after",
        input: { ...event(48, 1), ...up, ...boot(`-60x6 ${7 * 60}x60`), ...dbe("0x60") },
      },
    ],
  });
  proveAlert(rules, "GpuUncorrectableEcc", {
    // The exporter restarts.
    input: dbe("0x19 2x5 stale _x8 2x60"),
    quiet: "20m",
    fires: {
      at: "32m",
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
    // The exporter restarts.
    input: of("DCGM_FI_DEV_THRESHOLD_SRM", "0x9 1x5 stale _x8 1x60"),
    quiet: "10m",
    fires: {
      at: "20m",
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
      { why: "a node that is cordoned", input: { ...of("DCGM_FI_DEV_THRESHOLD_SRM", "1x60"), ...cordoned("_ 1x300") } },
    ],
  });

  // The exporter restarts.
  const unrepairable = of("DCGM_FI_DEV_MEMORY_UNREPAIRABLE_FLAG", "0x9 1x5 stale _x8 1x60");
  proveAlert(rules, "GpuMemoryUnrepairable", {
    input: unrepairable,
    quiet: "10m",
    fires: {
      at: "20m",
      alerts: [
        {
          labels: cardLabels(),
          summary: "GPU 0 of node n1 has memory that cannot be repaired.",
          description: `${H100} says that it has memory that no spare can replace (flag 1). Errors of it come again until the card is replaced.`,
        },
      ],
    },
    silent: [
      {
        why: "a failure of remapping, which pages",
        input: { ...unrepairable, ...of("DCGM_FI_DEV_ROW_REMAP_FAILURE", "1x60") },
      },
      { why: "a node that is cordoned", input: { ...unrepairable, ...cordoned("_x10 1x300") } },
    ],
  });
});
