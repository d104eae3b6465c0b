import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { deploy } from "../../stacks/platform";
import { opaqueSecret } from "../../stacks/settings";
import { repositoryRoot } from "../../tools/cli/paths";
import { type Graph, graphOf } from "../harness";

const KEY = "gpu-observability:platform";

/** The settings of a stack file, with a stand-in for each encrypted value. */
export function stackSettings(stack: string): Record<string, unknown> {
  const file = parse(readFileSync(path.join(repositoryRoot, `Pulumi.${stack}.yaml`), "utf8"));
  return JSON.parse(
    JSON.stringify(file.config[KEY], (_key, value) => (typeof value?.secure === "string" ? opaqueSecret : value)),
  );
}

/** How the platform's program is run with some settings. */
export const platformOptions = (settings: unknown, secret = true) => ({
  config: { [KEY]: settings },
  ...(secret ? { secretKeys: [KEY] } : {}),
});

/** The platform that some settings describe. */
export const platformOf = (settings: unknown, secret = true): Promise<Graph> =>
  graphOf(deploy, platformOptions(settings, secret));
