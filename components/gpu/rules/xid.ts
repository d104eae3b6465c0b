import type { RuleGroup } from "../../prometheus/rules/rule";
import {
  expected,
  fallenOffBus,
  gsp,
  nvlink,
  otherFatal,
  platform,
  type XidSeverity,
  xidCodes,
  xidPattern,
} from "../xid";
import type { GpuRuleContext } from "./context";
import { BY_GPU, BY_NODE, inService, ON_GPU, perGpu } from "./expressions";
import { GPU, latchedCodes, ofLastDay, xidAlert, xidAndName } from "./xidAlert";
import { XID_LATCHED } from "./xidEvents";

const ofNvlink = (severity: XidSeverity) => xidCodes({ alert: "GpuNvlinkXid", severity });

/** Models whose NVLinks reach beyond the node, through the whole rack. */
const RACK_SCALE = 'modelName=~".*GB[23]00.*"';

/**
 * How many GPUs of each NVLink domain: a link has two ends, and all of a domain may report one that fails. The domain is the
 * node; of models on the scale of racks it is the failure domain, if it is known.
 */
function ofNvlinkDomain(select: (matchers: string) => string, label = ""): string {
  const count = (by: string, ...expr: string[]) =>
    `count by (${by}${label && `, ${label}`}) (${inService(`group by (${BY_GPU}${label && `, ${label}`}) (${expr.join(" or ")})`)})`;
  return [
    count(BY_NODE, select(RACK_SCALE.replace("=~", "!~")), select(`${RACK_SCALE}, failure_domain=""`)),
    count("cluster, region, failure_domain", select(`${RACK_SCALE}, failure_domain!=""`)),
  ].join(" or ");
}

const NVLINK_DOMAIN =
  "{{ if $labels.node }}node {{ $labels.node }}{{ else }}NVLink domain {{ $labels.failure_domain }}{{ end }}";

/** What says that an NVLink error was one of the fatal kinds, which its code does not tell. */
const confirmed = ({ profile }: GpuRuleContext) =>
  `(${perGpu("DCGM_FI_DEV_GPU_RECOVERY_ACTION")} > 0` +
  (profile === "essential" ? ")" : ` or ${perGpu("DCGM_EXP_GPU_HEALTH_STATUS", 'health_watch="NVLINK"')} >= 20)`);

/** Alerts on codes, by the table; those of memory are with the other signs of it. */
export const xidRules = (context: GpuRuleContext): RuleGroup[] => {
  const uncertain = (matchers: string) => latchedCodes(ofNvlink("warning"), matchers);
  return [
    {
      name: "gpu-xid",
      scope: "shard",
      rules: [
        xidAlert({
          alert: "GpuFallenOffBus",
          codes: fallenOffBus,
          summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} has fallen off the bus.",
          description: `The driver lost ${GPU}: ${xidAndName(fallenOffBus)}. What ran on it is dead, its metrics end, and nothing but a reboot brings it back.`,
        }),
        xidAlert({
          alert: "GpuGspError",
          codes: gsp,
          summary: "The system processor of GPU {{ $labels.gpu }} of node {{ $labels.node }} has failed.",
          description: `${GPU} reported ${xidAndName(gsp)}. Programs on it hang or fail, and nvidia-smi may hang, until the GPU is reset.`,
        }),
        xidAlert({
          alert: "GpuFatalXid",
          codes: otherFatal,
          summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} has failed with XID {{ $labels.xid }}.",
          description: `${GPU} reported ${xidAndName(otherFatal)}. By NVIDIA's table it does no more work until it is reset or its node booted.`,
        }),
        xidAlert({
          alert: "GpuPlatformXid",
          codes: platform,
          summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} reported XID {{ $labels.xid }}.",
          description: `${GPU} reported ${xidAndName(platform)} within a day. It works, but something about it or its node is not as it should be.`,
        }),
        {
          alert: "GpuUnknownXid",
          expr: inService(ofLastDay(`${XID_LATCHED}{xid!~"${xidPattern(expected)}"}`)),
          severity: "warning",
          owner: "platform",
          action: "none",
          summary: "GPU {{ $labels.gpu }} of node {{ $labels.node }} reported the unexpected XID {{ $labels.xid }}.",
          description: `${GPU} reported XID {{ $labels.xid }} within a day. NVIDIA's table does not have it, or calls it unused: nobody has decided what it means here.`,
        },
      ],
    },
    {
      name: "gpu-xid-nvlink",
      // The rack of an NVLink domain may be spread over shards.
      scope: "global",
      rules: [
        {
          alert: "GpuNvlinkFault",
          expr: ofNvlinkDomain(
            (matchers) =>
              `${latchedCodes(ofNvlink("critical"), matchers)} or (${uncertain(matchers)} and ${ON_GPU} ${confirmed(context)})`,
          ),
          // The card that confirmed it may go dark.
          keepFiringFor: "15m",
          severity: "critical",
          owner: "platform",
          action: "check-links",
          summary: `NVLinks of ${NVLINK_DOMAIN} have failed.`,
          description: `{{ $value }} GPUs of ${NVLINK_DOMAIN} reported XIDs of NVLink after which they need a reset. Jobs that use several GPUs there fail or hang.`,
        },
        {
          alert: "GpuNvlinkXid",
          expr: ofNvlinkDomain(
            (matchers) => `(${ofLastDay(uncertain(matchers))} unless ${ON_GPU} ${confirmed(context)})`,
            "xid",
          ),
          severity: "warning",
          owner: "platform",
          action: "check-links",
          summary: `GPUs of ${NVLINK_DOMAIN} reported errors of NVLink (XID {{ $labels.xid }}).`,
          description: `{{ $value }} GPUs of ${NVLINK_DOMAIN} reported ${xidAndName(ofNvlink("warning"))} within a day. Whether it was a fatal kind the code does not tell; neither the driver nor DCGM asks for a reset.`,
        },
      ],
    },
  ];
};

/** Codes that have a critical alert, some only together with what the driver or DCGM says. */
export const paged = [...xidCodes({ fatal: true }), ...nvlink.filter((code) => !ofNvlink("critical").includes(code))];
