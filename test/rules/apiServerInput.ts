import { apiServerRules } from "../../components/prometheus/rules/apiServer";
import type { Input } from "./promtool";

/** Only the group at hand: cases of many hours take their time. */
export const group = (...names: string[]) => apiServerRules().filter(({ name }) => names.includes(name));

const scope = (verb: string) => (verb === "LIST" ? "cluster" : "resource");

/** Requests of one verb per minute: all, and of them those in time and those that failed; on each of two servers. */
export function requests(verb: string, all: string, inTime: string, failed?: string, labels = ""): Input {
  const of = (server: string) =>
    `job="apiserver", instance="${server}", component="apiserver", group="", version="v1", resource="pods", scope="${scope(verb)}", verb="${verb}"${labels}`;
  const edge = verb === "LIST" ? "30.0" : "1.0";
  return Object.fromEntries(
    ["10.0.0.1:443", "10.0.1.1:443"].flatMap((server) => [
      [`apiserver_request_sli_duration_seconds_count{${of(server)}}`, all],
      [`apiserver_request_sli_duration_seconds_bucket{${of(server)}, le="${edge}"}`, inTime],
      [`apiserver_request_total{${of(server)}, code="200"}`, all],
      // A server that has never failed has no such series.
      ...(failed === undefined ? [] : [[`apiserver_request_total{${of(server)}, code="500"}`, failed]]),
    ]),
  );
}

export const steady = (perMinute: number, minutes: number) => `0+${perMinute}x${minutes}`;
