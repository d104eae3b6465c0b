import { ApiError } from "./apiClient";
import { apply, type Location, locate, locateForWrite, UnservedKindError } from "./apply";
import { driftedInputs, importedInputs } from "./driftedInputs";
import { isObject, type JsonObject, textAt } from "./json";
import { annotation, fieldManager, objectId, outputs, parseObjectId, previewOutputs } from "./objects";
import { conceal, type Revealed, reveal } from "./secrets";
import type { Session } from "./session";
import { parseTypeToken } from "./typeTokens";
import { skipsAwait, type Waited, waitUntilGone, waitUntilReady } from "./waiting";

/** One resource of one operation. */
export interface Target {
  urn: string;
  token: string;
  /** From `customTimeouts`; 0 when there is none. */
  timeoutSeconds: number;
}

/** An object as the state keeps it. */
export interface Stored {
  id: string;
  properties: JsonObject;
}

/** The object exists but is not ready: the state keeps it, and the next update goes on from there. */
export class InitializationError extends Error {
  readonly stored: Stored;
  readonly reasons: string[];

  constructor(stored: Stored, reasons: string[]) {
    super(`${stored.id} exists, but is not ready: ${reasons.join("; ")}`);
    this.name = "InitializationError";
    this.stored = stored;
    this.reasons = reasons;
  }
}

/** @throws InitializationError when the object was made, but does not become ready. */
export async function create(session: Session, target: Target, properties: JsonObject): Promise<Stored> {
  const inputs = reveal(properties);
  const manager = fieldManager(inputs.value, {});
  const location = await locateForWrite(await session.cluster(), inputs.value);
  if (!session.options.upsertExistingObjects && (await location.cluster.api.find(location.path))) {
    throw new Error(alreadyExists(inputs.value));
  }
  const applied = await apply(session, location, inputs.value, manager, false);
  return await settle(session, target, location, applied, inputs, manager);
}

/** @throws InitializationError when the object was changed, but does not become ready. */
export async function update(
  session: Session,
  target: Target,
  old: JsonObject,
  properties: JsonObject,
): Promise<JsonObject> {
  const inputs = reveal(properties);
  const manager = fieldManager(inputs.value, reveal(old).value);
  const location = await locateForWrite(await session.cluster(), inputs.value);
  if (!(await location.cluster.api.find(location.path))) {
    const name = objectId(inputs.value);
    throw new Error(`${inputs.value.kind} ${name} was deleted outside of Pulumi: run \`pulumi refresh\`, then again`);
  }
  const applied = await apply(session, location, inputs.value, manager, false);
  return (await settle(session, target, location, applied, inputs, manager)).properties;
}

/** Deletes dependents first (foreground) and returns when the object is gone. */
export async function remove(session: Session, target: Target, id: string, properties: JsonObject): Promise<void> {
  const { cluster, reason } = await session.reach();
  if (!cluster) {
    if (!session.options.deleteUnreachable) {
      throw new Error(
        `the Kubernetes cluster cannot be reached: ${reason}. If it is gone for good, set the provider option ` +
          "deleteUnreachable or PULUMI_K8S_DELETE_UNREACHABLE=true to forget its objects",
      );
    }
    session.log.warn(target.urn, `forgotten, not deleted: the cluster cannot be reached (${reason})`);
    return;
  }
  const old = identified(target, id, reveal(properties).value);
  const location = await locate(cluster, old).catch(goneWithItsKind);
  const live = location && (await cluster.api.find(location.path));
  if (!location || !live) return;
  const propagation = annotation(old, "pulumi.com/deletionPropagationPolicy")?.toLowerCase() ?? "foreground";
  const propagationPolicy = propagation.charAt(0).toUpperCase() + propagation.slice(1);
  try {
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy };
    await cluster.api.request("DELETE", location.path, { body });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    throw error;
  }
  if (!skipsAwait(old)) await waitUntilGone(live, waitOf(session, target, location));
}

/** The object as it runs now, with the inputs that would describe it; undefined when it is gone. */
export async function read(
  session: Session,
  target: Target,
  id: string,
  oldOutputs: JsonObject,
  oldInputs: JsonObject,
): Promise<(Stored & { inputs: JsonObject }) | undefined> {
  const { cluster, reason } = await session.reach();
  if (!cluster) {
    session.log.warn(target.urn, `the Kubernetes cluster cannot be reached: ${reason}`);
    if (session.options.deleteUnreachable) return undefined;
    if (session.options.skipUpdateUnreachable) return { id, properties: oldOutputs, inputs: oldInputs };
    throw new Error(
      "the state of the resource cannot be read, as the cluster cannot be reached. If it is gone for good, set the " +
        "provider option deleteUnreachable or PULUMI_K8S_DELETE_UNREACHABLE=true to forget its objects",
    );
  }
  const inputs = reveal(oldInputs);
  const before = reveal(oldOutputs).value;
  const location = await locate(cluster, identified(target, id, before)).catch(goneWithItsKind);
  const live = location && (await cluster.api.find(location.path));
  if (!live) return undefined;
  const known = Object.keys(inputs.value).length > 0;
  return {
    id: objectId(live),
    properties: outputs(live, inputs, fieldManager(inputs.value, before)),
    inputs: conceal(known ? driftedInputs(inputs.value, before, live) : importedInputs(live), inputs),
  };
}

/** What the object would look like; the API server checks it in a dry run where it can. */
export async function preview(
  session: Session,
  target: Target,
  properties: JsonObject,
  old: JsonObject | undefined,
): Promise<JsonObject> {
  const inputs = reveal(properties);
  const predicted = await dryRun(session, target, inputs, old);
  return previewOutputs(predicted ?? inputs.value, inputs, old === undefined);
}

async function dryRun(
  session: Session,
  target: Target,
  inputs: Revealed,
  old: JsonObject | undefined,
): Promise<JsonObject | undefined> {
  const { cluster, reason } = await session.reach();
  if (!cluster) {
    session.warnOnce(`the cluster was not asked, as it cannot be reached: ${reason}`);
    return undefined;
  }
  if (inputs.hasUnknowns) return undefined;
  // Its definition may come in the same update; without it creating fails and says so.
  const location = await locate(cluster, inputs.value).catch(goneWithItsKind);
  if (!location) {
    session.log.warn(target.urn, "the cluster does not serve this kind yet: the object was not checked");
    return undefined;
  }
  const exists = old === undefined && (await cluster.api.find(location.path)) !== undefined;
  // The old object is still there while its replacement is previewed, and must not be compared with it.
  if (exists && session.replacing.has(target.urn)) return undefined;
  if (exists && !session.options.upsertExistingObjects) {
    session.log.warn(target.urn, `${alreadyExists(inputs.value)}; fine only if the old one is deleted before`);
    return undefined;
  }
  try {
    return await apply(session, location, inputs.value, fieldManager(inputs.value, reveal(old ?? {}).value), true);
  } catch (error) {
    if (isMissingNamespace(error)) return undefined;
    throw error;
  }
}

/** The namespace may come in the same update. */
function isMissingNamespace(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404 && textAt(error.body, "details", "kind") === "namespaces";
}

async function settle(
  session: Session,
  target: Target,
  location: Location,
  applied: JsonObject,
  inputs: Revealed,
  manager: string,
): Promise<Stored> {
  const store = (live: JsonObject): Stored => ({ id: objectId(live), properties: outputs(live, inputs, manager) });
  let waited: Waited;
  try {
    waited = await waitUntilReady(applied, waitOf(session, target, location));
  } catch (error) {
    // Whatever went wrong after the apply, the object exists and the state has to know it.
    throw new InitializationError(store(applied), [error instanceof Error ? error.message : String(error)]);
  }
  const stored = store(waited.live);
  if (waited.problems.length > 0) throw new InitializationError(stored, waited.problems);
  return stored;
}

function waitOf(session: Session, target: Target, location: Location) {
  return {
    api: location.cluster.api,
    path: location.path,
    timeoutSeconds: target.timeoutSeconds,
    cancelled: session.cancelled,
    report: (text: string) => session.log.status(target.urn, text),
  };
}

function identified(target: Target, id: string, outputs: JsonObject): JsonObject {
  const { apiVersion, kind } = parseTypeToken(target.token);
  const metadata = isObject(outputs.metadata) ? outputs.metadata : {};
  // The identifier leads: a state that was written by hand or imported holds nothing else.
  return { apiVersion, kind, ...outputs, metadata: { ...metadata, ...parseObjectId(id) } };
}

function goneWithItsKind(error: unknown): undefined {
  if (error instanceof UnservedKindError) return undefined;
  throw error;
}

function alreadyExists(inputs: JsonObject): string {
  return (
    `${inputs.kind} ${objectId(inputs)} exists already in the cluster. Import it, delete it, or let Pulumi take it over ` +
    "with the provider option upsertExistingObjects"
  );
}
