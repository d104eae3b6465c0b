import Module from "node:module";

/**
 * What `@pulumi/pulumi` loads whenever it is imported and a plan never calls: the Automation API, the serialization of
 * functions with the TypeScript compiler, and npm's dependency resolver. Together more than three quarters of its
 * start-up time. By module, the functions that others take from it.
 */
const DEFERRED: Record<string, readonly string[]> = {
  "@pulumi/pulumi/automation": [],
  "@pulumi/pulumi/runtime/closure/serializeClosure": ["serializeFunction", "serializeFunctionAsync"],
  "@pulumi/pulumi/runtime/closure/codePaths": ["computeCodePaths"],
};

type AnyFunction = (...args: readonly unknown[]) => unknown;

/** Loads the real module when somebody calls into it after all, as a dynamic provider would. */
function deferred(file: string, name: string): AnyFunction {
  return (...args) => {
    delete require.cache[file];
    return (require(file) as Record<string, AnyFunction>)[name]?.(...args);
  };
}

/** Has to be called before anything imports `@pulumi/pulumi`. */
export function deferUnusedSdkParts(): void {
  for (const [specifier, names] of Object.entries(DEFERRED)) {
    const file = require.resolve(specifier);
    const stand = new Module(file);
    stand.exports = Object.fromEntries(names.map((name) => [name, deferred(file, name)]));
    Object.defineProperty(stand.exports, "__esModule", { value: true });
    stand.loaded = true;
    require.cache[file] = stand;
  }
}
