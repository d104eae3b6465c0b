/** Something the person at the terminal can put right: printed as a sentence with its fix, never with a stack. */
export class UserError extends Error {
  readonly fix: string;
  readonly exitCode: number;

  constructor(message: string, fix: string, exitCode = 1) {
    super(message);
    this.name = "UserError";
    this.fix = fix;
    this.exitCode = exitCode;
  }
}

/** Prints an error the way every command does and returns the exit code that belongs to it. */
export function reportError(error: unknown): number {
  if (error instanceof UserError) {
    process.stderr.write(`\nerror: ${error.message}\n  fix: ${error.fix}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`\ninternal error, please report it with this text:\n${text}\n`);
  return 70;
}
