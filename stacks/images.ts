import { images } from "../components";
import type { ImagesSettings } from "./settings/images";

type Images = Record<keyof typeof images, string>;

/** `quay.io/a/b:c` → `REGISTRY/a/b:c`. Every image of the table names its registry. */
const mirrored = (image: string, registry: string) => `${registry}/${image.split("/").slice(1).join("/")}`;

/** Where each image comes from: an override, else the mirror, else its vendor; pinned where there is a digest. */
export function imagesOf({ registry, overrides, digests }: ImagesSettings): Images {
  const entries = Object.entries(images).map(([key, image]) => {
    const name = key as keyof Images;
    const place = overrides[name] ?? (registry === undefined ? image : mirrored(image, registry));
    const digest = digests[name];
    return [name, digest === undefined ? place : `${place}@${digest}`];
  });
  return Object.fromEntries(entries) as Images;
}
