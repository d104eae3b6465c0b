import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { createServer, type Server } from "../../kubernetes/server";
import { images } from "../../versions";
import { COMMON_FLAGS, GRACEFUL } from "../victoriaMetrics/flags";
import type { RingStoreArgs } from "./args";
import { HTTP_PORT } from "./configuration";
import { tenantsOf } from "./problems";

/** The header by which a client says for which tenant it writes and asks. */
export const TENANT_HEADER = "X-Scope-OrgID";

const PORT = 8427;
/** Its own metrics have a port of their own: the other one is for tenants. */
const listens = { http: { port: PORT }, internal: { port: 8426, scrape: {} } };
const DIRECTORY = "/etc/gateway";
const FILE = "auth.yaml";

/**
 * What is behind the gateway, by the end of its Service's name; the first that matches is taken. Rules and alerts have addresses
 * below that of queries.
 */
const BEHIND: [target: string, paths: string[]][] = [
  ["distributor", ["/api/v1/push"]],
  ["ruler", ["/prometheus/config/v1/rules(/.*)?", "/prometheus/api/v1/(rules|alerts)"]],
  ["alertmanager", ["/alertmanager(/.*)?", "/api/v1/alerts"]],
  ["query-frontend", ["/prometheus/.*"]],
];

/** The parts that the gateway calls, where the store has them. */
export const BEHIND_GATEWAY = BEHIND.map(([target]) => target);

/** Path below which a client is the tenant of that name, for clients that cannot send a header. */
export const tenantPath = (tenant: string) => `/tenants/${tenant}`;

/**
 * Routes: below `/tenants/NAME` the tenant is the one of the path, whatever header the client sends; elsewhere the client's header
 * stays, and the store refuses a request without one. `targets` are the parts that the store has.
 */
export function gatewayRoutes(args: RingStoreArgs, targets: readonly string[], backend: (target: string) => string) {
  const below = (prefix: string) =>
    BEHIND.filter(([target]) => targets.includes(target)).map(([target, paths]) => ({
      src_paths: paths.map((path) => prefix + path),
      url_prefix: backend(target),
      // By address of each pod, so that a request that one refuses is tried at another.
      discover_backend_ips: target !== "distributor",
      retry_status_codes: [502, 503],
    }));
  const byPath = tenantsOf(args).flatMap(({ name }) =>
    below(tenantPath(name).replaceAll(".", "\\.")).map((each) => ({
      ...each,
      drop_src_path_prefix_parts: 2,
      headers: [`${TENANT_HEADER}: ${name}`],
    })),
  );
  return { unauthorized_user: { url_map: [...byPath, ...below("")] } };
}

/** One address for all tenants, for writes and for queries. */
export function createGateway(
  name: string,
  args: RingStoreArgs,
  targets: readonly string[],
  opts: pulumi.CustomResourceOptions,
): Server {
  const content = pulumi
    .output(args.namespace)
    .apply((namespace) =>
      stringify(gatewayRoutes(args, targets, (target) => `http://${name}-${target}.${namespace}.svc:${HTTP_PORT}`)),
    );
  const { replicas = 2, cpu = "100m", memory = "128Mi" } = args.gateway ?? {};
  return createServer(
    {
      identity: { name: "vmauth", instance: `${name}-gateway`, component: "gateway" },
      namespace: args.namespace,
      replicas,
      cpu,
      memory,
      image: args.gatewayImage ?? images.vmauth,
      args: [
        ...COMMON_FLAGS,
        GRACEFUL,
        `-auth.config=${DIRECTORY}/${FILE}`,
        `-httpListenAddr=:${listens.http.port}`,
        `-httpInternalListenAddr=:${listens.internal.port}`,
      ],
      listens,
      requireSpread: args.requireSpread ?? true,
      readiness: { path: "/health", port: "internal", periodSeconds: 5, failureThreshold: 3 },
      liveness: { path: "/health", port: "internal", periodSeconds: 15, failureThreshold: 4 },
      terminationGraceSeconds: 60,
      files: [{ mountPath: DIRECTORY, content: { [FILE]: content } }],
    },
    opts,
  );
}

/** Base address of the store for one tenant. */
export const tenantUrl = ({ host }: Server, tenant: string): pulumi.Output<string> =>
  pulumi.interpolate`http://${host}:${PORT}${tenantPath(tenant)}`;
