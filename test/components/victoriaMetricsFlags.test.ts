import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { versions } from "../../components/versions";
import type { Graph } from "../harness";
import { argumentsOf, productionStore } from "./victoriaMetricsStore";

type Program = "vmstorage" | "vminsert" | "vmselect";
/** Names of flags, with spaces between them, by type. */
type Flags = Record<string, string>;

const documented = JSON.parse(readFileSync(path.join(__dirname, "victoriaMetricsFlags.json"), "utf8")) as {
  source: string;
} & Record<Program, { common: Flags; enterprise: Flags }>;

const programs: [kind: string, Program][] = [
  ["StatefulSet", "vmstorage"],
  ["Deployment", "vminsert"],
  ["StatefulSet", "vmselect"],
];

/** What a value has to look like. Types that are not here are texts and lists of them. */
const shapeOf: Record<string, RegExp> = {
  bool: /^(true|false)$/,
  int: /^-?[0-9]+$/,
  duration: /^[0-9]+(ms|s|m|h|d)$/,
  size: /^[0-9]+([KMGT]i?B)?$/,
};

const namesOf = (flags: Flags) =>
  new Map(Object.entries(flags).flatMap(([type, names]) => names.split(" ").map((name) => [name, type] as const)));

function problemsOf(args: readonly string[], flags: Flags): string[] {
  const known = namesOf(flags);
  return args.flatMap((arg) => {
    const [, name = "", value] = /^-([A-Za-z0-9.]+)(?:=(.+))?$/.exec(arg) ?? [];
    const type = known.get(name);
    if (type === undefined) return [`${arg}: not documented`];
    if (value === undefined) return type === "bool" ? [] : [`${arg}: has no value`];
    return shapeOf[type]?.test(value) === false ? [`${arg}: is no ${type}`] : [];
  });
}

/** The cluster's programs are on a branch that no module proxy has. Nothing is started here. */
describe("flags of VictoriaMetrics' cluster, of which this is the only check: they are documented, and of their type", () => {
  const check = (graph: Graph, kinds: readonly ("common" | "enterprise")[]) => {
    for (const [kind, program] of programs) {
      const flags = kinds.flatMap((each) => Object.entries(documented[program][each]));
      const merged: Flags = {};
      for (const [type, names] of flags) merged[type] = merged[type] === undefined ? names : `${merged[type]} ${names}`;
      assert.deepEqual(problemsOf(argumentsOf(graph, kind, program), merged), [], program);
    }
  };

  it("in the version that is deployed", () => {
    assert.ok(
      documented.source.includes(versions.victoriaMetrics),
      `read the flags of ${versions.victoriaMetrics} again`,
    );
  });

  it("in production, without a licence: none is of Enterprise", async () => {
    check((await productionStore()).graph, ["common"]);
  });

  it("in production, with a licence", async () => {
    const { graph } = await productionStore({
      licence: "key",
      downsampling: ["30d:5m"],
      retentionFilters: ['{team="a"}:30d'],
      maxHourlySeries: 1_000_000,
      storage: {
        resources: { cpu: "1", memory: "8Gi" },
        data: { kind: "volume", size: "1Ti" },
        minFreeDiskSpace: "50Gi",
      },
      deletionProtection: true,
    });
    check(graph, ["common", "enterprise"]);
  });

  it("finds a flag that is not there, and a value of another type", () => {
    const { common } = documented.vmstorage;
    assert.deepEqual(problemsOf(["-retentionDays=3", "-loggerFormat", "-storage.maxDailySeries=1e6"], common), [
      "-retentionDays=3: not documented",
      "-loggerFormat: has no value",
      "-storage.maxDailySeries=1e6: is no int",
    ]);
  });
});
