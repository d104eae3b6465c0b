import type { StoreSettings } from "./longTermStorage";
import type { Settings } from "./schema";
import type { FoundProblem, SettingRule } from "./settingRule";
import { checkCortex } from "./stores/cortex";
import { checkMimir } from "./stores/mimir";
import { checkNone } from "./stores/none";
import { checkThanos } from "./stores/thanosRules";
import { checkVictoriaMetrics } from "./stores/victoriaMetricsRules";

const places = ["longTermStorage", "alsoWriteTo"] as const;

function checkStore(store: StoreSettings, settings: Settings, path: (string | number)[]): FoundProblem[] {
  switch (store.kind) {
    case "none":
      return checkNone(store, settings, path);
    case "thanos":
      return checkThanos(store, settings, path);
    case "victoriaMetrics":
      return checkVictoriaMetrics(store, settings, path);
    case "mimir":
      return checkMimir(store, settings, path);
    case "cortex":
      return checkCortex(store, settings, path);
  }
}

/** A store's own rules, wherever it stands. */
const each = places.map(
  (place): SettingRule => ({
    needs: [
      "environment",
      "namespace",
      "spread",
      "prometheus",
      "gpu",
      "clusterMetrics",
      "workloads",
      "teams",
      "ruler",
      "network",
      place,
    ],
    check: (settings) => {
      const store = settings[place];
      return store === undefined ? [] : checkStore(store, settings, [place]);
    },
  }),
);

/** Two stores at once: which pairs make sense, and what they must not share. */
const together: SettingRule = {
  needs: places.flatMap((place) => [place, "readFrom"]),
  check: ({ longTermStorage, alsoWriteTo, readFrom }) => {
    if (alsoWriteTo === undefined) {
      return readFrom === "longTermStorage"
        ? []
        : [
            {
              path: ["readFrom"],
              rule: "names the second store, and there is none",
              fix: "set it to longTermStorage, or add alsoWriteTo",
            },
          ];
    }
    if (alsoWriteTo.kind === "none") {
      return [{ path: ["alsoWriteTo", "kind"], rule: "none is no store to write to", fix: "remove alsoWriteTo" }];
    }
    if (alsoWriteTo.kind === longTermStorage.kind) {
      return [
        {
          path: ["alsoWriteTo", "kind"],
          rule: "must be another kind than longTermStorage: the names of their parts would meet",
          fix: "remove alsoWriteTo, or choose another kind",
        },
      ];
    }
    if (alsoWriteTo.kind === "thanos" && longTermStorage.kind === "none") {
      return [
        {
          path: ["alsoWriteTo", "kind"],
          rule: "Thanos reads what none reads, the sidecars, and nothing has to be written twice",
          fix: "make it longTermStorage",
        },
      ];
    }
    return sharedBucket(longTermStorage, alsoWriteTo);
  },
};

const bucketOf = (store: StoreSettings) => ("bucket" in store ? store.bucket : undefined);

/** The part of a bucket that a store takes for its own. */
const prefixOf = (store: StoreSettings) => bucketOf(store)?.prefix ?? store.kind;

/** Cortex takes the whole bucket: its tenants are folders at the root. */
const placeOf = (store: StoreSettings) => (store.kind === "cortex" ? "" : `${prefixOf(store)}/`);

const inWords = (store: StoreSettings) => placeOf(store) || "the whole bucket";

function sharedBucket(first: StoreSettings, second: StoreSettings): FoundProblem[] {
  const [one, other] = [bucketOf(first), bucketOf(second)];
  if (one === undefined || other === undefined || one.name !== other.name || one.endpoint !== other.endpoint) return [];
  const [mine, theirs] = [placeOf(first), placeOf(second)];
  if (!mine.startsWith(theirs) && !theirs.startsWith(mine)) return [];
  return [
    {
      path: ["alsoWriteTo", "bucket", "prefix"],
      rule: `must not be within that of longTermStorage, nor around it (${first.kind} has ${inWords(first)}, ${second.kind} ${inWords(second)}): one store would delete the blocks of the other`,
      fix: [first, second].some(({ kind }) => kind === "cortex")
        ? "take another bucket"
        : `set it to ${second.kind}, or take another bucket`,
    },
  ];
}

/** The S3 port that a store calls has to be open. */
const openPort: SettingRule = {
  needs: [...places, "network"],
  check: ({ network, ...settings }) => {
    if (network.kind === "open") return [];
    const ports = places.flatMap((place) => {
      const store = settings[place];
      const bucket = store && bucketOf(store);
      return bucket === undefined ? [] : [portOf(bucket)];
    });
    return [...new Set(ports)]
      .filter((port) => !network.objectStorage.ports.includes(port))
      .map((port) => ({
        path: ["network", "objectStorage", "ports"],
        rule: `must have the port of the bucket's endpoint: ${port} is missing, and nothing would be stored`,
        fix: `add ${port} to the list`,
      }));
  },
};

function portOf({ endpoint, insecure }: { endpoint?: string | undefined; insecure?: boolean | undefined }): number {
  const port = endpoint?.split(":")[1];
  return port === undefined ? (insecure ? 80 : 443) : Number(port);
}

/** Rules about the long-term stores. */
export const storeSettingRules: SettingRule[] = [...each, together, openPort];
