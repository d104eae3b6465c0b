import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Lines beside a resource in the engine's own output. */
export interface EngineLog {
  /** Replaced by the next one; shows what is waited for. */
  status(urn: string, message: string): void;
  warn(urn: string, message: string): void;
  close(): void;
}

/** Says nothing; until the engine has given its address. */
export const noLog: EngineLog = { status: () => {}, warn: () => {}, close: () => {} };

export function engineLog(address: string): EngineLog {
  const client = new EngineClient(address, credentials.createInsecure());
  const send = (urn: string, message: string, severity: LogSeverity, ephemeral: boolean) => {
    const request = new LogRequest();
    request.setUrn(urn);
    request.setMessage(message);
    request.setSeverity(severity);
    request.setEphemeral(ephemeral);
    // The engine may be gone already; its log is not worth an error.
    client.log(request, () => {});
  };
  return {
    status: (urn, message) => send(urn, message, LogSeverity.INFO, true),
    warn: (urn, message) => send(urn, message, LogSeverity.WARNING, false),
    close: () => client.close(),
  };
}
