import { z } from "zod";
import type { Presets } from "./environment";
import { cidr, dnsLabel, wholeNumber } from "./fields";

const cidrs = (what: string) => z.array(cidr()).min(1, { error: "must have at least one range" }).describe(what);

const clientSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("namespace"), name: dnsLabel().describe("Every pod of it.") }),
  z.strictObject({
    kind: z.literal("addresses"),
    cidr: cidr().describe("Addresses, of pods or of the world outside."),
  }),
]);

/** What may talk to whom. */
export const networkSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("defaultDeny"),
    clients: z.array(clientSchema).describe("Who may query, and use the web pages of Prometheus and Alertmanager."),
    apiServer: z.strictObject({
      cidrs: cidrs(
        "Addresses of the API server: its endpoints, and on EKS also that of its Service, which the VPC CNI compares.",
      ),
      ports: z
        .array(wholeNumber(1, 65_535))
        .min(1, { error: "must have at least one port" })
        .describe("Its ports there."),
    }),
    nodes: cidrs("Addresses of the nodes, whose kubelets and exporters Prometheus scrapes."),
    objectStorage: z.strictObject({
      cidrs: cidrs(
        "Addresses that long-term stores and sidecars may call: those of the S3 API and, with credentials role, of STS in the region, which gives them their keys.",
      ),
      ports: z
        .array(wholeNumber(1, 65_535))
        .min(1, { error: "must have at least one port" })
        .describe(
          "The ports there; STS has 443. Pods with EKS Pod Identity also reach its agent on the node, those with the node's role the instance metadata.",
        ),
    }),
    receivers: z.strictObject({
      cidrs: cidrs("Addresses that Alertmanager may post to."),
      ports: z
        .array(wholeNumber(1, 65_535))
        .min(1, { error: "must have at least one port" })
        .describe("The ports there."),
    }),
  }),
  z.strictObject({ kind: z.literal("open") }).describe("No policies: every pod of the cluster can reach every port."),
]);

export type NetworkSettings = z.output<typeof networkSchema>;

const anywhere = "0.0.0.0/0";

const closed = {
  kind: "defaultDeny",
  clients: [],
  // EKS' endpoints listen on 443, most other clusters' on 6443.
  apiServer: { cidrs: [anywhere], ports: [443, 6443] },
  nodes: [anywhere],
  objectStorage: { cidrs: [anywhere], ports: [443] },
  receivers: { cidrs: [anywhere], ports: [443] },
};

export const networkPresets: Presets = {
  // The machine that the cluster runs on is its only client.
  local: { ...closed, clients: [{ kind: "addresses", cidr: anywhere }] },
  development: closed,
  production: closed,
};
