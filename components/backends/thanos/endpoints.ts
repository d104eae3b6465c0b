import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

/** A querier in another cluster. It is always asked by TLS. */
export interface RemoteEndpoint {
  /** Unique among them; names the file with its certificates. */
  name: string;
  /** Host of its gRPC address. Every one is asked on its own: a name that stands for several has one of them answer. */
  host: pulumi.Input<string>;
  /** The port of that address. */
  port: number;
  /** Certificates (PEM) by which it is trusted. Default: those of the image. */
  caCertificate?: string;
  /** The name that its certificate must have. Default: `host`. */
  serverName?: string;
}

/** Who a querier asks. */
export interface Endpoints {
  /** Addresses in Thanos' notation, each of which holds something else. */
  endpoints: pulumi.Input<string>[];
  /** Like `endpoints`, but what an address stands for are replicas: a query asks one of them. Default: none. */
  groupEndpoints?: pulumi.Input<string>[];
  /** `HOST:PORT` of what is asked even while it is down, so that results say what they lack. Default: none. */
  strictEndpoints?: pulumi.Input<string>[];
  /** Queriers of other clusters, asked like `strictEndpoints`. Default: none. */
  remoteEndpoints?: RemoteEndpoint[];
}

/** The directory in which a querier finds {@link endpointFiles}. */
export const ENDPOINTS_DIRECTORY = "/etc/thanos";
export const ENDPOINTS_FILE = "endpoints.yaml";

const caFile = (name: string) => `${name}.crt`;

/** The list of endpoints and the certificates that it names, by file name. */
export function endpointFiles(args: Endpoints): Record<string, pulumi.Output<string>> {
  const remote = args.remoteEndpoints ?? [];
  const names = remote.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`remoteEndpoints: two are called ${twice}`);
  const content = pulumi
    .all([
      pulumi.all(args.endpoints),
      pulumi.all(args.groupEndpoints ?? []),
      pulumi.all(args.strictEndpoints ?? []),
      pulumi.all(remote.map(({ host }) => host)),
    ])
    .apply(([plain, groups, strict, hosts]) =>
      stringify({
        endpoints: [
          ...plain.map((address) => ({ address })),
          ...groups.map((address) => ({ address, group: true })),
          ...strict.map((address) => ({ address, strict: true })),
          ...remote.map((endpoint, index) => remoteEndpoint(endpoint, hosts[index] ?? "")),
        ],
      }),
    );
  const certificates = remote.flatMap(({ name, caCertificate }) =>
    caCertificate === undefined ? [] : [[caFile(name), pulumi.output(caCertificate)] as const],
  );
  return { [ENDPOINTS_FILE]: content, ...Object.fromEntries(certificates) };
}

const remoteEndpoint = ({ name, port, caCertificate, serverName }: RemoteEndpoint, host: string) => ({
  address: `${host}:${port}`,
  strict: true,
  client_config: {
    tls_config: {
      enabled: true,
      // Load balancers in front of it may know no 1.3, which is Thanos' own minimum.
      min_version: "1.2",
      ...(caCertificate === undefined ? {} : { ca_file: `${ENDPOINTS_DIRECTORY}/${caFile(name)}` }),
    },
    ...(serverName === undefined ? {} : { server_name: serverName }),
  },
});
