import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { Properties } from "./values";

/** The resource options that change what the engine does. Absent means: not set by the program. */
export interface RecordedOptions {
  /** URNs that must exist before: `dependsOn` and everything whose outputs the inputs use. */
  dependencies: string[];
  protect?: boolean;
  retainOnDelete?: boolean;
  deleteBeforeReplace?: boolean;
  /** Old URNs, or `type=…,name=…,parent=…` of what changed. */
  aliases?: string[];
  ignoreChanges?: string[];
  replaceOnChanges?: string[];
  additionalSecretOutputs?: string[];
  customTimeouts?: { create?: string; update?: string; delete?: string };
  deletedWith?: string;
  import?: string;
  version?: string;
}

/** One registration, as the real engine would have received it. */
export interface RecordedResource {
  /** With the types of all parents, as in the state: `urn:pulumi:STACK::PROJECT::A$B$C::NAME`. */
  urn: string;
  type: string;
  name: string;
  /** `null` only for the stack itself. */
  parent: string | null;
  /** False for components, which exist in the state only. */
  custom: boolean;
  /** True when the program looked up an existing object instead of declaring one. */
  read: boolean;
  /** URN of the explicit provider; `null` means Pulumi's default provider, or none for a component. */
  provider: string | null;
  options: RecordedOptions;
  inputs: Properties;
  /** What a component passed to `registerOutputs`; empty for everything else. */
  outputs: Properties;
}

function present<T>(name: keyof RecordedOptions, value: T[]): { [key: string]: T[] } {
  return value.length > 0 ? { [name]: value } : {};
}

function aliases(request: RegisterResourceRequest): string[] {
  return request.getAliasesList().map((alias) => {
    const spec = alias.getSpec();
    if (!spec) return alias.getUrn();
    const parts = {
      type: spec.getType(),
      name: spec.getName(),
      stack: spec.getStack(),
      project: spec.getProject(),
      parent: spec.getNoparent() ? "none" : spec.getParenturn(),
    };
    return Object.entries(parts)
      .filter(([, value]) => value !== "")
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
  });
}

function timeouts(request: RegisterResourceRequest): Pick<RecordedOptions, "customTimeouts"> {
  const message = request.getCustomtimeouts();
  const set = Object.entries({
    create: message?.getCreate(),
    update: message?.getUpdate(),
    delete: message?.getDelete(),
  }).filter(([, value]) => value);
  return set.length > 0 ? { customTimeouts: Object.fromEntries(set) } : {};
}

/** The options of a registration, without those that the program left alone. */
export function recordedOptions(request: RegisterResourceRequest): RecordedOptions {
  return {
    dependencies: request.getDependenciesList().sort(),
    ...(request.hasProtect() ? { protect: request.getProtect() === true } : {}),
    ...(request.hasRetainondelete() ? { retainOnDelete: request.getRetainondelete() === true } : {}),
    ...(request.getDeletebeforereplacedefined() ? { deleteBeforeReplace: request.getDeletebeforereplace() } : {}),
    ...present("aliases", aliases(request)),
    ...present("ignoreChanges", request.getIgnorechangesList()),
    ...present("replaceOnChanges", request.getReplaceonchangesList()),
    ...present("additionalSecretOutputs", request.getAdditionalsecretoutputsList()),
    ...timeouts(request),
    ...(request.getDeletedwith() ? { deletedWith: request.getDeletedwith() } : {}),
    ...(request.getImportid() ? { import: request.getImportid() } : {}),
    ...(request.getVersion() ? { version: request.getVersion() } : {}),
  };
}
