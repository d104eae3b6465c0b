import * as grpc from "@grpc/grpc-js";
import { version } from "@pulumi/kubernetes/package.json";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as wire from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import type { Change } from "./diff";
import { formatPath, type JsonObject } from "./json";
import * as lifecycle from "./lifecycle";
import { check, plan } from "./planning";
import { parseProviderOptions } from "./providerOptions";
import { providerReplacements } from "./providerReplacement";
import { reveal } from "./secrets";
import { Session } from "./session";

/** The engine's protocol, with one session per connection: the engine opens one for each provider instance. */
export class ProviderService {
  readonly #sessions = new Map<string, Session>();

  /** The handlers for `Server.addService`. */
  handlers(): IResourceProviderServer {
    const { unary, unsupported } = this;
    return {
      handshake: unary<wire.ProviderHandshakeRequest, wire.ProviderHandshakeResponse>(async (session, request) => {
        session.attach(request.getEngineAddress());
        return new wire.ProviderHandshakeResponse().setAcceptSecrets(true);
      }),
      attach: unary(async (session, request) => {
        session.attach(request.getAddress());
        return new Empty();
      }),
      getPluginInfo: unary(async () => new PluginInfo().setVersion(version)),
      getSchema: unary(async () =>
        new wire.GetSchemaResponse().setSchema(JSON.stringify({ name: "kubernetes", version })),
      ),
      getMapping: unary(async () => new wire.GetMappingResponse()),
      getMappings: unary(async () => new wire.GetMappingsResponse()),
      cancel: unary(async (session) => {
        session.cancel();
        return new Empty();
      }),
      checkConfig: unary(checkConfig),
      diffConfig: unary(diffConfig),
      configure: unary(configure),
      check: unary(checkResource),
      diff: unary(diffResource),
      create: unary(createResource),
      read: unary(readResource),
      update: unary(updateResource),
      delete: unary(deleteResource),
      invoke: unsupported((request: wire.InvokeRequest) => `the function ${request.getTok()}`),
      call: unsupported((request: wire.CallRequest) => `the method ${request.getTok()}`),
      construct: unsupported((request: wire.ConstructRequest) => `the component ${request.getType()}`),
      parameterize: unsupported(() => "parameterization"),
      list: (call) => {
        call.emit("error", { code: grpc.status.UNIMPLEMENTED, details: "listing is not supported by this provider" });
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }

  readonly unary =
    <Q, R>(work: (session: Session, request: Q) => Promise<R>): grpc.handleUnaryCall<Q, R> =>
    (call, callback) => {
      const peer = call.getPeer();
      const session = this.#sessions.get(peer) ?? new Session();
      this.#sessions.set(peer, session);
      work(session, call.request).then(
        (response) => callback(null, response),
        (error: unknown) => callback(toStatus(error)),
      );
    };

  readonly unsupported =
    <Q, R>(what: (request: Q) => string): grpc.handleUnaryCall<Q, R> =>
    (call, callback) => {
      const details = `${what(call.request)} is not supported by this provider: it serves plain Kubernetes objects only`;
      callback({ code: grpc.status.UNIMPLEMENTED, details });
    };
}

async function checkConfig(_session: Session, request: wire.CheckRequest): Promise<wire.CheckResponse> {
  const { value } = reveal(toJson(request.getNews()));
  // What is not known yet is checked when it is.
  const known = Object.fromEntries(Object.entries(value).filter(([, item]) => !reveal({ item }).hasUnknowns));
  return checkResponse(request.getNews() ?? new Struct(), parseProviderOptions(known).problems);
}

async function diffConfig(_session: Session, request: wire.DiffRequest): Promise<wire.DiffResponse> {
  const olds = request.getOldInputs() ?? request.getOlds();
  const [old, next] = [reveal(toJson(olds)), reveal(toJson(request.getNews()))];
  const replaces = next.hasUnknowns ? [] : await providerReplacements(old.value, next.value);
  const keys = [...new Set([...Object.keys(old.value), ...Object.keys(next.value)])];
  const diffs = keys.filter((key) => JSON.stringify(old.value[key]) !== JSON.stringify(next.value[key]));
  return new wire.DiffResponse()
    .setChanges(diffs.length > 0 ? wire.DiffResponse.DiffChanges.DIFF_SOME : wire.DiffResponse.DiffChanges.DIFF_NONE)
    .setDiffsList(diffs)
    .setReplacesList(replaces);
}

async function configure(session: Session, request: wire.ConfigureRequest): Promise<wire.ConfigureResponse> {
  const { options, problems } = parseProviderOptions(reveal(toJson(request.getArgs())).value);
  const [problem] = problems;
  if (problem) throw new Error(`provider option ${problem.property}: ${problem.reason}`);
  session.configure(options);
  return new wire.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
}

async function checkResource(session: Session, request: wire.CheckRequest): Promise<wire.CheckResponse> {
  const token = typeToken(request.getUrn());
  const news = toJson(request.getNews());
  const { inputs, failures } = await check(session, token, toJson(request.getOlds()), news);
  // Encoding a large definition takes a tenth of a second: only when something was filled in.
  return checkResponse(inputs === news ? (request.getNews() ?? new Struct()) : toStruct(inputs), failures);
}

async function diffResource(session: Session, request: wire.DiffRequest): Promise<wire.DiffResponse> {
  const [old, live, next] = [toJson(request.getOldInputs()), toJson(request.getOlds()), toJson(request.getNews())];
  const { changes, replaces, deleteBeforeReplace } = plan(session, request.getUrn(), old, live, next);
  const some = changes.length > 0 || replaces.size > 0;
  const { DIFF_SOME, DIFF_NONE } = wire.DiffResponse.DiffChanges;
  const response = new wire.DiffResponse()
    .setChanges(some ? DIFF_SOME : DIFF_NONE)
    .setReplacesList([...replaces])
    .setDiffsList([...new Set(changes.map(({ path }) => String(path[0])))])
    .setDeletebeforereplace(deleteBeforeReplace)
    .setHasdetaileddiff(true);
  for (const change of changes) {
    const path = formatPath(change.path);
    response.getDetaileddiffMap().set(path, propertyDiff(change, replaces.has(path)));
  }
  return response;
}

function propertyDiff({ kind }: Change, replace: boolean): wire.PropertyDiff {
  const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = wire.PropertyDiff.Kind;
  const kinds = {
    add: [ADD, ADD_REPLACE],
    delete: [DELETE, DELETE_REPLACE],
    update: [UPDATE, UPDATE_REPLACE],
  } as const;
  return new wire.PropertyDiff().setKind(kinds[kind][replace ? 1 : 0]).setInputdiff(true);
}

async function createResource(session: Session, request: wire.CreateRequest): Promise<wire.CreateResponse> {
  const properties = toJson(request.getProperties());
  const target = targetOf(request);
  if (request.getPreview()) {
    const predicted = await lifecycle.preview(session, target, properties, undefined);
    return new wire.CreateResponse().setProperties(toStruct(predicted));
  }
  const stored = await lifecycle.create(session, target, properties);
  return new wire.CreateResponse().setId(stored.id).setProperties(toStruct(stored.properties));
}

async function updateResource(session: Session, request: wire.UpdateRequest): Promise<wire.UpdateResponse> {
  const [old, next, target] = [toJson(request.getOlds()), toJson(request.getNews()), targetOf(request)];
  const properties = request.getPreview()
    ? await lifecycle.preview(session, target, next, old)
    : await lifecycle.update(session, target, old, next);
  return new wire.UpdateResponse().setProperties(toStruct(properties));
}

async function readResource(session: Session, request: wire.ReadRequest): Promise<wire.ReadResponse> {
  const [old, inputs] = [toJson(request.getProperties()), toJson(request.getInputs())];
  const found = await lifecycle.read(session, targetOf(request), request.getId(), old, inputs);
  // An answer without an identifier says that the object is gone.
  if (!found) return new wire.ReadResponse();
  return new wire.ReadResponse()
    .setId(found.id)
    .setProperties(toStruct(found.properties))
    .setInputs(toStruct(found.inputs));
}

async function deleteResource(session: Session, request: wire.DeleteRequest): Promise<Empty> {
  await lifecycle.remove(session, targetOf(request), request.getId(), toJson(request.getProperties()));
  return new Empty();
}

function checkResponse(inputs: Struct, failures: { property: string; reason: string }[]): wire.CheckResponse {
  const list = failures.map(({ property, reason }) => new wire.CheckFailure().setProperty(property).setReason(reason));
  return new wire.CheckResponse().setInputs(inputs).setFailuresList(list);
}

function targetOf(request: { getUrn(): string; getTimeout(): number }): lifecycle.Target {
  const urn = request.getUrn();
  return { urn, token: typeToken(urn), timeoutSeconds: request.getTimeout() };
}

/** `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`; a resource below a component carries its parents' types too. */
function typeToken(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

function toJson(struct: Struct | undefined): JsonObject {
  return (struct?.toJavaScript() ?? {}) as JsonObject;
}

function toStruct(value: JsonObject): Struct {
  return Struct.fromJavaScript(value as Record<string, JavaScriptValue>);
}

function toStatus(error: unknown): Partial<grpc.StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof lifecycle.InitializationError)) return { code: grpc.status.UNKNOWN, details: message };
  const failure = new wire.ErrorResourceInitFailed()
    .setId(error.stored.id)
    .setProperties(toStruct(error.stored.properties))
    .setReasonsList(error.reasons);
  const detail = new Any();
  detail.pack(failure.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(message);
  status.addDetails(detail);
  const metadata = new grpc.Metadata();
  // gRPC carries structured errors under this name, which its Node implementation does not fill in.
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}
