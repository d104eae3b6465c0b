import { build } from "esbuild";

/** The fleet as one JavaScript file that needs nothing but Node: it reaches its pod in a ConfigMap. */
export async function fleetScript(): Promise<string> {
  const { outputFiles } = await build({
    // Without it the text, and so the pods' content hash, would depend on where the command was started.
    absWorkingDir: __dirname,
    entryPoints: ["main.ts"],
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    write: false,
  });
  const [file] = outputFiles;
  if (!file) throw new Error("esbuild wrote no file");
  return file.text;
}
