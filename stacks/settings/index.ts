import * as pulumi from "@pulumi/pulumi";
import { parseSettings } from "./parse";
import { SettingsError } from "./problem";
import { type Settings, settingsSecretPaths } from "./schema";

export { opaqueSecret } from "./fields";
export { formatPath, type ParsedSettings, parseSettings, type SettingsSource } from "./parse";
export { formatProblems, type Problem, SettingsError } from "./problem";
export { type Settings, settingsSchema, settingsSecretPaths } from "./schema";

const hasSecrets = (settings: Settings) =>
  settings.alerting.receivers.length > 0 || settings.alerting.heartbeat.kind === "webhook";

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
  if (hasSecrets(parsed.settings) && !isEncrypted("gpu-observability:platform")) {
    throw new SettingsError(
      [
        {
          path: settingsSecretPaths.join(", "),
          value: "[secret]",
          rule: "secrets must be encrypted in the stack file; nothing there is",
          fix: "set each with pulumi config set --secret --path 'gpu-observability:platform.…'",
        },
      ],
      source,
    );
  }
  return parsed.settings;
}
