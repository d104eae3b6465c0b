import type { OpMap } from "@pulumi/pulumi/automation";

/** How many resources an update changed, by operation; `same` is not a change. */
export type Changes = Omit<OpMap, "same">;

/** All of them together. */
export function sum(all: Changes[]): Changes {
  const total: Changes = {};
  for (const changes of all) {
    for (const [operation, count] of Object.entries(changes) as [keyof Changes, number][]) {
      total[operation] = (total[operation] ?? 0) + count;
    }
  }
  return total;
}

/** `12 create, 1 update`, or `0 changes`. */
export function describeChanges(changes: Changes): string {
  const parts = Object.entries(changes).map(([operation, count]) => `${count} ${operation}`);
  return parts.length === 0 ? "0 changes" : parts.join(", ");
}
