import * as pulumi from "@pulumi/pulumi";
import { closest } from "fastest-levenshtein";
import { SettingsError } from "./settings";
import type { PatchSettings } from "./settings/patches";

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !pulumi.Output.isInstance(value);

const isNamed = (value: unknown): value is Fields & { name: string } =>
  isFields(value) && typeof value.name === "string";

/**
 * Lays a patch over a value of a resource's arguments. Maps are merged, `null` removes, and a list replaces the list; lists of
 * things with a `name`, such as containers and ports, are merged by it. What is known only later is merged then.
 */
export function patched(value: unknown, patch: unknown): unknown {
  if (pulumi.Output.isInstance(value)) return value.apply((known) => patched(known, patch));
  if (Array.isArray(patch) && Array.isArray(value) && [...patch, ...value].every(isNamed) && patch.length > 0) {
    const added = patch.filter(({ name }) => !value.some((item) => item.name === name));
    const changed = value.map((item) => {
      const change = patch.find(({ name }) => name === item.name);
      return change === undefined ? item : patched(item, change);
    });
    return [...changed, ...added];
  }
  if (!isFields(patch)) return patch;
  const base = isFields(value) ? value : {};
  const removed = (key: string) => key in patch && patch[key] === null;
  const keys = [...new Set([...Object.keys(base), ...Object.keys(patch)])].filter((key) => !removed(key));
  return Object.fromEntries(keys.map((key) => [key, key in patch ? patched(base[key], patch[key]) : base[key]]));
}

interface ObjectName {
  kind: string;
  name: string;
}

function nameOf(type: string, props: Fields): ObjectName | undefined {
  if (!type.startsWith("kubernetes:") || !isFields(props.metadata)) return undefined;
  const { name } = props.metadata;
  const kind = typeof props.kind === "string" ? props.kind : type.split(":").pop();
  return typeof name === "string" && kind !== undefined ? { kind, name } : undefined;
}

/**
 * Applies the patches of the settings to every object that the program makes from now on.
 * @returns a function that throws a SettingsError for patches that changed nothing; call it when every object is made.
 */
export function applyPatches(patches: readonly PatchSettings[]): () => void {
  const seen: ObjectName[] = [];
  const used = new Set<PatchSettings>();

  if (patches.length > 0) {
    pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
      const object = nameOf(type, props);
      if (object === undefined) return undefined;
      seen.push(object);
      const matching = patches.filter(({ kind, name }) => kind === object.kind && name === object.name);
      for (const patch of matching) used.add(patch);
      return { props: matching.reduce((all, { patch }) => patched(all, patch) as Fields, props), opts };
    });
  }

  return () => {
    const unused = patches.flatMap((patch, index) => (used.has(patch) ? [] : [{ patch, index }]));
    if (unused.length === 0) return;
    throw new SettingsError(
      unused.map(({ patch, index }) => ({
        path: `patches[${index}]`,
        value: `${patch.kind} ${patch.name}`,
        rule: "must name an object of this stack",
        fix: suggestion(patch, seen),
      })),
      "gpu-observability:platform",
    );
  };
}

function suggestion(patch: PatchSettings, seen: readonly ObjectName[]): string {
  const ofKind = seen.filter(({ kind }) => kind === patch.kind).map(({ name }) => name);
  if (ofKind.length > 0) return `there are ${patch.kind}s called ${[...new Set(ofKind)].sort().join(", ")}`;
  const kinds = [...new Set(seen.map(({ kind }) => kind))].sort();
  return `did you mean the kind ${closest(patch.kind, kinds)}? There are: ${kinds.join(", ")}`;
}
