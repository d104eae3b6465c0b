import { isObject, type Json, type JsonObject } from "./json";

/** The provider's settings, with the vendor's names and defaults. */
export interface ProviderOptions {
  /** Path or content; else `KUBECONFIG` and the default places. */
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  /** For namespaced objects that name none; else the context's, else `default`. */
  namespace?: string;
  /** When given, the only thing whose change replaces the provider and all it manages. */
  clusterIdentifier?: string;
  deleteUnreachable: boolean;
  skipUpdateUnreachable: boolean;
  enableConfigMapMutable: boolean;
  enableSecretMutable: boolean;
  enablePatchForce: boolean;
  upsertExistingObjects: boolean;
}

/** What is wrong with one provider property. */
export interface OptionProblem {
  property: string;
  reason: string;
}

const texts = ["kubeconfig", "context", "cluster", "namespace", "clusterIdentifier"] as const;
/** With the variables that stand in for them: an operation that does not run the program has no other way to set one. */
const switches = {
  deleteUnreachable: "PULUMI_K8S_DELETE_UNREACHABLE",
  skipUpdateUnreachable: "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
  enableConfigMapMutable: "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
  enableSecretMutable: "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
  enablePatchForce: "PULUMI_K8S_ENABLE_PATCH_FORCE",
  upsertExistingObjects: "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
} as const;
type Switch = keyof typeof switches;

/** Written by the engine beside the options, or about warnings that this provider never gives. */
const withoutEffect = new Set([
  "__internal",
  "version",
  "pluginDownloadURL",
  "pluginChecksums",
  "suppressDeprecationWarnings",
  "suppressHelmHookWarnings",
]);

/** The options and everything that is wrong with them; the SDK sends booleans as text. */
export function parseProviderOptions(properties: JsonObject): { options: ProviderOptions; problems: OptionProblem[] } {
  const problems: OptionProblem[] = [];
  const on = (name: Switch) => process.env[switches[name]]?.toLowerCase() === "true";
  const options: ProviderOptions = {
    deleteUnreachable: on("deleteUnreachable"),
    skipUpdateUnreachable: on("skipUpdateUnreachable"),
    enableConfigMapMutable: on("enableConfigMapMutable"),
    enableSecretMutable: on("enableSecretMutable"),
    enablePatchForce: on("enablePatchForce"),
    upsertExistingObjects: on("upsertExistingObjects"),
  };
  for (const [property, value] of Object.entries(properties)) {
    const text = texts.find((name) => name === property);
    const flag = property in switches ? (property as Switch) : undefined;
    if (withoutEffect.has(property)) continue;
    if (text) {
      if (typeof value === "string") options[text] = value;
      // The SDK passes a kubeconfig object through as one; every other text must be one.
      else if (text === "kubeconfig" && isObject(value)) options[text] = JSON.stringify(value);
      else problems.push({ property, reason: "must be text" });
    } else if (flag || property === "enableServerSideApply") {
      const parsed = parseSwitch(value);
      if (parsed === undefined) problems.push({ property, reason: "must be true or false" });
      else if (flag) options[flag] = parsed;
      else if (!parsed) problems.push({ property, reason: "this provider has no other way than server-side apply" });
    } else {
      problems.push({ property, reason: "this provider has no such option, or does not support it" });
    }
  }
  return { options, problems };
}

function parseSwitch(value: Json): boolean | undefined {
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  return undefined;
}
