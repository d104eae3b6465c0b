import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { ProviderService } from "./service";

/** Said first, and beside every result that was reached with this provider. */
export const providerNotice =
  "not the vendor's provider: @pulumi/kubernetes cannot be downloaded here, so Kubernetes objects are deployed by this " +
  "project's own provider (tools/provider), attached to the real Pulumi engine";

/** A provider that listens for engines. */
export interface ServedProvider {
  /** On 127.0.0.1, for `PULUMI_DEBUG_PROVIDERS=kubernetes:PORT`. */
  port: number;
  /** Ends what still runs and closes the port. */
  close(): Promise<void>;
}

/**
 * Serves Kubernetes objects to the Pulumi engine from within this process. Set `PULUMI_DEBUG_PROVIDERS` to
 * `kubernetes:PORT` for the Pulumi CLI, and it uses this provider where it would start the vendor's plugin.
 */
export async function serveKubernetesProvider(): Promise<ServedProvider> {
  const service = new ProviderService();
  // A custom resource definition alone can pass gRPC's default of 4 MiB.
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(ResourceProviderService, service.handlers());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return {
    port,
    async close() {
      await service.close();
      server.forceShutdown();
    },
  };
}
