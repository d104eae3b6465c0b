import { platformOf, stackSettings } from "../components/platformProgram";
import { goldenManifests } from "../harness";

/** Proves what a stack would send, not that a cluster takes it: the e2e tests do that. */
describe("golden manifests", () => {
  for (const stack of ["local", "dev", "prod"]) {
    it(`of ${stack}`, async () => goldenManifests(stack, await platformOf(stackSettings(stack))));
  }
});
