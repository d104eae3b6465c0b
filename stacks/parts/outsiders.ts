import type { Outsider } from "../../components";

/** Somebody by addresses. */
export const addresses = (name: string, cidrs: readonly string[]): Outsider => ({
  name,
  peers: cidrs.map((cidr) => ({ cidr })),
});

/** An edge's ports, by TCP. */
export const onPorts = (ports: readonly number[]) => ({ ports: ports.map((port) => ({ port })) });
