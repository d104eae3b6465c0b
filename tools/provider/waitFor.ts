import { isDeepStrictEqual } from "node:util";
import { JSONPath } from "jsonpath-plus";
import { type Json, type JsonObject, listAt, textAt } from "./json";

/** What the annotation `pulumi.com/waitFor` asks of an object. */
export interface Expectation {
  /** As it was written, for messages. */
  text: string;
  holds(live: JsonObject): boolean;
}

/**
 * Reads the annotation: `condition=TYPE[=STATUS]`, `jsonpath={PATH}[=VALUE]`, or a JSON list of those.
 * @throws Error when it is none of them.
 */
export function parseWaitFor(annotation: string): Expectation[] {
  if (!annotation.trimStart().startsWith("[")) return [expectation(annotation)];
  const list: unknown = JSON.parse(annotation);
  if (!Array.isArray(list) || list.length === 0) throw new Error("pulumi.com/waitFor must not be an empty list");
  return list.map((item) => expectation(String(item)));
}

function expectation(text: string): Expectation {
  const condition = /^condition=(?<type>[^=]+)(=(?<status>.+))?$/.exec(text)?.groups;
  if (condition) return { text, holds: (live) => hasCondition(live, condition.type ?? "", condition.status ?? "True") };
  const path = /^jsonpath=\{\s*\.?(?<path>.+?)\s*\}(=(?<value>.*))?$/.exec(text)?.groups;
  if (!path) {
    throw new Error(
      `pulumi.com/waitFor "${text}" is neither condition=TYPE[=STATUS] nor jsonpath={PATH}[=VALUE] nor a list of those`,
    );
  }
  // kubectl writes {.status.phase}; JSONPath starts at $.
  const query = `$.${path.path ?? ""}`.replace("$.[", "$[").replace(/^\$\.\$/, "$");
  return {
    text,
    holds(live) {
      const found = JSONPath<Json[]>({ path: query, json: live, eval: "safe" });
      if (path.value === undefined) return found.length > 0;
      return found.some((value) =>
        isDeepStrictEqual(typeof value === "string" ? value : JSON.stringify(value), path.value),
      );
    },
  };
}

/** Whether a status condition has that status; the words' case does not matter to kubectl either. */
export function hasCondition(live: JsonObject, type: string, status: string): boolean {
  return listAt(live, "status", "conditions").some(
    (condition) =>
      textAt(condition, "type")?.toLowerCase() === type.toLowerCase() &&
      textAt(condition, "status")?.toLowerCase() === status.toLowerCase(),
  );
}
