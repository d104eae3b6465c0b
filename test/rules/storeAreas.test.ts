import assert from "node:assert/strict";
import { platformRuleAreas } from "../../components/prometheus/rules";
import { storeKinds } from "../../components/prometheus/rules/stores";

describe("rules: stores, which of them", () => {
  const of = (stores: string[]) => Object.keys(platformRuleAreas({ gpus: false, clusterMetrics: false, stores }));
  const others = of([]);
  const added = (stores: string[]) => of(stores).filter((area) => !others.includes(area));

  it("are those of the stores that run, and of what is written to them", () => {
    assert.deepEqual(added([]), []);
    assert.deepEqual(added(["mimir"]), ["remote-write", "mimir"]);
    assert.deepEqual(added(["thanos", "victoriaMetrics"]), ["remote-write", "thanos-store", "victoria-metrics"]);
    assert.deepEqual(added(["cortex", "cortex"]), ["remote-write", "cortex"]);
    assert.deepEqual(added(storeKinds), ["remote-write", "thanos-store", "mimir", "cortex", "victoria-metrics"]);
  });

  it("refuse a kind that there is not", () => {
    assert.throws(() => of(["influx"]), {
      message: 'stores: "influx" is none of thanos, mimir, cortex, victoriaMetrics',
    });
  });
});
