import assert from "node:assert/strict";
import type http from "node:http";
import type { AddressInfo } from "node:net";
import { signalsOf } from "../../components/gpu/signals";
import { type GpuModel, gpuModels } from "../../tools/fleet/gpu";
import { createFleetServer } from "../../tools/fleet/server";

/** What the counter file asks for. */
export const counters: Record<string, string> = Object.fromEntries(
  signalsOf("profiling").map(({ metric, type }) => [metric, type]),
);

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export function parse(exposition: string) {
  const samples: Sample[] = [];
  const types: Record<string, string> = {};
  for (const line of exposition.trimEnd().split("\n")) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type) types[type[1] ?? ""] = type[2] ?? "";
    if (line.startsWith("#")) continue;
    const [, name = "", labels = "", value = ""] = /^(\w+)\{(.*)\} (-?[0-9.]+)$/.exec(line) ?? assert.fail(line);
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]);
    samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
  }
  return { types, samples };
}

export const idOf = ({ name, labels }: Sample) =>
  `${name}${labels.health_watch === undefined ? "" : `[${labels.health_watch}]`}/${labels.hostname}/${labels.gpu}`;

/** What differs between two scrapes of the whole fleet: `METRIC/NODE/GPU` with the value after. */
export function differences(before: Map<string, Sample>, after: Map<string, Sample>): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [id, sample] of before) {
    const other = after.get(id);
    if (!other) found[id] = "gone";
    else if (JSON.stringify(other) !== JSON.stringify(sample)) found[id] = other.value;
  }
  for (const id of after.keys()) if (!before.has(id)) found[id] = "new";
  return found;
}

export const NODES = ["gpu-node-0", "gpu-node-1", "gpu-node-2"];
export const START = Date.UTC(2026, 5, 1);

/** Three nodes with four GPUs each on a free port, with a clock of their own. */
export class TestFleet {
  now = START;
  address = "";
  private server: http.Server | undefined;

  async start(model: GpuModel | undefined = gpuModels[0]): Promise<void> {
    assert.ok(model);
    this.now = START;
    const server = createFleetServer({ nodes: 3, gpusPerNode: 4, model, profile: "profiling", now: () => this.now });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.server = server;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.server?.close(resolve));
  }

  ask(path: string, method = "GET"): Promise<Response> {
    return fetch(`http://${this.address}${path}`, { method });
  }

  async askJson(path: string, method = "GET"): Promise<{ status: number; body: unknown }> {
    const response = await this.ask(path, method);
    assert.equal(response.headers.get("content-type"), "application/json");
    return { status: response.status, body: await response.json() };
  }

  /** Every sample of every node that answers 200, by `METRIC/NODE/GPU`. */
  async scrapeAll(): Promise<Map<string, Sample>> {
    const samples = new Map<string, Sample>();
    for (const node of NODES) {
      const response = await this.ask(`/nodes/${node}/metrics`);
      if (response.status !== 200) continue;
      for (const sample of parse(await response.text()).samples) samples.set(idOf(sample), sample);
    }
    return samples;
  }
}
