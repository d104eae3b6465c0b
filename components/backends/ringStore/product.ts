import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { RingStoreFacts } from "./configuration";
import type { Role } from "./roles";

/** What tells Mimir from Cortex. */
export interface RingStoreProduct {
  /** `mimir`: the software, and the configuration file's name. */
  software: string;
  image: string;
  roles: Role[];
  /** The configuration file, which all parts share. */
  configuration(facts: RingStoreFacts): object;
  /** What only one part, or one zone, is told. */
  flags(target: string, zone: string | undefined): string[];
  /** A password that the configuration file has besides the key of the bucket. */
  password?: pulumi.Output<string>;
  env?: k8s.types.input.core.v1.EnvVar[];
}
