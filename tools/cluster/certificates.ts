import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "../toolchain/command";
import type { Layout } from "./layout";
import type { Network } from "./network";

/** As long as a throwaway cluster can reasonably stay up. */
const DAYS = "365";

const newKey = (file: string) => [
  "-newkey",
  "ec",
  "-pkeyopt",
  "ec_paramgen_curve:prime256v1",
  "-nodes",
  "-keyout",
  file,
];

async function certificate(folder: string, name: string, subject: string, names: readonly string[]): Promise<void> {
  const request = path.join(folder, `${name}.csr`);
  const extensions = path.join(folder, `${name}.ext`);
  await writeFile(extensions, `subjectAltName=${names.join(",")}\nextendedKeyUsage=clientAuth,serverAuth\n`);
  await run(["openssl", "req", ...newKey(path.join(folder, `${name}.key`)), "-out", request, "-subj", subject]);
  await run([
    ...["openssl", "x509", "-req", "-in", request, "-days", DAYS, "-extfile", extensions],
    ...["-CA", path.join(folder, "ca.crt"), "-CAkey", path.join(folder, "ca.key"), "-CAcreateserial"],
    // One serial file each: the certificates are made at the same time.
    ...["-CAserial", path.join(folder, `${name}.srl`), "-out", path.join(folder, `${name}.crt`)],
  ]);
}

async function kubeconfig(folder: string, user: string, network: Network, file: string): Promise<void> {
  const base64 = async (name: string) => (await readFile(path.join(folder, name))).toString("base64");
  const content = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "local",
        cluster: {
          server: `https://${network.node}:6443`,
          "certificate-authority-data": await base64("ca.crt"),
        },
      },
    ],
    users: [
      {
        name: user,
        user: {
          "client-certificate-data": await base64(`${user}.crt`),
          "client-key-data": await base64(`${user}.key`),
        },
      },
    ],
    contexts: [{ name: "local", context: { cluster: "local", user } }],
    "current-context": "local",
  };
  await writeFile(file, JSON.stringify(content, undefined, 2), { mode: 0o600 });
}

/** Makes the cluster's certificate authority, the certificates and the kubeconfigs `kubeconfig` and `kubelet.kubeconfig`. */
export async function createCertificates(target: Layout, network: Network, nodeName: string): Promise<void> {
  const folder = target.state;
  const serviceAccountKey = path.join(folder, "service-account.key");
  await Promise.all([
    run([
      ...["openssl", "req", "-x509", ...newKey(path.join(folder, "ca.key")), "-out", path.join(folder, "ca.crt")],
      ...["-subj", `/CN=${target.cgroup}`, "-days", DAYS],
    ]),
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", serviceAccountKey]),
  ]);
  const apiNames = ["DNS:kubernetes.default.svc", "DNS:kubernetes.default", "DNS:kubernetes", "DNS:localhost"];
  const apiAddresses = ["IP:127.0.0.1", `IP:${network.apiService}`, `IP:${network.node}`];
  await Promise.all([
    run(["openssl", "ec", "-in", serviceAccountKey, "-pubout", "-out", path.join(folder, "service-account.pub")]),
    certificate(folder, "api", "/CN=kube-apiserver", [...apiNames, ...apiAddresses]),
    certificate(folder, "admin", "/O=system:masters/CN=admin", ["DNS:admin"]),
    certificate(folder, "kubelet", `/O=system:nodes/CN=system:node:${nodeName}`, [
      `DNS:${nodeName}`,
      `IP:${network.node}`,
    ]),
  ]);
  await kubeconfig(folder, "admin", network, target.kubeconfig);
  await kubeconfig(folder, "kubelet", network, path.join(folder, "kubelet.kubeconfig"));
}
