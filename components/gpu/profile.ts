import * as pulumi from "@pulumi/pulumi";
import { type Profile, profiles } from "./signals";

/**
 * The profile of that name.
 * @throws InputPropertyError at `propertyPath` for one that does not exist.
 */
export function profileNamed(wanted: string, propertyPath: string): Profile {
  const profile = profiles.find((known) => known === wanted);
  if (profile !== undefined) return profile;
  throw new pulumi.InputPropertyError({ propertyPath, reason: `'${wanted}' is none of ${profiles.join(", ")}` });
}
