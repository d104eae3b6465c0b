import { type ApiClient, ApiError } from "./apiClient";
import { at, listAt, textAt } from "./json";
import type { ObjectType } from "./typeTokens";

/** How the API server serves a kind. */
export interface ServedKind {
  plural: string;
  namespaced: boolean;
}

/** Which kinds an API server serves, read once per group and version, and again after a miss. */
export class Discovery {
  readonly #api: ApiClient;
  readonly #groups = new Map<string, Promise<Map<string, ServedKind>>>();

  constructor(api: ApiClient) {
    this.#api = api;
  }

  async find(type: ObjectType): Promise<ServedKind | undefined> {
    const known = this.#groups.get(type.apiVersion);
    const found = (await known)?.get(type.kind);
    if (found) return found;
    const fresh = this.#read(type);
    this.#groups.set(type.apiVersion, fresh);
    fresh.catch(() => this.#groups.delete(type.apiVersion));
    return (await fresh).get(type.kind);
  }

  /** Where objects of that kind live; a name is added for one object. */
  path(type: ObjectType, served: ServedKind, namespace: string | undefined, name: string): string {
    const scope = served.namespaced ? `/namespaces/${encodeURIComponent(namespace ?? "default")}` : "";
    return `${groupPath(type)}${scope}/${served.plural}/${encodeURIComponent(name)}`;
  }

  async #read(type: ObjectType): Promise<Map<string, ServedKind>> {
    try {
      const list = await this.#api.request("GET", groupPath(type));
      // Subresources ("deployments/scale") repeat kinds under names that hold a slash.
      const kinds = listAt(list, "resources").filter((item) => !textAt(item, "name")?.includes("/"));
      return new Map(
        kinds.map((item) => [
          textAt(item, "kind") ?? "",
          { plural: textAt(item, "name") ?? "", namespaced: at(item, "namespaced") === true },
        ]),
      );
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return new Map();
      throw error;
    }
  }
}

function groupPath(type: ObjectType): string {
  return type.group === "" ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
}
