import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { UserError } from "../../tools/cli/errors";
import { run } from "../../tools/toolchain/command";
import { download, Network, publishedDigest } from "../../tools/toolchain/download";

const sha = (algorithm: string, data: Buffer | string) => createHash(algorithm).update(data).digest("hex");

describe("download of a tool", () => {
  let folder: string;
  let target: string;
  let server: http.Server;
  let base: string;
  let files: Record<string, Buffer | string>;
  let requests: string[];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "download-test-"));
    target = path.join(folder, "bin", "tool-1.2.3");
    files = {};
    requests = [];
    server = http.createServer((request, response) => {
      requests.push(request.url ?? "");
      const content = files[request.url ?? ""];
      response.writeHead(content === undefined ? 404 : 200).end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  const leftovers = () => readdir(path.dirname(target)).catch(() => []);
  const get = (where: { url: string; checksumUrl: string; member?: string }, network = new Network()) =>
    download(where, target, network, () => {});

  it("takes a program out of an archive with the published checksum", async () => {
    await mkdir(path.join(folder, "pack/tool-1.2.3"), { recursive: true });
    await writeFile(path.join(folder, "pack/tool-1.2.3/tool"), "the program");
    await writeFile(path.join(folder, "pack/tool-1.2.3/other"), "not this");
    const archive = path.join(folder, "tool.tar.gz");
    await run(["tar", "--create", "--gzip", "--file", archive, "--directory", path.join(folder, "pack"), "tool-1.2.3"]);
    files["/tool.tar.gz"] = await readFile(archive);
    files["/sums.txt"] = `${sha("sha256", "x")}  else.tar.gz\n${sha("sha256", files["/tool.tar.gz"])}  tool.tar.gz\n`;
    const where = { url: `${base}/tool.tar.gz`, checksumUrl: `${base}/sums.txt`, member: "tool-1.2.3/tool" };
    assert.equal(await get(where), true);
    assert.equal(await readFile(target, "utf8"), "the program");
    assert.equal((await stat(target)).mode & 0o777, 0o755);
    assert.deepEqual(await leftovers(), ["tool-1.2.3"]);
  });

  it("takes a plain program whose checksum file is a SHA-512 and nothing else", async () => {
    files["/tool"] = "the program";
    files["/tool.sha512"] = sha("sha512", "the program");
    assert.equal(await get({ url: `${base}/tool`, checksumUrl: `${base}/tool.sha512` }), true);
    assert.equal(await readFile(target, "utf8"), "the program");
  });

  it("refuses a wrong checksum and leaves no file", async () => {
    files["/tool"] = "tampered";
    files["/sums"] = `${sha("sha256", "the program")}  tool`;
    await assert.rejects(get({ url: `${base}/tool`, checksumUrl: `${base}/sums` }), (error: unknown) => {
      assert.ok(error instanceof UserError);
      const [actual, wanted] = [sha("sha256", "tampered"), sha("sha256", "the program")];
      assert.equal(error.message, `${base}/tool has the wrong checksum: ${actual} instead of ${wanted}`);
      return true;
    });
    assert.deepEqual(await leftovers(), []);
  });

  it("is not used when the release, its checksum file or its line in it is missing", async () => {
    const where = { url: `${base}/tool`, checksumUrl: `${base}/sums` };
    const network = new Network();
    assert.equal(await get(where, network), false);
    files["/sums"] = `${sha("sha256", "the program")}  tool`;
    assert.equal(await get(where, network), false);
    files["/tool"] = "the program";
    files["/sums"] = `${sha("sha256", "the program")}  other\n${sha("sha256", "the program")}  another`;
    assert.equal(await get(where, network), false);
    assert.equal(network.closed, false);
    assert.deepEqual(await leftovers(), []);
  });

  it("asks no second time in a network that did not answer", async () => {
    const network = new Network();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await get({ url: `${base}/tool`, checksumUrl: `${base}/sums` }, network), false);
    assert.equal(network.closed, true);
    const other = http.createServer((request, response) => {
      requests.push(request.url ?? "");
      response.end("never asked");
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    assert.equal(await network.open(`http://127.0.0.1:${(other.address() as AddressInfo).port}/tool`), undefined);
    assert.deepEqual(requests, []);
    other.close();
  });

  const digest = sha("sha256", "a");
  for (const [title, text, expected] of [
    ["a line of sha256sum", `${digest}  tool.tgz\n`, digest],
    ["a line in binary mode", `${digest} *tool.tgz\n`, digest],
    ["a line with a path", `${digest}  ./tool.tgz\n`, digest],
    ["upper case", `${digest.toUpperCase()}  tool.tgz`, digest],
    ["only a digest", `${digest}\n`, digest],
    ["another file", `${digest}  mytool.tgz\n`, undefined],
    ["an error page", "<html>Not Found</html>", undefined],
    ["a truncated digest", `${digest.slice(1)}  tool.tgz`, undefined],
  ] as const) {
    it(`reads ${title}`, () => assert.equal(publishedDigest(text, "tool.tgz"), expected));
  }
});
