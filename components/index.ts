/**
 * The public API: components for Pulumi programs in any project. Importing it creates nothing.
 * Every component takes its Kubernetes provider through `opts.providers` or `opts.provider`.
 */
export type { LongTermStore } from "./backends/backend";
export { ThanosQuery, type ThanosQueryArgs } from "./backends/thanosQuery";
export { type ClusterAccess, createProvider } from "./kubernetes/provider";
export { Alertmanager, type AlertmanagerArgs, alertmanagerSecretsDirectory } from "./prometheus/alertmanager";
export { PrometheusOperator, type PrometheusOperatorArgs } from "./prometheus/operator";
export { Prometheus, type PrometheusArgs } from "./prometheus/prometheus";
export {
  type AlertmanagerConfiguration,
  type AlertRoute,
  alertmanagerConfiguration,
  type Heartbeat,
  type Routing,
  type WebhookReceiver,
} from "./prometheus/routing";
export { PlatformRules, type PlatformRulesArgs } from "./prometheus/rules";
export { images, versions } from "./versions";
