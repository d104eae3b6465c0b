import { lint, typeCheck } from "../../tools/testing/staticChecks";

describe("the code", () => {
  it("has no type errors", () => typeCheck()).timeout(300_000);
  it("has no lint or format errors", () => lint()).timeout(300_000);
});
