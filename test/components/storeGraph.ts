import * as pulumi from "@pulumi/pulumi";
import { createProvider, type LongTermStore, type StoreContract, storeOf } from "../../components";
import { imagesOf } from "../../stacks/images";
import type { CustomResourceContext } from "../../stacks/parts/context";
import { parseSettings } from "../../stacks/settings";
import { type Graph, graphOf } from "../harness";
import { stackSettings } from "./platformProgram";

/** An S3 server with keys and certificates of its own. */
export const s3Bucket = {
  name: "metrics",
  endpoint: "s3.example.com:9000",
  credentials: { kind: "keys", accessKeyId: "the-id", secretAccessKey: "the-key-4711" },
  caCertificate: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
};

/** The settings of production around a store. */
export function settingsAround(over: object = {}) {
  const parsed = parseSettings({ ...stackSettings("prod"), ...over });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.settings;
}

/** A store alone under mocks, and what it offers. */
export async function storeGraph<Store extends LongTermStore>(
  create: (context: CustomResourceContext) => Store,
  outputs: (store: Store, contract: StoreContract) => pulumi.Inputs,
  preview = false,
): Promise<{ graph: Graph; contract: StoreContract }> {
  const contracts: StoreContract[] = [];
  const settings = settingsAround();
  const program = () => {
    const store = create({
      settings,
      images: imagesOf(settings.images),
      namespace: pulumi.output(settings.namespace),
      nodesNamespace: pulumi.output("nodes"),
      clusterScopedPrefix: settings.namespace,
      provider: createProvider("kubernetes", { kubeconfigPath: "none", context: "none" }),
      operator: [],
    });
    const contract = storeOf(store);
    contracts.push(contract);
    return outputs(store, contract);
  };
  const graph = await graphOf(program, { preview });
  const [contract] = contracts;
  if (contract === undefined) throw new Error("the store was not made");
  return { graph, contract };
}
