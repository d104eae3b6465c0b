import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import type { ApiClient } from "../../tools/provider/apiClient";
import type { JsonObject } from "../../tools/provider/json";
import { EngineStack, otherUser } from "./engineStack";

/** No node has it, so that the pods stay as they are on any cluster. */
export const nodeSelector = { "example.com/nowhere": "true" };

/** A namespace of its own for each file, and a fresh stack for each test, destroyed afterwards. */
export class ClusterFixture {
  readonly kubeconfig = process.env.E2E_KUBECONFIG ?? "";
  readonly pulumi = process.env.E2E_PULUMI ?? "";
  readonly namespace = `provider-${randomBytes(3).toString("hex")}`;
  /** The namespace's path on the API server. */
  readonly core = `/api/v1/namespaces/${this.namespace}`;
  #stack: EngineStack | undefined;
  #api: ApiClient | undefined;

  get stack(): EngineStack {
    assert.ok(this.#stack);
    return this.#stack;
  }

  /** Requests beside the provider's. */
  get api(): ApiClient {
    assert.ok(this.#api);
    return this.#api;
  }

  async open(): Promise<void> {
    assert.ok(this.kubeconfig && this.pulumi, "set E2E_KUBECONFIG and E2E_PULUMI, as `npm run e2e` does");
    this.#api = await otherUser(this.kubeconfig);
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: this.namespace } };
    await this.api.request("POST", "/api/v1/namespaces", { body });
  }

  async close(): Promise<void> {
    await this.api.request("DELETE", this.core);
    this.api.close();
  }

  async openStack(): Promise<void> {
    this.#stack = new EngineStack();
    await this.stack.open(this.pulumi, this.kubeconfig);
  }

  async closeStack(): Promise<void> {
    await this.stack.destroy();
    await this.stack.close();
  }

  /** Makes this the program of the next operations. */
  declare(program: (provider: k8s.Provider) => void): void {
    this.stack.program = program;
  }

  declareConfigMap(data: Record<string, Input<string>>, annotations: Record<string, string> = {}): void {
    const metadata = { name: "config", namespace: this.namespace, annotations };
    this.declare((provider) => {
      new k8s.core.v1.ConfigMap("config", { metadata, data }, { provider });
    });
  }

  declarePod(annotations: Record<string, string>): void {
    const containers = [{ name: "main", image: "none.invalid/none:1" }];
    const metadata = { name: "waits", namespace: this.namespace, annotations };
    this.declare((provider) => {
      new k8s.core.v1.Pod("pod", { metadata, spec: { containers, nodeSelector } }, { provider });
    });
  }

  live(path: string): Promise<JsonObject> {
    return this.api.request("GET", `${this.core}/${path}`);
  }

  merge(path: string, body: JsonObject): Promise<JsonObject> {
    return this.api.request("PATCH", path, { body, contentType: "application/merge-patch+json" });
  }

  /** Says of a pod what a kubelet would. */
  async makeReady(pod: string): Promise<void> {
    const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
    await this.merge(`${this.core}/pods/${pod}/status`, { status });
  }
}

/** Inside a `describe`: the real engine and API server, named by `E2E_PULUMI` and `E2E_KUBECONFIG`. */
export function useCluster(): ClusterFixture {
  const fixture = new ClusterFixture();
  before(() => fixture.open());
  after(() => fixture.close());
  beforeEach(() => fixture.openStack());
  afterEach(() => fixture.closeStack());
  return fixture;
}

/** The work fails, with all these texts in its error. */
export async function rejects(work: Promise<unknown>, ...texts: RegExp[]): Promise<void> {
  const error: unknown = await work.then(
    () => assert.fail("it should have failed"),
    (reason: unknown) => reason,
  );
  for (const text of texts) assert.match(String(error), text);
}
