import assert from "node:assert/strict";
import {
  application,
  containedEcc,
  expected,
  fallenOffBus,
  generations,
  gsp,
  informational,
  nvlink,
  otherFatal,
  platform,
  rowRemapFailure,
  rowRemapPending,
  sbeStorm,
  severityFor,
  uncontainedEcc,
  uncorrectableEcc,
  type XidAction,
  type XidSeverity,
  xidCodes,
  xidOn,
  xidPattern,
  xids,
} from "../../components/gpu/xid";
import { xidReference } from "../../tools/docs/xid";
import { generatedPart } from "../generatedPart";

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const without = (codes: readonly number[], others: readonly number[]) => codes.filter((code) => !others.includes(code));
const sorted = (...codes: (readonly number[])[]) => codes.flat().sort((a, b) => a - b);

const LAST_OF_CATALOGUE = 172;
const LAST_OF_DRIVER = 178;

/** NVIDIA's immediate actions and how urgent they are, as docs/xid.md says. */
const severityOf: Record<XidAction, XidSeverity> = {
  none: "info",
  restartWorkload: "info",
  resetGpu: "critical",
  rebootNode: "critical",
  restartVm: "critical",
  drainAndReset: "critical",
  checkLinks: "warning",
  checkMemoryMode: "warning",
  checkMechanicals: "warning",
  updateSoftware: "warning",
  contactSupport: "warning",
  followRecoveryAction: "info",
};

describe("XIDs: the table", () => {
  it("has every code of the catalogue and of the driver once, in order", () => {
    assert.deepEqual(
      xids.map(({ code }) => code),
      range(1, LAST_OF_DRIVER),
    );
  });

  it("has NVIDIA's names, none twice", () => {
    const names = xids.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
    for (const name of names) assert.match(name, /^[A-Z][A-Z0-9_]+$/);
  });

  it("names a source for every code, the catalogue for those that it has", () => {
    for (const { code, source } of xids) {
      const origin = code <= LAST_OF_CATALOGUE ? /^NVIDIA XID catalogue, 2026/ : /^NVIDIA open GPU kernel modules/;
      assert.match(source, origin, `XID ${code}`);
    }
  });

  it("has severities that follow from the action, or a note that says whose judgement they are", () => {
    for (const { code, action, severity, note = "" } of xids) {
      if (severity !== severityOf[action]) assert.match(note, /judgement/i, `XID ${code}`);
    }
  });

  it("says that an action is a judgement where the catalogue has none", () => {
    for (const { code, note = "" } of xids) {
      if (code >= 162) assert.match(note, /judgement/i, `XID ${code}`);
    }
  });

  it("is critical exactly where the GPU cannot go on", () => {
    assert.deepEqual(xidCodes({ severity: "critical" }), xidCodes({ fatal: true }));
  });

  it("gives to workloads' owners what a restart of the workload answers, with a note where it does not", () => {
    for (const { code, action, owner, note } of xids) {
      if ((owner === "workload") !== (action === "restartWorkload")) assert.ok(note, `XID ${code}`);
    }
    assert.deepEqual(
      without(xidCodes({ owner: "workload" }), xidCodes({ action: "restartWorkload" })),
      [43, 45, 108, 137],
    );
    assert.deepEqual(without(xidCodes({ action: "restartWorkload" }), xidCodes({ owner: "workload" })), [32, 80, 94]);
  });

  it("says why there is no alert", () => {
    for (const { code, alert, note = "" } of xids) {
      assert.equal(note.startsWith("No alert: "), alert === undefined, `XID ${code}`);
    }
  });

  it("has no critical code without an alert, and no alert for workloads' owners that wakes anybody", () => {
    for (const { code, alert, severity } of xids) {
      if (severity !== "info") assert.ok(alert, `XID ${code}`);
      if (alert === "GpuApplicationXid") assert.equal(severity, "info", `XID ${code}`);
      if (alert === "GpuUnknownXid" || alert === "GpuPlatformXid") assert.equal(severity, "warning", `XID ${code}`);
    }
  });

  it("differs only on generations that exist and that can see the code", () => {
    for (const { code, on = generations, generations: differing = {} } of xids) {
      assert.ok(on.length > 0 && on.every((generation) => generations.includes(generation)), `XID ${code}`);
      for (const generation of Object.keys(differing))
        assert.ok(
          on.some((known) => known === generation),
          `XID ${code}`,
        );
    }
  });

  it("is written out in docs/xid.md", () => generatedPart("xid.md", xidReference()));
});

describe("XIDs: what each alert covers", () => {
  const covered = {
    fallenOffBus,
    uncorrectableEcc,
    uncontainedEcc,
    containedEcc,
    rowRemapFailure,
    rowRemapPending,
    sbeStorm,
    gsp,
    nvlink,
    otherFatal,
    platform,
    application,
    informational,
  };

  it("are exactly these codes", () => {
    assert.deepEqual(covered, {
      fallenOffBus: [79],
      uncorrectableEcc: [48, 171, 172],
      uncontainedEcc: [95, 140],
      containedEcc: [94],
      rowRemapFailure: [64],
      rowRemapPending: [63, 160, 177],
      sbeStorm: [92],
      gsp: [119, 120],
      nvlink: [74, 136, ...range(144, 150), 155, 159, 166, 170],
      otherFatal: [46, 62, 109, 110, 143, 151, 158, 167, 169],
      platform: [32, 54, 78, 80, 93, 142, 156, 157, 161, 164, 165, 168],
      application: sorted(
        [8, 11, 13, 25, 31, 39, 40, 41, 43, 60, 68, 69, 70, 71, 72, 75, 76, 77, 82, 83, 84, 85, 86, 88, 89],
        range(96, 105),
        [108],
        range(126, 135),
        [137, 139],
      ),
      informational: [14, 37, 38, 44, 45, 66, 67, 106, 107, 121, 141, 154, 162, 163],
    });
  });

  it("are all that is expected; GpuUnknownXid has the rest", () => {
    assert.deepEqual(expected, sorted(...Object.values(covered)));
    const unknown = without(range(1, LAST_OF_DRIVER), expected);
    assert.deepEqual(unknown, xidCodes({ alert: "GpuUnknownXid" }));
    assert.deepEqual(without(unknown, xidCodes({ class: "unused" })), [173, 174, 175, 176, 178]);
  });

  it("wakes nobody for NVLink 5, of which DCGM does not tell the subcodes", () => {
    assert.deepEqual(xidCodes({ alert: "GpuNvlinkXid", severity: "critical" }), [74, 136]);
  });
});

describe("XIDs: questions of rules", () => {
  it("chooses codes that agree in everything given", () => {
    assert.deepEqual(xidCodes({ class: "memory", action: "resetGpu" }), [64, 95, 140]);
    assert.deepEqual(xidCodes({ class: "application", severity: "critical" }), []);
  });

  it("writes codes as an expression for a label, and refuses to write one that matches no code", () => {
    assert.equal(xidPattern([48, 95]), "48|95");
    assert.throws(() => xidPattern([]), { message: "a pattern of XIDs needs at least one code" });
  });

  it("knows what differs on a generation", () => {
    assert.equal(xidOn(64, "ampere")?.action, "rebootNode");
    assert.equal(xidOn(64, "hopper")?.action, "resetGpu");
    assert.equal(xidOn(64)?.action, "resetGpu");
    assert.equal(xidOn(999, "hopper"), undefined);
  });

  it("knows how urgent a code is, also an unknown one", () => {
    assert.equal(severityFor(79, "hopper"), "critical");
    assert.equal(severityFor(145, "blackwell"), "warning");
    assert.equal(severityFor(13, "ampere"), "info");
    assert.equal(severityFor(999, "blackwell"), "warning");
  });
});
