import { describeRingStore } from "./ringStoreSuite";

const part = { replicas: 3, resources: { cpu: "1", memory: "1Gi" }, storage: { kind: "volume", size: "1Gi" } };

// With the two parts that are off by default: they are started too.
describeRingStore("mimir", { ruler: part, alertmanager: part });
