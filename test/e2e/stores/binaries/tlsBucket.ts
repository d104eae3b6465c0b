import { mkdir, readFile } from "node:fs/promises";
import net from "node:net";
import tls from "node:tls";
import { freePorts, type LocalPrograms } from "./localPrograms";

const LOOPBACK = "127.0.0.1";

/**
 * An S3 server with an empty bucket `metrics`, and TLS before it: the request for its readiness trusts no certificate of ours. The
 * certificate as text, its key as a file.
 */
export async function startTlsS3(
  programs: LocalPrograms<"versitygw">,
  { pem, key }: { pem: string; key: string },
  keys: { accessKeyId: string; secretAccessKey: string },
): Promise<{ address: string; close: () => void }> {
  const [port = 0] = await freePorts(1);
  await mkdir(programs.at("objects", "metrics"), { recursive: true });
  await mkdir(programs.at("metadata"));
  const folders = ["posix", "--sidecar", programs.at("metadata"), programs.at("objects")];
  await programs.start(
    "versitygw",
    ["--port", `${LOOPBACK}:${port}`, "--quiet", "--health", "/health", ...folders],
    `http://${LOOPBACK}:${port}/health`,
    { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey },
  );
  const proxy = tls.createServer({ cert: pem, key: await readFile(key) }, (socket) => {
    const upstream = net.connect(port, LOOPBACK);
    socket.on("error", () => upstream.destroy());
    upstream.on("error", () => socket.destroy());
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((done) => proxy.listen(0, LOOPBACK, done));
  return { address: `${LOOPBACK}:${(proxy.address() as net.AddressInfo).port}`, close: () => proxy.close() };
}
