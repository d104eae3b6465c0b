import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../cli/errors";
import { CommandError, run } from "../toolchain/command";
import type { Layout } from "./layout";
import { permitHost } from "./policies";

/** The addresses of one cluster: a /16 of its own, which the host reaches through one link. */
export interface Network {
  /** The whole range, e.g. `10.87.0.0/16`. */
  range: string;
  pods: string;
  services: string;
  /** The API server's Service. */
  apiService: string;
  dns: string;
  /** The host's end of the link: pods reach the host under it. */
  host: string;
  /** The node, and the API server on port 6443. */
  node: string;
  /** The host's network device. */
  link: string;
}

/** Ranges to try, in order; 198.18.0.0/15 is reserved for tests and stays free where a VPN routes all of 10.0.0.0/8. */
const RANGES = [...Array.from({ length: 40 }, (_, index) => `10.${87 + index}`), ...["198.18", "198.19"]] as const;

/** The layout of a range inside itself: pods in the first half, Services in the third quarter, the link at the end. */
export function networkOf(prefix: string): Network {
  return {
    range: `${prefix}.0.0/16`,
    pods: `${prefix}.0.0/17`,
    services: `${prefix}.128.0/18`,
    apiService: `${prefix}.128.1`,
    dns: `${prefix}.128.10`,
    host: `${prefix}.255.1`,
    node: `${prefix}.255.2`,
    // At most 15 characters. Two clusters that want the same range want the same name, and only one can have it.
    link: `gpuobs${prefix.replace(".", "-")}`,
  };
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** Whether two ranges in CIDR notation share an address; a range without a length is one address. */
export function overlaps(left: string, right: string): boolean {
  const [leftAddress = "", leftLength = "32"] = left.split("/");
  const [rightAddress = "", rightLength = "32"] = right.split("/");
  const size = 2 ** (32 - Math.min(Number(leftLength), Number(rightLength)));
  return Math.floor(toNumber(leftAddress) / size) === Math.floor(toNumber(rightAddress) / size);
}

/** The first networks that share no address with `routes` (destinations of `ip route`, `default` among them). */
export function freeNetworks(routes: readonly string[]): Network[] {
  const taken = routes.filter((route) => /^[\d.]+(\/\d+)?$/.test(route));
  return RANGES.map(networkOf).filter(({ range }) => !taken.some((route) => overlaps(range, route)));
}

/** Connects the host with the cluster whose first process is `init`, over a range that nothing on the host uses. */
export async function connect(target: Layout, init: number): Promise<Network> {
  const routes = JSON.parse(await run(["ip", "-json", "-4", "route", "show", "table", "all"])) as { dst: string }[];
  for (const network of freeNetworks(routes.map(({ dst }) => dst))) {
    const { link } = network;
    try {
      await run(["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", String(init)]);
    } catch (error) {
      if (error instanceof CommandError && /File exists/.test(error.output)) continue;
      throw error;
    }
    const node = ["nsenter", "--target", String(init), "--net", "--"];
    await run(["ip", "link", "set", link, "alias", target.linkAlias]);
    await run(["ip", "address", "add", `${network.host}/30`, "dev", link]);
    await run(["ip", "link", "set", link, "up"]);
    await run([...node, "ip", "address", "add", `${network.node}/30`, "dev", "eth0"]);
    await run([...node, "ip", "link", "set", "eth0", "up"]);
    await run([...node, ...permitHost(network)]);
    await run(["ip", "route", "add", network.range, "via", network.node, "dev", link]);
    return network;
  }
  throw new UserError(
    `no free network for the cluster: this machine has routes into every range from ${RANGES[0]}.0.0/16 to 198.19.0.0/16`,
    "leave the VPN, or use an existing cluster: npm run local -- --context NAME",
  );
}

/** Whether a network device of the cluster exists on the host. */
export async function linkExists({ linkAlias }: Layout): Promise<boolean> {
  const links = JSON.parse(await run(["ip", "-json", "link", "show"])) as { ifalias?: string }[];
  return links.some(({ ifalias }) => ifalias === linkAlias);
}

/** Waits until the kernel has taken the link away, which it does after the last process of the namespace has ended. */
export async function waitForDisconnect(target: Layout): Promise<void> {
  while (await linkExists(target)) await sleep(20);
}
