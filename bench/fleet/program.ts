import path from "node:path";
import { UserError } from "../../tools/cli/errors";
import { cacheDirectory } from "../../tools/cli/paths";
import { CommandError, onPath, run } from "../../tools/toolchain/command";

const SOURCE = path.join(__dirname, "go");

/** Builds the program in go/; Go keeps what it compiled, so a second time takes seconds. */
export async function buildProgram(): Promise<string> {
  const go = await onPath("go");
  if (go === undefined) {
    throw new UserError("the simulated fleet is a Go program, and there is no Go", "install Go from https://go.dev/dl");
  }
  const program = path.join(cacheDirectory(), "bench", "fleet");
  const env = {
    ...process.env,
    CGO_ENABLED: "0",
    GOFLAGS: "-mod=readonly -trimpath -buildvcs=false",
    GOWORK: "off",
    GOTOOLCHAIN: "auto",
  };
  try {
    await run([go, "build", "-o", program, "."], { cwd: SOURCE, env });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new UserError(
      `building the simulated fleet failed: ${error.output.trim()}`,
      "run again when the network works",
    );
  }
  return program;
}

/** What a command of the program prints. */
export async function ask<Answer>(program: string, ...words: (string | number)[]): Promise<Answer> {
  return JSON.parse(await run([program, ...words.map(String)])) as Answer;
}

/** What `write` did. */
export interface History {
  /** Seconds since 1970; the end is not in it any more. */
  begin: number;
  end: number;
  samples: number;
  /** In the head at the end. */
  series: number;
  /** Recorded series that are new in a day. */
  recordedADay: number;
  seconds: number;
  ruleSeconds: number;
}
