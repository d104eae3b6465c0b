import { faultsThrown, platform, platformReady, platformRemoved, receiversReady, summary, up } from "../sharedPlatform";
import { destruction } from "../suites/destroy";
import { gpuFaultArrivals } from "../suites/gpuFaults";
import { shards } from "../suites/shards";
import { RECEIVER_NAMESPACE } from "../webhookReceiver";

/** Where ../platform.test.ts left it, with other suites between: what takes its time has had it. */
describe("the platform on a real Kubernetes, later", function () {
  this.timeout(2_500_000);

  before(async () => {
    await platformReady();
    await faultsThrown();
    await receiversReady();
  });

  describe("an alert about GPUs:", () => gpuFaultArrivals(platform, faultsThrown));
  describe("with two shards", () => {
    before(() => platform.api.request("DELETE", `/api/v1/namespaces/${RECEIVER_NAMESPACE}`));
    shards(platform);
  });
  describe("destroyed", () => destruction(platform, up, summary));
});

after(function () {
  this.timeout(300_000);
  return platformRemoved();
});
