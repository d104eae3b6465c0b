import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { freePorts, type LocalPrograms } from "./localPrograms";

const DAY = 86_400;

/** Three whole days ago, so that no block crosses the end of a day, and every store takes its samples. */
export const HISTORY_START = (Math.floor(Date.now() / 1000 / DAY) - 3) * DAY;
export const HISTORY_HOURS = 4;
export const HISTORY_END = HISTORY_START + HISTORY_HOURS * 3_600;
export const SCRAPE_SECONDS = 30;
export const GPUS = 20;
export const METRIC = "DCGM_FI_DEV_GPU_UTIL";
/** Of all series, from one replica. */
export const HISTORY_SAMPLES = (GPUS * HISTORY_HOURS * 3_600) / SCRAPE_SECONDS;

export const CLUSTER = "ml-prod";
export const OF_CLUSTER = `cluster="${CLUSTER}"`;

/** The samples of one Prometheus replica, as OpenMetrics; the second scrapes so many seconds later. */
export function historyText(secondsLater = 0): string {
  const lines = Array.from(
    { length: GPUS },
    (_, gpu) => `${METRIC}{Hostname="gpu-1",gpu="${gpu}",job="dcgm-exporter"}`,
  );
  const samples = lines.flatMap((series, gpu) =>
    Array.from({ length: HISTORY_SAMPLES / GPUS }, (_, index) => {
      const at = HISTORY_START + index * SCRAPE_SECONDS + secondsLater;
      return `${series} ${gpu + index / 1_000} ${at}`;
    }),
  );
  return `# TYPE ${METRIC} gauge\n${samples.join("\n")}\n# EOF\n`;
}

type BlockPrograms = LocalPrograms<"promtool" | "thanos">;

/** Makes blocks of two hours from OpenMetrics in a new folder, and returns it. */
export async function makeBlocks(
  programs: BlockPrograms,
  folder: string,
  text: string,
  labels: readonly string[] = [],
): Promise<string> {
  const file = programs.at(`${folder}.om`);
  await writeFile(file, text);
  const extra = labels.map((label) => `--label=${label}`);
  await programs.run("promtool", ["tsdb", "create-blocks-from", "openmetrics", ...extra, file, programs.at(folder)]);
  return programs.at(folder);
}

/** A file about a bucket that is a folder, of which the store has what is below the prefix. */
export async function bucketFile(programs: BlockPrograms, folder: string, prefix?: string): Promise<string> {
  await mkdir(programs.at(folder), { recursive: true });
  const file = programs.at(`${folder}.yaml`);
  const bucket = { type: "FILESYSTEM", config: { directory: programs.at(folder) } };
  await writeFile(file, stringify({ ...bucket, ...(prefix === undefined ? {} : { prefix }) }));
  return file;
}

/** Puts blocks into Thanos' bucket, as those of a Prometheus with these external labels. */
export const uploadBlocks = (programs: BlockPrograms, blocks: string, bucket: string, labels: Record<string, string>) =>
  programs.run("thanos", [
    ...["tools", "bucket", "upload-blocks", `--path=${blocks}`, "--shipper.upload-compacted"],
    ...Object.entries(labels).map(([name, value]) => `--label=${name}="${value}"`),
    `--objstore.config-file=${bucket}`,
  ]);

/** Copies the blocks whose labels match, in full resolution, from bucket to bucket. */
export async function copyBlocks(programs: BlockPrograms, from: string, to: string, matcher: string): Promise<void> {
  const [port] = await freePorts(1);
  await programs.run("thanos", [
    ...["tools", "bucket", "replicate", "--single-run", "--resolution=0s", "--compaction-max=99"],
    ...["--ignore-marked-for-deletion", `--matcher=${matcher}`, `--http-address=127.0.0.1:${port}`],
    ...[`--objstore.config-file=${from}`, `--objstore-to.config-file=${to}`],
  ]);
}

/** The blocks in a folder, by id, without those that are marked for deletion. */
export async function blocksIn(folder: string): Promise<string[]> {
  const blocks = (await readdir(folder)).filter((name) => /^[0-9A-Z]{26}$/.test(name)).sort();
  const files = await Promise.all(blocks.map((block) => readdir(path.join(folder, block))));
  return blocks.filter((_, index) => !files[index]?.includes("deletion-mark.json"));
}

/** How many samples the blocks of a folder say they have. */
export async function samplesIn(folder: string): Promise<number> {
  const metas = await Promise.all((await blocksIn(folder)).map((block) => metaOf(folder, block)));
  return metas.reduce((sum, { stats }) => sum + stats.numSamples, 0);
}

/** What a block says about itself, as far as stores differ in it. */
export interface BlockMeta {
  minTime: number;
  maxTime: number;
  stats: { numSamples: number };
  thanos: { labels: Record<string, string>; files: { rel_path: string; size_bytes?: number }[] };
}

export const metaFile = (folder: string, block: string): string => path.join(folder, block, "meta.json");

export async function metaOf(folder: string, block: string): Promise<BlockMeta> {
  return JSON.parse(await readFile(metaFile(folder, block), "utf8")) as BlockMeta;
}

/** Replaces the external labels of every block in a folder. */
export async function relabelBlocks(folder: string, labels: Record<string, string>): Promise<void> {
  for (const block of await blocksIn(folder)) {
    const meta = await metaOf(folder, block);
    await writeFile(metaFile(folder, block), JSON.stringify({ ...meta, thanos: { ...meta.thanos, labels } }));
  }
}

/** Writes the external label into every series of every block of a bucket. The blocks get new ids, the old ones are marked. */
export async function clusterIntoSeries(programs: BlockPrograms, folder: string, bucket: string): Promise<void> {
  const blocks = await blocksIn(programs.at(folder));
  const relabel = stringify([{ action: "replace", target_label: "cluster", replacement: CLUSTER }]);
  await programs.run("thanos", [
    ...["tools", "bucket", "rewrite", "--no-dry-run", "--delete-blocks", "--no-rewrite.add-change-log"],
    ...blocks.map((id) => `--id=${id}`),
    ...[`--rewrite.to-relabel-config=${relabel}`, `--tmp.dir=${programs.at(`${folder}-tmp`)}`],
    `--objstore.config-file=${bucket}`,
  ]);
}
