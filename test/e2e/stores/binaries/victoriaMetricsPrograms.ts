import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { Secret } from "../../../../tools/engine/values";
import type { Graph } from "../../../harness";

/** The arguments of production, with other addresses, paths and sizes: exactly those that are named. */
export function rewritten(args: readonly string[], over: Record<string, string>): string[] {
  const left = new Set(Object.keys(over));
  const result = args.map((arg) => {
    const name = /^-([^=]+)/.exec(arg)?.[1] ?? "";
    if (over[name] === undefined) return arg;
    left.delete(name);
    return `-${name}=${over[name]}`;
  });
  assert.deepEqual([...left], [], "production has no such argument");
  return result;
}

/** A server that keeps what it was asked. */
export async function listener(): Promise<{
  url: string;
  asked: { url: string; body: string }[];
  server: http.Server;
}> {
  const asked: { url: string; body: string }[] = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      asked.push({ url: request.url ?? "", body });
      response.end("{}");
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

/** The status of a request whose path is sent as it is. */
export const statusOf = (port: number, path: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const request = http.get({ host: "127.0.0.1", port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("error", reject);
  });

/** What the Secret of the backups holds. */
export function credentials(graph: Graph): string {
  const { stringData } = graph.one("kubernetes:core/v1:Secret", "vmbackup-keys").inputs;
  const open = stringData instanceof Secret ? stringData.value : stringData;
  const content = (open as Record<string, unknown>).credentials;
  return String(content instanceof Secret ? content.value : content);
}
