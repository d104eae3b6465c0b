import { randomBytes } from "node:crypto";
import { at, isObject, type JsonObject, textAt } from "./json";
import { conceal, type Revealed, unknown } from "./secrets";

/** `namespace/name`, or `name` of a cluster-scoped object, as in the vendor's state. */
export function objectId(live: JsonObject): string {
  const namespace = textAt(live, "metadata", "namespace");
  const name = textAt(live, "metadata", "name") ?? "";
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function parseObjectId(id: string): { namespace?: string; name: string } {
  const slash = id.indexOf("/");
  return slash < 0 ? { name: id } : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

export function annotation(object: JsonObject, name: string): string | undefined {
  return textAt(object, "metadata", "annotations", name);
}

/** As the API server stores it: it turns a Secret's `stringData` into `data`, which then has no owner to remove it. */
export function manifest(inputs: JsonObject): JsonObject {
  if (inputs.apiVersion !== "v1" || inputs.kind !== "Secret" || !isObject(inputs.stringData)) return inputs;
  const { stringData, ...rest } = inputs;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString("base64")]);
  return { ...rest, data: { ...(isObject(rest.data) ? rest.data : {}), ...Object.fromEntries(encoded) } };
}

/**
 * Who owns the fields in the API server's books: the annotation's, else the one of the state, else a new name, so that two
 * stacks that set the same field see their conflict.
 */
export function fieldManager(inputs: JsonObject, oldOutputs: JsonObject): string {
  return (
    annotation(inputs, "pulumi.com/patchFieldManager") ??
    textAt(oldOutputs, "__fieldManager") ??
    `pulumi-kubernetes-${randomBytes(4).toString("hex")}`
  );
}

/** What the state keeps and the program reads: the live object, with its secrets marked. */
export function outputs(live: JsonObject, inputs: Revealed, manager: string): JsonObject {
  const { managedFields: _, ...metadata } = isObject(live.metadata) ? live.metadata : {};
  return {
    ...conceal({ ...live, metadata }, inputs),
    __fieldManager: manager,
    __initialApiVersion: inputs.value.apiVersion ?? live.apiVersion ?? "",
  };
}

/** What a preview can promise: fields that the cluster chooses are unknown, not what a dry run made up for them. */
export function previewOutputs(predicted: JsonObject, inputs: Revealed, creating: boolean): JsonObject {
  const { managedFields: _, ...metadata } = isObject(predicted.metadata) ? predicted.metadata : {};
  const chosen = creating ? ["uid", "creationTimestamp"] : [];
  for (const field of [...chosen, "resourceVersion", "generation"]) metadata[field] = unknown;
  const result: JsonObject = { ...predicted, metadata, status: unknown };
  if (creating && predicted.kind === "Service" && isObject(predicted.spec)) {
    const spec: JsonObject = { ...predicted.spec };
    for (const field of ["clusterIP", "clusterIPs"]) {
      if (at(inputs.value, "spec", field) === undefined) spec[field] = unknown;
    }
    result.spec = spec;
  }
  return conceal(result, inputs);
}
