import { setTimeout as sleep } from "node:timers/promises";

/** No answer is worth waiting for longer; far more than any takes, since a machine may be slow. */
const HANGS_AFTER_SECONDS = 300;

/** Of what was answered last, in characters: a log is to be read. */
const LONGEST_ANSWER = 2_000;

/** Repeats a question until its answer is what the test wants; fails with the last answer. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  seconds = HANGS_AFTER_SECONDS,
): Promise<T> {
  const until = Date.now() + seconds * 1000;
  let last: unknown;
  while (Date.now() < until) {
    try {
      const answer = await ask();
      if (wanted(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await sleep(500);
  }
  const answer = last instanceof Error ? last.message : String(JSON.stringify(last));
  throw new Error(`not within ${seconds} s: ${what}; last: ${answer.slice(0, LONGEST_ANSWER)}`);
}
