import type { Ora } from "ora";

/** Shows long work on stderr while it runs: a spinner on a terminal, one line per step elsewhere. */
export interface Progress {
  /** Runs one step; `report` replaces the detail shown behind the title. Steps may run beside each other. */
  step<T>(title: string, work: (report: (detail: string) => void) => Promise<T>): Promise<T>;
  /** One line that stays. */
  note(text: string): void;
}

const seconds = (since: number) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** How the lines of the steps get onto the screen. */
interface Screen {
  /** The running steps, whenever one of them may have changed. */
  show(lines: string[]): void;
  /** A line that stays. */
  print(line: string): void;
  refreshMs: number;
}

function terminal(): Screen {
  // Loaded when the first step is shown: a quick command needs no spinner.
  let spinner: Ora | undefined;
  const start = () => {
    const { default: ora } = require("ora") as typeof import("ora", { with: { "resolution-mode": "import" }});
    return ora({ stream: process.stderr, discardStdin: false, hideCursor: false });
  };
  return {
    refreshMs: 250,
    show(lines) {
      spinner ??= start();
      spinner.text = lines.join("\n  ");
      if (lines.length === 0) spinner.stop();
      else if (!spinner.isSpinning) spinner.start();
    },
    print(line) {
      spinner?.clear();
      process.stderr.write(`${line}\n`);
    },
  };
}

/** In a log, a long step says every 15 s that it is still at work. */
function log(): Screen {
  return {
    refreshMs: 15_000,
    show: (lines) => lines.forEach((line) => void process.stderr.write(`      … ${line}\n`)),
    print: (line) => process.stderr.write(`${line}\n`),
  };
}

export function terminalProgress(): Progress {
  const tty = process.stderr.isTTY === true;
  const screen = tty ? terminal() : log();
  const running = new Set<() => string>();
  const show = () => screen.show([...running].map((text) => text()));
  return {
    async step(title, work) {
      const started = Date.now();
      let detail = "";
      const text = () => `${title}${detail ? ` · ${detail}` : ""} (${seconds(started)})`;
      running.add(text);
      if (tty) show();
      const timer = setInterval(() => (tty ? show() : screen.show([text()])), screen.refreshMs);
      const finish = (mark: string) => {
        clearInterval(timer);
        running.delete(text);
        screen.print(`${mark} ${text()}`);
        if (tty) show();
      };
      try {
        const result = await work((next) => {
          detail = next;
        });
        finish("  ok ");
        return result;
      } catch (error) {
        finish("FAIL ");
        throw error;
      }
    },
    note: (text) => screen.print(text),
  };
}

/** For tests and for `--json`: says nothing. */
export const silentProgress: Progress = {
  step: (_title, work) => work(() => {}),
  note: () => {},
};
