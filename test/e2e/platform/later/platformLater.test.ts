import { faultsThrown, platform, platformReady, receiversReady, summary, up } from "../sharedPlatform";
import { destruction } from "../suites/destroy";
import { gpuFaultArrivals } from "../suites/gpuFaults";
import { shards } from "../suites/shards";
import { RECEIVER_NAMESPACE } from "../webhookReceiver";

/** Where ../platform.test.ts left it, with other suites between: what takes its time has had it. */
describe("the platform on a real Kubernetes, later", function () {
  this.timeout(2_500_000);
  before(platformReady);

  describe("an alert about GPUs:", () => {
    before(async () => {
      await faultsThrown();
      await receiversReady();
    });
    after(() => platform.api.request("DELETE", `/api/v1/namespaces/${RECEIVER_NAMESPACE}`));

    gpuFaultArrivals(platform, faultsThrown);
  });
  describe("with two shards", () => shards(platform));
  describe("destroyed", () => destruction(platform, up, summary));
});
