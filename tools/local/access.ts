import { UserError } from "../cli/errors";
import { type ApiClient, connect } from "../provider/apiClient";

/**
 * Connects to the cluster of a kubeconfig context and asks it once, before anything is deployed to it.
 * @throws UserError when the kubeconfig has no such context, or its API server does not answer.
 */
export async function connectToContext(context: string): Promise<ApiClient> {
  const api = await connect({ context }).catch((error: Error) => {
    throw new UserError(
      `the context "${context}" cannot be used: ${error.message}`,
      "`kubectl config get-contexts` lists those that there are; KUBECONFIG names the file",
    );
  });
  try {
    await api.request("GET", "/version", { signal: AbortSignal.timeout(10_000) });
    return api;
  } catch (error) {
    api.close();
    throw new UserError(
      `the cluster of the context "${context}" does not answer: ${error instanceof Error ? error.message : String(error)}`,
      `make \`kubectl --context ${context} version\` work, then run the command again`,
    );
  }
}
