import * as resproto from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { type RecordedResource, recordedOptions } from "./resource";
import { decode, encode, type Properties, Secret } from "./values";

export const STACK_TYPE = "pulumi:pulumi:Stack";

type Callback<T> = (error: Error | null, response?: T) => void;

export interface MonitorOptions {
  project: string;
  stack: string;
  /** In a preview, ids and computed outputs do not exist yet. */
  preview: boolean;
  /** Packages whose default provider is switched off: using it is an error, as in the engine. */
  disabledDefaultProviders: readonly string[];
  /** Outputs that a created resource has beyond its inputs; asked only outside of previews. */
  state: (resource: RecordedResource) => Record<string, unknown>;
}

const properties = (struct: Struct | undefined) => decode(struct?.toJavaScript() ?? {}) as Properties;

/** A provider reference is `URN::ID`, and an id that is not known yet is there as a placeholder. */
function providerUrn(reference: string): string | null {
  return reference === "" ? null : reference.slice(0, reference.lastIndexOf("::"));
}

/**
 * Stands in for Pulumi's engine inside of this process. Unlike the SDK's mock it builds whole URNs, keeps options,
 * secrets and unknowns, refuses what the engine refuses, and asks no provider.
 */
export class RecordingMonitor extends MockMonitor {
  readonly recorded = new Map<string, RecordedResource>();
  /** The first refusal is the cause; everything that the program throws afterwards follows from it. */
  failure: Error | undefined;
  private readonly options: MonitorOptions;

  constructor(options: MonitorOptions) {
    // Neither is reached: every method that would ask them is replaced below.
    super({ call: () => ({}), newResource: () => ({ id: undefined, state: {} }) });
    this.options = options;
  }

  private urnOf(parent: string | null, type: string, name: string): string {
    const { project, stack } = this.options;
    const parentType = parent?.split("::")[2];
    const qualified = parentType === undefined || parentType === STACK_TYPE ? type : `${parentType}$${type}`;
    return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
  }

  /** What a request to register and one to read a resource say alike. */
  private identityOf(request: resproto.RegisterResourceRequest | resproto.ReadResourceRequest) {
    const parent = request.getParent() || null;
    return {
      urn: this.urnOf(parent, request.getType(), request.getName()),
      type: request.getType(),
      name: request.getName(),
      parent,
      provider: providerUrn(request.getProvider()),
    };
  }

  private refuse(message: string): Error {
    const error = new Error(message);
    this.failure ??= error;
    return error;
  }

  private record(resource: RecordedResource): void {
    if (this.recorded.has(resource.urn)) {
      throw this.refuse(`Duplicate resource URN '${resource.urn}': two ${resource.type} are called '${resource.name}'`);
    }
    const pkg = resource.type.split(":")[0] ?? "";
    if (resource.custom && resource.provider === null && this.options.disabledDefaultProviders.includes(pkg)) {
      throw this.refuse(
        `Default provider for '${pkg}' disabled. '${resource.urn}' must be given a provider explicitly`,
      );
    }
    this.recorded.set(resource.urn, resource);
  }

  /** What the program gets back: the inputs, and after creation what the provider adds. */
  private stateOf(resource: RecordedResource): Struct {
    if (!resource.custom) return Struct.fromJavaScript({});
    const added = this.options.preview ? {} : (decode(this.options.state(resource)) as Properties);
    const state: Properties = { ...resource.inputs, ...added };
    for (const key of resource.options.additionalSecretOutputs ?? []) {
      const value = state[key];
      if (value !== undefined && !(value instanceof Secret)) state[key] = new Secret(value);
    }
    return Struct.fromJavaScript(encode(state) as Record<string, never>);
  }

  override async registerResource(
    request: resproto.RegisterResourceRequest,
    callback: Callback<resproto.RegisterResourceResponse>,
  ): Promise<void> {
    try {
      const resource: RecordedResource = {
        ...this.identityOf(request),
        custom: request.getCustom(),
        read: false,
        options: recordedOptions(request),
        inputs: properties(request.getObject()),
        outputs: {},
      };
      if (request.getRemote())
        throw this.refuse(`${resource.urn} is a remote component, which only the engine can run`);
      this.record(resource);
      const response = new resproto.RegisterResourceResponse();
      response.setUrn(resource.urn);
      if (resource.custom && !this.options.preview) response.setId(`${resource.name}-id`);
      response.setObject(this.stateOf(resource));
      callback(null, response);
    } catch (error) {
      callback(error as Error);
    }
  }

  override async readResource(
    request: resproto.ReadResourceRequest,
    callback: Callback<resproto.ReadResourceResponse>,
  ): Promise<void> {
    try {
      const resource: RecordedResource = {
        ...this.identityOf(request),
        custom: true,
        read: true,
        options: { dependencies: request.getDependenciesList().sort() },
        inputs: properties(request.getProperties()),
        outputs: {},
      };
      this.record(resource);
      const response = new resproto.ReadResourceResponse();
      response.setUrn(resource.urn);
      response.setProperties(this.stateOf(resource));
      callback(null, response);
    } catch (error) {
      callback(error as Error);
    }
  }

  override registerResourceOutputs(request: resproto.RegisterResourceOutputsRequest, callback: Callback<object>): void {
    const resource = this.recorded.get(request.getUrn());
    if (!resource) {
      callback(this.refuse(`registerOutputs was called for the unregistered resource '${request.getUrn()}'`));
      return;
    }
    resource.outputs = properties(request.getOutputs());
    callback(null, {});
  }

  override async invoke(request: resproto.ResourceInvokeRequest, callback: Callback<never>): Promise<void> {
    callback(
      this.refuse(`the program asks a provider (${request.getTok()}), and here no cloud and no cluster is asked`),
    );
  }

  /** A method of a remote component; the SDK's mock has none either. */
  call(request: { getTok(): string }, callback: Callback<never>): void {
    callback(this.refuse(`the program calls ${request.getTok()}, and here no cloud and no cluster is asked`));
  }
}
