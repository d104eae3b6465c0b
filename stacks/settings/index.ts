import * as pulumi from "@pulumi/pulumi";
import { parseSettings, secretsIn } from "./parse";
import { SettingsError } from "./problem";
import type { Settings } from "./schema";

export { opaqueSecret } from "./fields";
export { formatPath, type ParsedSettings, parseSettings, type SettingsSource } from "./parse";
export { formatProblems, type Problem, SettingsError } from "./problem";
export { type Settings, settingsSchema, settingsSecretPaths } from "./schema";

/**
 * Whether the engine decrypted any part of a config key. The SDK exports this function and leaves it out of its typings.
 */
function isEncrypted(key: string): boolean {
  const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };
  return isConfigSecret(key);
}

/**
 * The settings of the stack that is being deployed.
 * @throws {@link SettingsError} with every problem.
 */
export function readSettings(): Settings {
  const source = `Pulumi.${pulumi.getStack()}.yaml, gpu-observability:platform`;
  const raw = new pulumi.Config("gpu-observability").getObject<unknown>("platform");
  const parsed = parseSettings(raw);
  if (!parsed.ok) throw new SettingsError(parsed.problems, source);
  const secrets = secretsIn(parsed.settings);
  // The engine says only whether anything under the key is encrypted; `plan` looks at every value.
  if (secrets.length > 0 && !isEncrypted("gpu-observability:platform")) {
    throw new SettingsError(
      secrets.map((path) => ({
        path,
        value: "[secret]",
        rule: "is a secret and must be encrypted in the stack file; nothing there is",
        fix: `pulumi config set --secret --path 'gpu-observability:platform.${path}'`,
      })),
      source,
    );
  }
  return parsed.settings;
}
