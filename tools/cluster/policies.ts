import { run } from "../toolchain/command";
import type { Daemon } from "./daemons";
import type { Layout } from "./layout";
import { inside, insideOptions } from "./namespace";
import type { Network } from "./network";

/** kube-router's mark of a packet that a policy lets through; its pod chains reject what lacks it. */
const PERMITTED = "0x10000/0x10000";
/** kube-router's mark of a packet that has passed all chains of its pods. */
const ACCEPTED = "0x20000/0x20000";

/** The process that enforces NetworkPolicies, and nothing else: routes and Services are other daemons' work. */
export function policyDaemon(target: Layout, network: Network, nodeName: string, program: string): Daemon {
  return {
    name: "kube-router",
    command: [
      program,
      "--run-firewall=true",
      "--run-router=false",
      "--run-service-proxy=false",
      `--kubeconfig=${target.kubeconfig}`,
      `--hostname-override=${nodeName}`,
      `--service-cluster-ip-range=${network.services}`,
      // It follows every change at once; a synchronisation that failed is tried again after this time.
      "--iptables-sync-period=30s",
      "--health-port=0",
    ],
  };
}

/**
 * The command that lets the host's own requests through every policy, to be run in the node's network namespace. The host is
 * the machine that the node runs on, and a node's requests to its own pods are never filtered.
 */
export function permitHost({ host }: Network): string[] {
  const match = ["--in-interface", "eth0", "--source", host];
  return ["iptables", "--table", "mangle", "--append", "FORWARD", ...match, "--jump", "MARK", "--set-xmark", PERMITTED];
}

async function rules(target: Layout, chain: string): Promise<string> {
  return run(await inside(target, ["iptables", "--wait", "--list-rules", chain]), insideOptions);
}

/**
 * Whether kube-proxy has written its chains. kube-router reads the whole filter table and writes it back, so what another
 * program adds in between is lost, and most of these chains are made only once. A later change that is lost in this way
 * decides only how a Service without endpoints refuses.
 */
export async function servicesAreRouted(target: Layout): Promise<boolean> {
  return (await rules(target, "KUBE-FORWARD")).includes("-A KUBE-FORWARD");
}

/** Whether kube-router has written all its rules once: this one is part of the same transaction as the pods' own. */
export async function policiesAreEnforced(target: Layout): Promise<boolean> {
  return (await rules(target, "KUBE-ROUTER-FORWARD")).includes(`${ACCEPTED} -j ACCEPT`);
}
