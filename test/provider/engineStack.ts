import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as kubernetes from "@pulumi/kubernetes";
import * as auto from "@pulumi/pulumi/automation";
import { connect } from "../../tools/provider/apiClient";
import { type ServedProvider, serveKubernetesProvider } from "../../tools/provider/index";
import { parseProviderOptions } from "../../tools/provider/providerOptions";

const projectName = "provider-test";
const stackName = "test";

/** What one operation did or would do to one resource. */
export interface Step {
  /** In the engine's words; a replacement has several. */
  op: string;
  /** Property path → kind of change. */
  diff: Record<string, string>;
}

export interface Outcome {
  /** By resource name, without those that stay as they are. */
  steps: Record<string, Step>;
  warnings: string[];
  output: string;
}

/** A stack of the real engine with a state of its own, deployed by the provider under test. */
export class EngineStack {
  /** What the program declares; a test changes it between operations. */
  program: (provider: kubernetes.Provider) => void = () => {};
  options: kubernetes.ProviderArgs = { enableConfigMapMutable: true, enableSecretMutable: true };
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "provider-stack-"));
  #stack: auto.Stack | undefined;
  #served: ServedProvider | undefined;

  async open(pulumi: string, kubeconfig: string): Promise<void> {
    this.options = { ...this.options, kubeconfig };
    this.#served = await serveKubernetesProvider();
    const root = path.join(this.folder, "cli");
    mkdirSync(path.join(root, "bin"), { recursive: true });
    symlinkSync(pulumi, path.join(root, "bin", "pulumi"));
    const pulumiCommand = await auto.PulumiCommand.get({ root, skipVersionCheck: true });
    const program = async () => this.program(new kubernetes.Provider("provider", this.options));
    this.#stack = await auto.LocalWorkspace.createStack(
      { stackName, projectName, program },
      {
        pulumiCommand,
        workDir: this.folder,
        projectSettings: { name: projectName, runtime: "nodejs", backend: { url: `file://${this.folder}` } },
        envVars: {
          PULUMI_CONFIG_PASSPHRASE: "test",
          PULUMI_DEBUG_PROVIDERS: `kubernetes:${this.#served.port}`,
          PULUMI_SKIP_UPDATE_CHECK: "true",
        },
      },
    );
  }

  preview(): Promise<Outcome> {
    return this.#watch((options) => this.stack.preview(options));
  }

  up(signal?: AbortSignal): Promise<Outcome> {
    return this.#watch((options) => this.stack.up(signal ? { ...options, signal } : options));
  }

  refresh(): Promise<Outcome> {
    return this.#watch((options) => this.stack.refresh(options));
  }

  destroy(): Promise<Outcome> {
    return this.#watch((options) => this.stack.destroy(options));
  }

  /** The resources of the state by name, as they lie on disk: with their secrets encrypted. */
  state(): Record<string, Record<string, unknown>> {
    const file = path.join(this.folder, ".pulumi/stacks", projectName, `${stackName}.json`);
    const { checkpoint } = JSON.parse(readFileSync(file, "utf8"));
    const list: { urn: string }[] = checkpoint.latest?.resources ?? [];
    return Object.fromEntries(list.map((item) => [nameOf(item.urn), { ...item }]));
  }

  /** All that the engine has written: state, history, backups. */
  files(): string[] {
    const folder = path.join(this.folder, ".pulumi");
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return entries.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8"));
  }

  async close(): Promise<void> {
    await this.#served?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get stack(): auto.Stack {
    if (!this.#stack) throw new Error("the stack is not open");
    return this.#stack;
  }

  async #watch(
    work: (options: {
      onEvent: (event: auto.EngineEvent) => void;
      onOutput: (text: string) => void;
    }) => Promise<unknown>,
  ): Promise<Outcome> {
    const outcome: Outcome = { steps: {}, warnings: [], output: "" };
    await work({
      onOutput: (text) => {
        outcome.output += text;
      },
      onEvent: ({ resourcePreEvent, diagnosticEvent }) => {
        if (diagnosticEvent?.severity === "warning") outcome.warnings.push(diagnosticEvent.message);
        const metadata = resourcePreEvent?.metadata;
        if (!metadata || metadata.op === "same") return;
        const name = nameOf(metadata.urn);
        const { op, diff } = outcome.steps[name] ?? { op: "", diff: {} };
        const changes = Object.entries(metadata.detailedDiff ?? {}).map(([key, { diffKind }]) => [key, diffKind]);
        const ops = op === "" ? metadata.op : `${op}, ${metadata.op}`;
        outcome.steps[name] = { op: ops, diff: { ...diff, ...Object.fromEntries(changes) } };
      },
    });
    return outcome;
  }
}

/** Requests to the API server beside the provider's, as another user would make them. */
export function otherUser(kubeconfig: string) {
  return connect(parseProviderOptions({ kubeconfig }).options);
}

/** A kubeconfig for an address where nothing listens. */
export function unreachableKubeconfig(folder: string): string {
  const file = path.join(folder, "unreachable.kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:9" } }],
    users: [{ name: "none", user: {} }],
    contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
    "current-context": "none",
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}
