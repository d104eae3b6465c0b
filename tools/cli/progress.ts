import ora from "ora";

/** Shows long work on stderr while it runs: a spinner on a terminal, one line per step elsewhere. */
export interface Progress {
  /** Runs one step; `report` replaces the detail shown behind the title. */
  step<T>(title: string, work: (report: (detail: string) => void) => Promise<T>): Promise<T>;
  /** One line that stays. */
  note(text: string): void;
}

const seconds = (since: number) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** On a terminal the detail changes in place; in a log, a long step says every 15 s that it is still at work. */
export function terminalProgress(): Progress {
  const tty = process.stderr.isTTY === true;
  return {
    async step(title, work) {
      const started = Date.now();
      let detail = "";
      const text = () => `${title}${detail ? ` · ${detail}` : ""} (${seconds(started)})`;
      const spinner = tty
        ? ora({ text: title, stream: process.stderr, discardStdin: false, hideCursor: false }).start()
        : undefined;
      const timer = setInterval(
        () => {
          if (spinner) spinner.text = text();
          else process.stderr.write(`      … ${text()}\n`);
        },
        tty ? 250 : 15_000,
      );
      try {
        const result = await work((next) => {
          detail = next;
        });
        if (spinner) spinner.succeed(text());
        else process.stderr.write(`  ok  ${text()}\n`);
        return result;
      } catch (error) {
        if (spinner) spinner.fail(text());
        else process.stderr.write(`FAIL  ${text()}\n`);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
    note(text) {
      process.stderr.write(`${text}\n`);
    },
  };
}

/** For tests and for `--json`: says nothing. */
export const silentProgress: Progress = {
  step: (_title, work) => work(() => {}),
  note: () => {},
};
