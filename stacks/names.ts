/** The names of the parts. Selectors, DNS names and other stacks depend on them: a rename replaces the part. */
export const names = {
  operator: "prometheus-operator",
  prometheus: "prometheus",
  alertmanager: "alertmanager",
  query: "thanos-query",
  rules: "platform-rules",
} as const;
