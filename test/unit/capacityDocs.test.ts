import { cardinalityReference } from "../../tools/docs/cardinality";
import { generatedPart } from "../generatedPart";

describe("docs/cardinality.md", () => {
  it("is what the capacity functions say", () => generatedPart("cardinality.md", cardinalityReference()));
});
