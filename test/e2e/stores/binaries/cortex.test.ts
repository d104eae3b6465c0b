import { describeRingStore } from "./ringStoreSuite";

describeRingStore("cortex");
