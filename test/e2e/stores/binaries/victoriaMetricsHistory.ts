import { execFileSync } from "node:child_process";
import { eventually } from "../../platform/eventually";
import { answerOf, freePorts, type LocalPrograms } from "./localPrograms";

/** Starts a single server in a new folder, and returns its address. */
export async function startVictoriaMetrics(
  programs: LocalPrograms<"victoria-metrics">,
  ...flags: string[]
): Promise<string> {
  const [port = 0] = await freePorts(1);
  const address = `http://127.0.0.1:${port}`;
  await programs.start(
    "victoria-metrics",
    [
      ...[`-storageDataPath=${programs.at(`victoria-metrics-${port}`)}`, "-retentionPeriod=30d"],
      ...[`-httpListenAddr=127.0.0.1:${port}`, ...flags],
    ],
    `${address}/health`,
  );
  return address;
}

/** Starts the agent before a server, as the platform has it, and returns its address. */
export async function startAgent(programs: LocalPrograms<"vmagent">, server: string): Promise<string> {
  const [port = 0] = await freePorts(1);
  const address = `http://127.0.0.1:${port}`;
  await programs.start(
    "vmagent",
    [
      ...[`-remoteWrite.url=${server}/api/v1/write`, `-remoteWrite.tmpDataPath=${programs.at(`vmagent-${port}`)}`],
      `-httpListenAddr=127.0.0.1:${port}`,
    ],
    `${address}/health`,
  );
  return address;
}

/** Imports what promtool dumped, or any OpenMetrics. */
export async function importText(agent: string, text: string, cluster: string): Promise<void> {
  await answerOf(`${agent}/api/v1/import/prometheus?extra_label=cluster=${cluster}`, { method: "POST", body: text });
}

/** Waits until a server has so many samples of a selector, and returns them. */
export const arrived = (server: string, match: string, count: number): Promise<string[]> =>
  eventually(
    `${count} samples`,
    () => exported(server, match),
    (samples) => samples.length >= count,
  );

/** The samples of a selector as lines of Prometheus' text format. With deduplication they are what is left by it. */
export async function exported(address: string, match: string): Promise<string[]> {
  // What was just written is searched only after a while.
  await answerOf(`${address}/internal/force_flush`);
  const body = new URLSearchParams({ "match[]": match, format: "prometheus" });
  const text = await answerOf(`${address}/api/v1/export`, { method: "POST", body });
  return text.split("\n").filter((line) => line !== "");
}

/** The awk program of docs/moving.md: OpenMetrics has seconds where the export has milliseconds. */
export const TO_OPENMETRICS =
  '{ at = $NF; sub(/ [0-9]+$/, ""); printf "%s %.3f\\n", $0, at / 1000 } END { print "# EOF" }';

export const toOpenMetrics = (lines: readonly string[]): string =>
  execFileSync("awk", [TO_OPENMETRICS], { input: `${lines.join("\n")}\n`, encoding: "utf8", maxBuffer: 2 ** 28 });
