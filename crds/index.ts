/**
 * The operator's CustomResourceDefinitions, once per cluster and before any gpu-observability stack on it:
 *
 *     cd crds && pulumi stack init my-cluster
 *     pulumi config set --path 'cluster.kind' kubeconfig
 *     pulumi config set --path 'cluster.name' my-cluster
 *     pulumi up
 *
 * `destroy` removes the stack and leaves the definitions; a later `up` adopts them.
 */
import { deployCrds } from "./program";

// An exported function is what the engine awaits and takes the outputs from.
module.exports = deployCrds;
