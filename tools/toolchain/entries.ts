/** Where a vendor publishes a build; the file is only used when it has the published checksum. */
export interface Download {
  url: string;
  /** A file with lines `DIGEST  NAME`, or only a digest. */
  checksumUrl: string;
  /** The path inside a tar archive; without it, `url` is the program itself. */
  member?: string;
}

/** One program. */
export interface ToolEntry {
  /** What `go build` is given. */
  package: string;
  /** How the program is asked for its version. */
  versionArguments: readonly string[];
  /** Where it answers, when not on stdout. */
  versionOnStderr?: true;
  download?: (architecture: "amd64" | "arm64") => Download;
}

/** Programs that come from one Go module, so that what they share is compiled once. */
export interface ToolGroup {
  /** Without `v`. */
  version: string;
  tags: readonly string[];
  /** Linker flags that write the version into the program. */
  stamps: Readonly<Record<string, string>>;
  /** How long the build takes on two cores with a warm module cache, in seconds. */
  seconds: number;
  tools: Readonly<Record<string, ToolEntry>>;
}

export const withoutV = (version: string) => version.replace(/^v/, "");

/** The folder of a release's files on GitHub. */
export const github = (repository: string, version: string) =>
  `https://github.com/${repository}/releases/download/v${version}`;
