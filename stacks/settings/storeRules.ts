import { bucketEndpoint } from "../../components/backends/bucket";
import { bucketPlaces } from "../../components/backends/mimir/configuration";
import type { StoreSettings } from "./longTermStorage";
import type { Settings } from "./schema";
import type { FoundProblem, SettingRule } from "./settingRule";
import { type BucketSettings, prefixOf } from "./stores/bucket";
import { checkCortex } from "./stores/cortex";
import { checkMimir } from "./stores/mimir";
import { checkNone } from "./stores/none";
import { checkThanos } from "./stores/thanosRules";
import { checkVictoriaMetrics } from "./stores/victoriaMetricsRules";
import { withoutUndefined } from "./withoutUndefined";

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
  needs: ["cluster", ...places, "readFrom"],
  check: ({ cluster, longTermStorage, alsoWriteTo, readFrom }) => {
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
    return sharedBucket(longTermStorage, alsoWriteTo, cluster.name);
  },
};

const bucketOf = (store: StoreSettings) => ("bucket" in store ? store.bucket : undefined);

/** Where a store's objects begin. Cortex takes the whole bucket: its tenants are folders at the root. */
function placesOf({ kind }: StoreSettings, bucket: BucketSettings, cluster: string): string[] {
  const prefix = prefixOf(bucket, kind, cluster);
  switch (kind) {
    case "cortex":
      return [""];
    case "mimir":
      return Object.values(bucketPlaces(prefix)).map((place) => `${place}/`);
    default:
      return [`${prefix}/`];
  }
}

const inWords = (all: readonly string[]) => all.join(" and ") || "the whole bucket";

/** Who serves a bucket. A name stands for one bucket in all of AWS, whichever of its endpoints is asked. */
function serverOf({ name, region, endpoint, insecure }: BucketSettings): string {
  const host = bucketEndpoint(withoutUndefined({ name, region, endpoint })).replace(insecure ? /:80$/ : /:443$/, "");
  return /\.amazonaws\.com$/.test(host) ? "amazonaws.com" : host;
}

function sharedBucket(first: StoreSettings, second: StoreSettings, cluster: string): FoundProblem[] {
  const [one, other] = [bucketOf(first), bucketOf(second)];
  if (one === undefined || other === undefined) return [];
  if (one.name !== other.name || serverOf(one) !== serverOf(other)) return [];
  const [mine, theirs] = [placesOf(first, one, cluster), placesOf(second, other, cluster)];
  if (!mine.some((each) => theirs.some((place) => each.startsWith(place) || place.startsWith(each)))) return [];
  return [
    {
      path: ["alsoWriteTo", "bucket", "prefix"],
      rule: `must not be within that of longTermStorage, nor around it (${first.kind} has ${inWords(mine)}; ${second.kind} ${inWords(theirs)}): one store would delete the blocks of the other`,
      fix: [first, second].some(({ kind }) => kind === "cortex")
        ? "take another bucket"
        : "take another prefix for one of the two, or another bucket",
    },
  ];
}

/** STS, which gives pods with a role of their own their keys, and every other API of AWS but S3. */
const HTTPS = 443;

/** The ports by which a store gets its keys and calls its bucket have to be open. */
const openPort: SettingRule = {
  needs: [...places, "network"],
  check: ({ network, ...settings }) => {
    if (network.kind === "open") return [];
    const ports = places.flatMap((place) => {
      const store = settings[place];
      const bucket = store && bucketOf(store);
      if (bucket === undefined) return [];
      const endpoint = { port: portOf(bucket), whose: "the bucket's endpoint" };
      return bucket.credentials.kind === "role"
        ? [endpoint, { port: HTTPS, whose: "STS, which roles need" }]
        : [endpoint];
    });
    return [...new Map(ports.reverse().map(({ port, whose }) => [port, whose]))]
      .filter(([port]) => !network.objectStorage.ports.includes(port))
      .map(([port, whose]) => ({
        path: ["network", "objectStorage", "ports"],
        rule: `must have the port of ${whose}: ${port} is missing, and nothing would be stored`,
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
