import { EDGES, type PolicyPort, portsInWords } from "../../components/network/networkPolicies";
import { isPlainObject } from "../engine";
import type { Manifest } from "./manifests";

/** One way through the network that a policy leaves open. */
export interface NetworkRow {
  from: string;
  to: string;
  ports: string;
  /** What the policy's author wrote; empty where the rule was changed by a patch. */
  why: string;
}

/** What the network policies of a plan leave open, and where everything else is denied. */
export interface NetworkTable {
  /** Namespaces in which a pod without a policy can neither call nor be called. */
  denied: string[];
  rows: NetworkRow[];
}

type Tree = Record<string, unknown>;

const tree = (value: unknown): Tree => (isPlainObject(value) ? value : {});
const list = (value: unknown): Tree[] => (Array.isArray(value) ? value.map(tree) : []);
const labels = (selector: unknown) =>
  Object.entries(tree(tree(selector).matchLabels))
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",");

interface Policy {
  name: string;
  pods: string;
  spec: Tree;
  /** By direction, in the order of the rules. */
  words: Record<"from" | "to", ({ name: string; why: string } | undefined)[]>;
}

const WORDS = /^(?<direction>from|to) (?<name>.+) on (?<ports>[^:]+): (?<why>.+)$/;

const portsOf = (rule: Tree) => portsInWords(list(rule.ports) as unknown as PolicyPort[]);

function policyOf({ object }: Manifest): Policy {
  const spec = tree(object.spec);
  const text = tree(object.metadata.annotations)[EDGES];
  const lines = typeof text === "string" ? text.split("\n").map((line) => WORDS.exec(line)?.groups ?? {}) : [];
  const words = (direction: "from" | "to", rules: unknown) => {
    const found = lines.filter((line) => line.direction === direction);
    return list(rules).map((rule, index) => {
      const { name = "", why = "", ports } = found[index] ?? {};
      // Otherwise the rule is not the one that the words are about: a patch changed it.
      return found.length === list(rules).length && ports === portsOf(rule) ? { name, why } : undefined;
    });
  };
  return {
    name: object.metadata.name ?? "",
    pods: labels(spec.podSelector),
    spec,
    words: { from: words("from", spec.ingress), to: words("to", spec.egress) },
  };
}

/** The peer in words of its selectors: the truth of the rule, whatever it is called. */
function selected(peer: Tree, policies: readonly Policy[]): { member?: string; text: string } {
  const block = tree(peer.ipBlock).cidr;
  if (typeof block === "string") return { text: block };
  const [namespaces, pods] = [labels(peer.namespaceSelector), labels(peer.podSelector)];
  const member = namespaces === "" ? policies.find((policy) => policy.pods === pods)?.name : undefined;
  const place = namespaces.replace(/^kubernetes\.io\/metadata\.name=/, "namespace ");
  return { ...(member === undefined ? {} : { member }), text: [place, pods].filter(Boolean).join(", ") || "every pod" };
}

function party(rule: Tree, direction: "from" | "to", words: string | undefined, policies: readonly Policy[]) {
  const peers = list(rule[direction]).map((peer) => selected(peer, policies));
  const [only] = peers;
  if (peers.length === 1 && only?.member !== undefined) return { name: only.member, isMember: true };
  const text = peers.map((peer) => peer.member ?? peer.text).join("; ") || "everybody";
  return { name: words === undefined || words === text ? text : `${words} (${text})`, isMember: false };
}

/** Reads the table off the policies themselves, so that it shows what a cluster would enforce. */
export function networkTable(manifests: readonly Manifest[]): NetworkTable {
  const objects = manifests.filter(({ object }) => object.kind === "NetworkPolicy");
  // Without a single rule: only the policy that denies the rest is such a one.
  const isDenial = ({ object }: Manifest) => !("ingress" in tree(object.spec)) && !("egress" in tree(object.spec));
  const policies = objects.filter((manifest) => !isDenial(manifest)).map(policyOf);
  const rows = policies.flatMap((policy) => [
    ...list(policy.spec.ingress).flatMap((rule, index) => {
      const words = policy.words.from[index];
      const from = party(rule, "from", words?.name, policies);
      // The caller's own policy has the same way as an outgoing one.
      return from.isMember ? [] : [{ from: from.name, to: policy.name, ports: portsOf(rule), why: words?.why ?? "" }];
    }),
    ...list(policy.spec.egress).map((rule, index) => {
      const words = policy.words.to[index];
      const to = party(rule, "to", words?.name, policies);
      return { from: policy.name, to: to.name, ports: portsOf(rule), why: words?.why ?? "" };
    }),
  ]);
  return { denied: objects.filter(isDenial).map(({ object }) => object.metadata.namespace ?? "default"), rows };
}
