/** The Pulumi program: `pulumi up -s dev`. What it builds is read in stacks/platform.ts, what can be set in stacks/settings/. */
import { deploy } from "./stacks/platform";

// What a CommonJS program exports becomes the stack's outputs.
module.exports = deploy();
