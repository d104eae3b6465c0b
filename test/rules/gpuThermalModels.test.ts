import assert from "node:assert/strict";
import { byFact, gpuModels } from "../../components/gpu/models";

/** What NVML calls them, and what is known. */
const products: Record<string, { maxCelsius: number; nvSwitch?: true }> = {
  "NVIDIA H100 80GB HBM3": { maxCelsius: 87, nvSwitch: true },
  "NVIDIA H100 PCIe": { maxCelsius: 87 },
  "NVIDIA H100 NVL": { maxCelsius: 87 },
  "NVIDIA H200": { maxCelsius: 87, nvSwitch: true },
  "NVIDIA H200 NVL": { maxCelsius: 87 },
  "NVIDIA B200": { maxCelsius: 87, nvSwitch: true },
  "NVIDIA B300 SXM6 AC": { maxCelsius: 87, nvSwitch: true },
  "NVIDIA GB200": { maxCelsius: 87 },
  "NVIDIA A100-SXM4-80GB": { maxCelsius: 85 },
  "NVIDIA A100 80GB PCIe": { maxCelsius: 85 },
  "NVIDIA A100-PCIE-40GB": { maxCelsius: 85 },
  "Tesla V100-SXM2-16GB": { maxCelsius: 83 },
  "Tesla T4": { maxCelsius: 85 },
  "NVIDIA A10G": { maxCelsius: 85 },
  "NVIDIA L40S": { maxCelsius: 85 },
};

const matches = (pattern: string, product: string) => new RegExp(`^(?:${pattern})$`).test(product);

describe("models of GPUs", () => {
  it("are known by NVML's names, each once", () => {
    for (const [product, { maxCelsius, nvSwitch }] of Object.entries(products)) {
      const found = gpuModels.filter(({ name }) => matches(name, product));
      assert.equal(found.length, 1, product);
      assert.deepEqual([found[0]?.maxCelsius, found[0]?.nvSwitch], [maxCelsius, nvSwitch], product);
    }
  });

  it("have facts that hold for each product by one matcher only", () => {
    for (const product of Object.keys(products)) {
      const matchers = byFact("maxCelsius").map(({ matcher }) => /^modelName=~"(.+)"$/.exec(matcher)?.[1] ?? "");
      assert.equal(matchers.filter((pattern) => matches(pattern, product)).length, 1, product);
    }
  });

  it("that nobody knows are not taken for others", () => {
    for (const product of ["NVIDIA GH200 480GB", "NVIDIA GeForce RTX 4090", "AMD Instinct MI300X"]) {
      assert.ok(!gpuModels.some(({ name }) => matches(name, product)), product);
    }
  });
});
