/** One release of the prometheus-operator: its tag and the sha256 of each file in `example/prometheus-operator-crd/`. */
export interface CrdRelease {
  version: string;
  /** Keyed by the plural name of the resource: the file is `monitoring.coreos.com_<plural>.yaml`. */
  sha256: Readonly<Record<string, string>>;
}

/**
 * The release that `components/versions.ts` pins. The sums were taken from the Go module, which Go's checksum database
 * vouches for; the files of the release tag on GitHub are the same bytes. An upgrade of the operator changes both files.
 */
export const pinnedRelease: CrdRelease = {
  version: "v0.93.1",
  sha256: {
    alertmanagerconfigs: "405d1e8f8c7f99cc2d4bbbcf394f055823c1d8e2e7d9ae80904c1c104877a421",
    alertmanagers: "a2adf6c349e6b955bf87ed4f5c9be573f8fc2b3009e9447c8321249f33577b21",
    podmonitors: "eef45bb50df838a85226eb6b03c0c7094c54d605776bdf2ec149f17fba8a1df0",
    probes: "9e091f0f95a8ec4b4e7f69a60f5c189a0846db17f5d014e24ca7c39e04c30adb",
    prometheusagents: "4a85558bd15ed4df43732f15e1001e8cd1ecdc6306cac96f4a21a914ee355ec9",
    prometheuses: "e453c7f324077b3fcc3f82ca40b095f0f23cc07e6177b2e61b863f04011bed41",
    prometheusrules: "2d72928f7ceb99d153f2f91d2c2fd68d4b89c4914f2a09e15ac049b2f0316df3",
    scrapeconfigs: "3528c4d2afa4eadec9c1416959581b30199291e1e32abbc0818878ad9fec2582",
    servicemonitors: "7dd4206947c94bc76f71daa07c45a1010a5d697c54fe079f8207b0e82026a26a",
    thanosrulers: "75d58ca8a97cb89b6295e06d18beb717b954439c989ab1811fe98e54404dc720",
  },
};
