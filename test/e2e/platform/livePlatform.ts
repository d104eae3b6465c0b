import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { silentProgress } from "../../../tools/cli/progress";
import { layout } from "../../../tools/cluster/layout";
import { type Engine, startEngine } from "../../../tools/local/engine";
import { engineDirectory, type Place } from "../../../tools/local/place";
import { platformStack } from "../../../tools/local/programs";
import { type OpenStack, openStack } from "../../../tools/local/stacks";
import { type ApiClient, connect } from "../../../tools/provider/apiClient";

export const NAMESPACE = "monitoring";

/** What a preview would do to one resource: the operation, and which properties. */
export interface PlannedChange {
  resource: string;
  operation: string;
  properties: string[];
}

/** The platform that `npm run local -- --name NAME` deployed, opened as a user with Pulumi would. */
export class LivePlatform {
  readonly name: string;
  readonly place: Place;
  api!: ApiClient;
  engine!: Engine;

  constructor(name: string) {
    this.name = name;
    this.place = { kind: "throwaway", name };
  }

  async open(): Promise<void> {
    this.api = await connect({ kubeconfig: layout(this.name).kubeconfig });
    this.engine = await startEngine(engineDirectory(this.place), silentProgress);
  }

  async close(): Promise<void> {
    this.api?.close();
    await this.engine?.close();
  }

  /** The platform's stack with some settings over Pulumi.local.yaml. */
  async stack(settings: string[] = []): Promise<OpenStack> {
    const reference = { name: this.name, path: layout(this.name).kubeconfig };
    return openStack(this.engine, await platformStack(reference, settings));
  }

  async preview(opened: OpenStack): Promise<PlannedChange[]> {
    const changes: PlannedChange[] = [];
    const failures: string[] = [];
    await opened.stack
      .preview({
        onEvent: ({ resourcePreEvent, diagnosticEvent }) => {
          if (diagnosticEvent?.severity === "error") failures.push(diagnosticEvent.message);
          const metadata = resourcePreEvent?.metadata;
          if (!metadata || metadata.op === "same") return;
          const [type = "", name = ""] = metadata.urn.split("::").slice(-2);
          changes.push({
            resource: `${type.split(":").pop()} ${name}`,
            operation: metadata.op,
            properties: Object.keys(metadata.detailedDiff ?? {}).sort(),
          });
        },
      })
      .catch((error: unknown) => {
        throw new Error(`${failures.join("\n")}\n${String(error)}`);
      });
    return changes;
  }

  /** Encrypts a setting in the stack file, as the docs tell a user to: the value goes through stdin. */
  async setSecret(opened: OpenStack, setting: string, value: string): Promise<void> {
    const workDir = opened.stack.workspace.workDir;
    const key = `gpu-observability:platform.${setting}`;
    const child = spawn(this.engine.command.command, ["config", "set", "--secret", "--path", key, "--stack", "local"], {
      cwd: workDir,
      env: { ...process.env, ...this.engine.environment },
      stdio: ["pipe", "inherit", "inherit"],
    });
    child.stdin.end(value);
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 0);
  }

  /** Every regular file that the engine keeps: states, stack files, logs. */
  async stateFiles(): Promise<string[]> {
    const entries = await readdir(this.engine.directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  }

  /** Creates or updates a Kubernetes object beside the platform. */
  apply(object: Record<string, unknown>): Promise<unknown> {
    const { apiVersion, kind, metadata } = object as {
      apiVersion: string;
      kind: string;
      metadata: { name: string; namespace?: string };
    };
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const place = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
    return this.api.request("PATCH", `${base}${place}/${kind.toLowerCase()}s/${metadata.name}`, {
      query: { fieldManager: "e2e", force: "true", fieldValidation: "Strict" },
      body: object as never,
      contentType: "application/apply-patch+yaml",
    });
  }
}
