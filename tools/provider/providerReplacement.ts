import { connect } from "./apiClient";
import type { JsonObject } from "./json";
import { parseProviderOptions } from "./providerOptions";

/**
 * The provider properties whose change means another cluster, so that everything is made anew there: `clusterIdentifier`
 * when one is given, else the address behind the kubeconfig.
 */
export async function providerReplacements(old: JsonObject, next: JsonObject): Promise<string[]> {
  if (old.clusterIdentifier !== undefined || next.clusterIdentifier !== undefined) {
    return old.clusterIdentifier === next.clusterIdentifier ? [] : ["clusterIdentifier"];
  }
  const where = ["kubeconfig", "context", "cluster"].filter((key) => old[key] !== next[key]);
  if (where.length === 0) return [];
  const [before, now] = await Promise.all([server(old), server(next)]);
  // An old kubeconfig that cannot be read any more says nothing; keeping the objects is the harmless choice.
  return before === undefined || before === now ? [] : where;
}

async function server(properties: JsonObject): Promise<string | undefined> {
  try {
    const api = await connect(parseProviderOptions(properties).options);
    return api.server.href;
  } catch {
    return undefined;
  }
}
