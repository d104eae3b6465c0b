import assert from "node:assert/strict";
import { platformOptions, stackSettings } from "../components/platformProgram";
import { graphOf } from "../harness";

describe("index.ts, the program that the CLI runs", () => {
  it("exports exactly the stack's outputs", async () => {
    const { outputs } = await graphOf(() => require("../../index"), platformOptions(stackSettings("prod")));
    assert.deepEqual(Object.keys(outputs).sort(), ["alertmanagerUrls", "clusterName", "namespace", "queryUrl"]);
  });
});
