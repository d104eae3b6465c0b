import { z } from "zod";
import { images } from "../../components";

const names = Object.keys(images) as (keyof typeof images)[];

const perImage = <T extends z.ZodType>(value: T) =>
  z.strictObject(
    Object.fromEntries(names.map((name) => [name, value.optional()])) as Record<keyof typeof images, z.ZodOptional<T>>,
  );

const reference = () =>
  z
    .string({ error: "must be an image with its tag or digest: registry.example.com/prometheus:v3.16.0" })
    .regex(/^[a-z0-9][a-z0-9._:/-]*(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$/, {
      error: "must be an image with its tag or digest: registry.example.com/prometheus:v3.16.0",
    });

const digest = () =>
  z
    .string({ error: "must be a digest: sha256: and 64 hexadecimal digits" })
    .regex(/^sha256:[0-9a-f]{64}$/, { error: "must be a digest: sha256: and 64 hexadecimal digits" });

/** Where container images come from. */
export const imagesSchema = z.strictObject({
  registry: z
    .string({ error: "must be a registry's host, with a path or without" })
    .regex(/^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(\/[a-z0-9._/-]*[a-z0-9])?$/, {
      error: "must be a registry's host, with a path or without: registry.example.com/mirror",
    })
    .optional()
    .describe(
      "A mirror that has every image under its own path: quay.io/prometheus/prometheus becomes REGISTRY/prometheus/prometheus. Default: the registries of the vendors.",
    ),
  overrides: perImage(reference().describe("The whole reference, of the same version; registry does not change it.")),
  digests: perImage(digest().describe("Pins the image, beside its tag.")),
});

export type ImagesSettings = z.output<typeof imagesSchema>;

export const imagesPreset = { overrides: {}, digests: {} };
