import assert from "node:assert/strict";
import { names } from "../../../../stacks/names";
import { queryNow, queryNumber, serviceRequest } from "../../../../tools/local/questions";
import { deployStack } from "../../../../tools/local/stacks";
import { eventually } from "../eventually";
import { type LivePlatform, NAMESPACE } from "../livePlatform";

interface RuleAnswer {
  groups: { name: string; rules: { name: string; health: string; lastError?: string }[] }[];
}

export function shards(platform: LivePlatform): void {
  const count = (promql: string, dedup = true) => queryNumber(platform.api, NAMESPACE, promql, { dedup });
  const rulesOf = async (name: string, port: string) => {
    const answer = await serviceRequest(platform.api, { namespace: NAMESPACE, name, port }, { path: "/api/v1/rules" });
    return (answer.data as unknown as RuleAnswer).groups;
  };

  before(async () => {
    await deployStack(await platform.stack(["prometheus.shards=2"]), () => {});
  });

  it("every target is scraped by one shard, kube-state-metrics by each", async () => {
    await eventually(
      "all four servers answer",
      () => count("count(count by (prometheus_replica) (up))", false),
      (servers) => servers === 4,
    );
    await eventually(
      "each fleet node is scraped by the pair of one shard",
      () => queryNow(platform.api, NAMESPACE, 'count by (instance) (up{job="dcgm-exporter"})', { dedup: false }),
      (nodes) => nodes.length === 3 && nodes.every(({ value }) => value === 2),
    );
    await eventually(
      "kube-state-metrics is scraped by all four",
      () => count('count(up{job="kube-state-metrics"})', false),
      (targets) => targets === 8,
    );
    // The shard that has given the node away still has its last samples for a moment.
    await eventually(
      "what there is of the node is on one shard",
      () =>
        queryNow(
          platform.api,
          NAMESPACE,
          'count by (node) (count by (node, prometheus_replica) (up{job=~"kubelet|cadvisor|node-exporter"}))',
          { dedup: false },
        ),
      (nodes) => nodes.length === 1 && nodes[0]?.value === 2,
    );
  });

  it("each rule is evaluated once: by the shards, or by the ruler over all of them", async () => {
    const bothLoaded = await eventually(
      "the rules are loaded",
      async () => ({ shard: await rulesOf(names.prometheus, "web"), global: await rulesOf(names.ruler, "web") }),
      ({ shard, global }) => shard.length > 0 && global.length > 0 && !shard.some(({ name }) => name === "targets"),
    );
    const namesOf = (groups: RuleAnswer["groups"]) => groups.map(({ name }) => name);
    assert.deepEqual(
      namesOf(bothLoaded.shard).filter((name) => namesOf(bothLoaded.global).includes(name)),
      [],
    );
    assert.ok(namesOf(bothLoaded.global).includes("targets"));
    await eventually(
      "the ruler has evaluated all of its rules, without a failure",
      async () =>
        (await rulesOf(names.ruler, "web")).flatMap(({ rules }) => rules.filter(({ health }) => health !== "ok")),
      (unwell) => unwell.length === 0,
    );
    await eventually(
      "every target is up, the rulers among them",
      async () => ({
        down: (await queryNow(platform.api, NAMESPACE, "up == 0")).map(
          ({ labels }) => `${labels.job} ${labels.instance}`,
        ),
        rulers: await count('count(up{job="thanos-ruler"} == 1)'),
      }),
      ({ down, rulers }) => down.length === 0 && rulers === 4,
    );
  });

  after(async () => {
    await deployStack(await platform.stack(), () => {});
  });
}
