import type * as pulumi from "@pulumi/pulumi";
import type { ServerArgs } from "../../kubernetes/server";

/** What all workloads of a Thanos store have in common. */
export interface ThanosWorkloads {
  namespace: pulumi.Input<string>;
  requireSpread: boolean;
  image: string;
}

/** Pods of one kind. */
export interface ThanosReplicas {
  /** Default: 2. */
  replicas?: number;
  /** CPU request of each. Default: `100m`. */
  cpu?: string;
  /** Memory request and limit of each. Default: `512Mi`. */
  memory?: string;
}

// Prometheus' own, and the same on the pods as on the Service: on EKS a network policy that looks at Services before their pods
// needs both to be the same.
/** Ports that speak PromQL. */
export const queryListens = { http: { port: 9090, scrape: {} } };

/** Ports of all others; the names are those in the Service. */
export const storeListens = { http: { port: 10902, scrape: {} }, grpc: { port: 10901 } };

export const LOG_FORMAT = "--log.format=json";
export const DATA_DIRECTORY = "/var/thanos";

/** The addresses that a process with these ports listens on. */
export const listenFlags = ({ http, grpc }: { http: { port: number }; grpc?: { port: number } }): string[] => [
  `--http-address=0.0.0.0:${http.port}`,
  ...(grpc === undefined ? [] : [`--grpc-address=0.0.0.0:${grpc.port}`]),
];

/** Probes with the figures of kube-thanos. */
export const probes = (livenessFailures: number): Pick<ServerArgs, "readiness" | "liveness"> => ({
  readiness: { path: "/-/ready", port: "http", periodSeconds: 5, failureThreshold: 20 },
  liveness: { path: "/-/healthy", port: "http", periodSeconds: 30, failureThreshold: livenessFailures },
});

// Thanos' own time for requests that are under way; kube-thanos has the same.
export const GRACE_SECONDS = 120;
