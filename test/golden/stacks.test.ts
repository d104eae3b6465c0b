import { platformOf, stackSettings } from "../components/platformProgram";
import { goldenManifests } from "../harness";

/** Proves what a stack would send, not that a cluster takes it: the e2e tests do that. */
describe("golden manifests", () => {
  it("of prod", async () => goldenManifests("prod", await platformOf(stackSettings("prod"))));

  for (const stack of ["local", "dev"]) {
    it(`of ${stack}`, async () => {
      const base = { dir: "prod", result: await platformOf(stackSettings("prod")) };
      goldenManifests(stack, await platformOf(stackSettings(stack)), { base });
    });
  }

  // In no stack file: what a second shard adds and changes.
  it("of prod with two shards", async () => {
    const base = { dir: "prod", result: await platformOf(stackSettings("prod")) };
    const settings = stackSettings("prod");
    const prometheus = { ...(settings.prometheus as object), shards: 2 };
    goldenManifests("prod-two-shards", await platformOf({ ...settings, prometheus }), { base });
  });

  // Nor are these: what each long-term store adds and changes.
  const bucket = { name: "ml-prod-metrics" };
  const zones = ["us-east-1a", "us-east-1b", "us-east-1c"];
  const stores = {
    thanos: { bucket },
    victoriaMetrics: { bucket, allowMixedIntervals: true },
    mimir: { bucket, zones },
    cortex: { bucket, zones },
  };
  for (const [kind, store] of Object.entries(stores)) {
    it(`of prod with ${kind}`, async () => {
      const base = { dir: "prod", result: await platformOf(stackSettings("prod")) };
      const settings = { ...stackSettings("prod"), longTermStorage: { kind, ...store } };
      goldenManifests(`prod-${kind.toLowerCase()}`, await platformOf(settings), { base });
    });
  }
});
