import { versions } from "../../components/versions";
import { github, type ToolEntry, type ToolGroup, withoutV } from "./entries";

/** The S3 server of the throwaway cluster; the platform deploys none, so `versions` has no row for it. */
export const VERSITYGW = "1.8.0";

/**
 * A commit between Mimir 3.0 and 3.1, and not the release of the image in `versions`: Mimir's releases are tagged
 * `mimir-X.Y.Z`, which Go does not take for versions, and this commit is the newest that the module proxy has. No flag of
 * a later release can be tried with it.
 */
const MIMIR = "1.3.1-0.20260423142704-aced80d74930";

const cortexVersion = withoutV(versions.cortex);
const victoriaMetricsVersion = withoutV(versions.victoriaMetrics);

/** Programs of VictoriaMetrics come in two archives: the server in one, everything else in the other. */
const victoriaMetricsTool = (name: string, archive: string): ToolEntry => ({
  package: `github.com/VictoriaMetrics/VictoriaMetrics/app/${name}`,
  versionArguments: ["--version"],
  download: (architecture) => {
    const release = github("VictoriaMetrics/VictoriaMetrics", victoriaMetricsVersion);
    const file = `${release}/${archive}-linux-${architecture}-v${victoriaMetricsVersion}`;
    return { url: `${file}.tar.gz`, checksumUrl: `${file}_checksums.txt`, member: `${name}-prod` };
  },
});

const UTILITIES = ["vmagent", "vmalert", "vmauth", "vmbackup", "vmrestore", "vmctl"] as const;

/** The long-term stores' programs, and the S3 server that stands for the cloud's. */
export const storeGroups = {
  versitygw: {
    version: VERSITYGW,
    tags: [],
    stamps: { "main.Version": VERSITYGW },
    // Estimated from the processor time per package of Cortex' build; it was built beside other work only.
    seconds: 55,
    tools: {
      versitygw: {
        package: "github.com/versity/versitygw/cmd/versitygw",
        versionArguments: ["--version"],
        download: (architecture) => {
          const base = github("versity/versitygw", VERSITYGW);
          const name = `versitygw_v${VERSITYGW}_Linux_${architecture === "amd64" ? "x86_64" : "arm64"}`;
          return {
            url: `${base}/${name}.tar.gz`,
            checksumUrl: `${base}/checksums.txt`,
            member: `${name}/versitygw`,
          };
        },
      },
    },
  },
  mimir: {
    version: MIMIR,
    // As its own Makefile has them: with another label implementation than the one it is tested with, nothing is known.
    tags: ["netgo", "stringlabels"],
    stamps: { "github.com/grafana/mimir/pkg/util/version.Version": MIMIR },
    seconds: 144,
    tools: {
      mimir: { package: "github.com/grafana/mimir/cmd/mimir", versionArguments: ["-version"] },
    },
  },
  cortex: {
    version: cortexVersion,
    // Without `slicelabels` it builds, starts and reports ready, and panics at the first remote write.
    tags: ["netgo", "slicelabels"],
    stamps: { "main.Version": cortexVersion },
    seconds: 94,
    tools: {
      cortex: {
        package: "github.com/cortexproject/cortex/cmd/cortex",
        versionArguments: ["-version"],
        download: (architecture) => {
          const url = `${github("cortexproject/cortex", cortexVersion)}/cortex-linux-${architecture}`;
          return { url, checksumUrl: `${url}-sha-256` };
        },
      },
    },
  },
  "victoria-metrics": {
    version: victoriaMetricsVersion,
    tags: [],
    // With `v`: the programs look for it when they shorten what is stamped here.
    stamps: { "github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version": `v${victoriaMetricsVersion}` },
    // Estimated like that of versitygw.
    seconds: 95,
    // The cluster's vminsert, vmselect and vmstorage are on a branch of which the module proxy has no version.
    tools: {
      "victoria-metrics": victoriaMetricsTool("victoria-metrics", "victoria-metrics"),
      ...(Object.fromEntries(UTILITIES.map((name) => [name, victoriaMetricsTool(name, "vmutils")])) as Record<
        (typeof UTILITIES)[number],
        ToolEntry
      >),
    },
  },
} as const satisfies Record<string, ToolGroup>;
