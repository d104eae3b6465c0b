import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../cli/errors";
import { replaceJson } from "../cli/jsonFile";
import type { Progress } from "../cli/progress";
import { findTools } from "../toolchain";
import { run } from "../toolchain/command";
import { systemPrograms } from "../toolchain/packages";
import { type Api, ApiError, connectApi } from "./api";
import { createCertificates } from "./certificates";
import { createCgroups } from "./cgroups";
import { PAUSE_IMAGE, writeConfiguration } from "./configuration";
import { corednsObjects } from "./coredns";
import { clusterTools, type Daemon, firstDaemons, secondDaemons } from "./daemons";
import { importMissing } from "./images";
import type { Layout } from "./layout";
import { createNamespaces, inside, insideOptions, missingDaemons, startDaemon } from "./namespace";
import { connect } from "./network";
import { policiesAreEnforced, policyDaemon, servicesAreRouted } from "./policies";

const START_TIMEOUT_MS = 300_000;

/** Waits until `ready`; fails with the last lines of a daemon's log as soon as that daemon has ended. */
async function waitFor(
  target: Layout,
  what: string,
  daemons: readonly string[],
  ready: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let suspect: string | undefined;
  let reason = "";
  const attempt = () =>
    ready().catch((error: Error) => {
      reason = `: ${error.message}`;
      return false;
    });
  while (!(await attempt())) {
    const [dead] = await missingDaemons(target, daemons);
    // Seen twice, because a process has no command line for a moment while the kernel loads its program.
    if (dead && dead === suspect) {
      const file = path.join(target.logs, `${dead}.log`);
      const lines = (await readFile(file, "utf8").catch(() => "")).trim().split("\n").slice(-8).join("\n  ");
      throw new UserError(`${dead} ended while the cluster started:\n  ${lines}`, `read the whole log: ${file}`);
    }
    suspect = dead;
    if (Date.now() > deadline) {
      throw new UserError(
        `${what} took longer than ${START_TIMEOUT_MS / 1000} s${reason}`,
        `read the logs in ${target.logs}`,
      );
    }
    await sleep(100);
  }
}

async function startAll(target: Layout, daemons: readonly Daemon[]): Promise<void> {
  await Promise.all(daemons.map(({ name, command }) => startDaemon(target, name, command)));
}

interface Conditions {
  status?: { conditions?: { type: string; status: string }[] };
}

/** Whether an object's condition of that type is `True`. */
async function hasCondition(api: Api, objectPath: string, type: string): Promise<boolean> {
  const { status } = await api.get<Conditions>(objectPath);
  return status?.conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

/** The node's own state, as the API server tells it. */
export function nodeIsReady(api: Api, nodeName: string): Promise<boolean> {
  return hasCondition(api, `/api/v1/nodes/${nodeName}`, "Ready");
}

/** Starts a cluster on a clean slate. */
export async function start(target: Layout, nodeName: string, progress: Progress): Promise<void> {
  const programs = await systemPrograms(progress);
  const tools = await findTools(clusterTools, progress);
  await progress.step(`starting Kubernetes ${tools.kubelet.version}`, async (report) => {
    report("making its namespaces");
    await Promise.all([target.state, target.data].map((folder) => mkdir(folder, { recursive: true, mode: 0o700 })));
    await createCgroups(target);
    const network = await connect(target, await createNamespaces(target, nodeName));
    await createCertificates(target, network, nodeName);
    await writeConfiguration(target, network, nodeName, programs.cniPlugins);

    report("control plane");
    const first = firstDaemons(target, network, tools);
    await startAll(target, first);
    const coredns = `registry.k8s.io/coredns/coredns:v${tools.coredns.version}`;
    const images = (async () => {
      const ctr = await inside(target, ["ctr", "version"]);
      await waitFor(target, "the start of containerd", ["containerd"], async () =>
        Boolean(await run(ctr, insideOptions)),
      );
      await importMissing(
        target,
        [
          {
            reference: PAUSE_IMAGE,
            entrypoint: ["/bin/busybox", "sleep", "2147483647"],
            files: [{ source: programs.busybox, target: "/bin/busybox" }],
          },
          {
            reference: coredns,
            entrypoint: ["/coredns"],
            files: [{ source: tools.coredns.path, target: "/coredns" }],
          },
        ],
        () => {},
      );
    })();
    // Awaited below; when something else fails first, this must not end the process without a word.
    images.catch(() => {});
    const api = await connectApi(target);
    try {
      const running = first.map(({ name }) => name);
      await waitFor(target, "the start of the API server", running, async () => {
        await api.getText("/readyz").catch((error: unknown) => {
          if (!(error instanceof ApiError)) throw error;
        });
        return true;
      });
      report("node and DNS");
      const second = secondDaemons(target, network, nodeName, tools);
      await startAll(target, second);
      await waitFor(target, "the API server", running, async () => (await api.getText("/readyz")) === "ok");
      for (const { path: apiPath, object } of corednsObjects(network, coredns)) await api.apply(apiPath, object);
      await images;
      const all = [...running, ...second.map(({ name }) => name)];
      await waitFor(target, "the start of the node", all, () => nodeIsReady(api, nodeName));
      await waitFor(target, "the start of kube-proxy", all, () => servicesAreRouted(target));
      // It gives up when the API server does not know its node.
      const policies = policyDaemon(target, network, nodeName, tools["kube-router"].path);
      await startAll(target, [policies]);
      all.push(policies.name);
      const deployment = "/apis/apps/v1/namespaces/kube-system/deployments/coredns";
      await waitFor(target, "the start of DNS", all, () => hasCondition(api, deployment, "Available"));
      // Pods in this namespace are refused until the controller has made it.
      const account = "/api/v1/namespaces/default/serviceaccounts/default";
      await waitFor(target, "the default service account", all, async () => Boolean(await api.get(account)));
      await waitFor(target, "the enforcement of network policies", all, () => policiesAreEnforced(target));
    } finally {
      api.close();
    }
    await replaceJson(target.record, { nodeNames: [nodeName], network });
    report("");
  });
}
