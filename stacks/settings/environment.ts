import { z } from "zod";

/** What the environment is for; it chooses the preset below every other key. */
export const environmentSchema = z.enum(["local", "development", "production"]);

export type Environment = z.output<typeof environmentSchema>;

/** One value per environment. */
export type Presets = Readonly<Record<Environment, unknown>>;
