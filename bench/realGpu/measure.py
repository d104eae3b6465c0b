"""What one real NVIDIA GPU reports while it idles, computes, waits and fails: the ground under the thresholds of the GPU rules.

Needs: an NVIDIA driver, Python 3.12 with nvidia-ml-py, PyTorch and CuPy. Nothing is installed and no setting of the GPU is changed.
Writes JSON to the path given as the only argument, a line per scenario to stdout. Takes about 4 minutes.

    python3 bench/realGpu/measure.py out.json

It reads NVML, from which DCGM takes the same figures; DCGM itself is not run. The profiling ratios are NVML's GPU performance
monitoring (GPM), which DCGM uses on Hopper and later.
"""

import ctypes
import json
import statistics
import subprocess
import sys
import threading
import time

import pynvml as nvml

SECONDS = 25
INTERVAL = 1.0

GPM = {
    "graphics_engine_active": nvml.NVML_GPM_METRIC_GRAPHICS_UTIL,
    "sm_active": nvml.NVML_GPM_METRIC_SM_UTIL,
    "sm_occupancy": nvml.NVML_GPM_METRIC_SM_OCCUPANCY,
    "tensor_active": nvml.NVML_GPM_METRIC_ANY_TENSOR_UTIL,
    "dram_active": nvml.NVML_GPM_METRIC_DRAM_BW_UTIL,
}


def attempt(read):
    """A value, or why there is none: cards and drivers differ in what they have."""
    try:
        return read()
    except (nvml.NVMLError, AttributeError, TypeError) as error:
        return f"unavailable: {error}"


class Sampler:
    """Reads the GPU once a second in a thread of its own."""

    def __init__(self, handle):
        self.handle = handle
        self.samples = []
        self.stop = threading.Event()

    def read_gpm(self, before, after):
        request = nvml.c_nvmlGpmMetricsGet_t()
        request.version = nvml.NVML_GPM_METRICS_GET_VERSION
        request.numMetrics = len(GPM)
        request.sample1, request.sample2 = before, after
        for index, metric in enumerate(GPM.values()):
            request.metrics[index].metricId = metric
        nvml.nvmlGpmMetricsGet(request)
        return {name: request.metrics[index].value / 100 for index, name in enumerate(GPM)}

    def run(self):
        handle = self.handle
        before, after = nvml.nvmlGpmSampleAlloc(), nvml.nvmlGpmSampleAlloc()
        nvml.nvmlGpmSampleGet(handle, before)
        while not self.stop.wait(INTERVAL):
            nvml.nvmlGpmSampleGet(handle, after)
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
            sample = {
                "gpu_util": nvml.nvmlDeviceGetUtilizationRates(handle).gpu,
                "memory_copy_util": nvml.nvmlDeviceGetUtilizationRates(handle).memory,
                "power_watts": nvml.nvmlDeviceGetPowerUsage(handle) / 1000,
                "energy_mj": nvml.nvmlDeviceGetTotalEnergyConsumption(handle),
                "gpu_celsius": nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
                "memory_celsius": attempt(lambda: field(handle, nvml.NVML_FI_DEV_MEMORY_TEMP)),
                "sm_mhz": nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM),
                "clock_event_reasons": nvml.nvmlDeviceGetCurrentClocksEventReasons(handle),
                "memory_used_mib": memory.used // 2**20,
                "pcie_generation": attempt(lambda: nvml.nvmlDeviceGetCurrPcieLinkGeneration(handle)),
                "pcie_width": attempt(lambda: nvml.nvmlDeviceGetCurrPcieLinkWidth(handle)),
                **attempt_gpm(self, before, after),
            }
            self.samples.append(sample)
            before, after = after, before
        nvml.nvmlGpmSampleFree(before)
        nvml.nvmlGpmSampleFree(after)


def attempt_gpm(sampler, before, after):
    try:
        return sampler.read_gpm(before, after)
    except nvml.NVMLError as error:
        return {"gpm": f"unavailable: {error}"}


def field(handle, identifier, scope=0):
    value = nvml.nvmlDeviceGetFieldValues(handle, [(identifier, scope)])[0]
    if value.nvmlReturn != nvml.NVML_SUCCESS:
        raise nvml.NVMLError(value.nvmlReturn)
    return {
        nvml.NVML_VALUE_TYPE_DOUBLE: value.value.dVal,
        nvml.NVML_VALUE_TYPE_UNSIGNED_INT: value.value.uiVal,
        nvml.NVML_VALUE_TYPE_UNSIGNED_LONG: value.value.ulVal,
        nvml.NVML_VALUE_TYPE_UNSIGNED_LONG_LONG: value.value.ullVal,
        nvml.NVML_VALUE_TYPE_SIGNED_LONG_LONG: value.value.sllVal,
        nvml.NVML_VALUE_TYPE_SIGNED_INT: value.value.siVal,
    }[value.valueType]


def constants(handle):
    thresholds = {
        name: attempt(lambda code=getattr(nvml, f"NVML_TEMPERATURE_THRESHOLD_{name.upper()}"): nvml.nvmlDeviceGetTemperatureThreshold(handle, code))
        for name in ("slowdown", "shutdown", "mem_max", "gpu_max")
    }
    fields = {
        name: attempt(lambda code=getattr(nvml, name, None): field(handle, code) if code is not None else "unavailable: unknown to this nvidia-ml-py")
        for name in (
            "NVML_FI_DEV_GET_GPU_RECOVERY_ACTION",
            "NVML_FI_DEV_REMAPPED_COR",
            "NVML_FI_DEV_REMAPPED_UNC",
            "NVML_FI_DEV_REMAPPED_PENDING",
            "NVML_FI_DEV_REMAPPED_FAILURE",
            "NVML_FI_DEV_ECC_DBE_VOL_TOTAL",
            "NVML_FI_DEV_ECC_SBE_VOL_TOTAL",
            "NVML_FI_DEV_NVLINK_GET_STATE",
            "NVML_FI_DEV_NVLINK_GET_SPEED",
            "NVML_FI_DEV_TEMPERATURE_SHUTDOWN_TLIMIT",
            "NVML_FI_DEV_TEMPERATURE_SLOWDOWN_TLIMIT",
            "NVML_FI_DEV_TEMPERATURE_GPU_MAX_TLIMIT",
            "NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_POWER_CAP",
            "NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN",
        )
    }
    fabric = attempt(lambda: fabric_info(handle))
    return {
        "name": nvml.nvmlDeviceGetName(handle),
        "driver": nvml.nvmlSystemGetDriverVersion(),
        "power_limit_watts": nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000,
        "max_sm_mhz": nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM),
        "max_pcie_generation": attempt(lambda: nvml.nvmlDeviceGetMaxPcieLinkGeneration(handle)),
        "max_pcie_width": attempt(lambda: nvml.nvmlDeviceGetMaxPcieLinkWidth(handle)),
        "memory_total_mib": nvml.nvmlDeviceGetMemoryInfo(handle).total // 2**20,
        "memory_reserved_mib": attempt(lambda: nvml.nvmlDeviceGetMemoryInfo(handle, nvml.nvmlMemory_v2).reserved // 2**20),
        "temperature_thresholds_celsius": thresholds,
        "temperature_margin_celsius": attempt(lambda: nvml.nvmlDeviceGetMarginTemperature(handle)),
        "mig_mode": attempt(lambda: nvml.nvmlDeviceGetMigMode(handle)),
        "remapped_rows": attempt(lambda: nvml.nvmlDeviceGetRemappedRows(handle)),
        "row_remapper_histogram": attempt(lambda: histogram(handle)),
        "fabric": fabric,
        "fields": fields,
    }


def fabric_info(handle):
    info = nvml.c_nvmlGpuFabricInfo_t()
    nvml.nvmlDeviceGetGpuFabricInfo(handle, ctypes.byref(info))
    return {"state": info.state, "status": info.status}


def histogram(handle):
    values = nvml.nvmlDeviceGetRowRemapperHistogram(handle)
    return {name: getattr(values, name) for name in ("max", "high", "partial", "low", "none")}


def summarise(samples):
    """Median, least and most of every figure; the first seconds are left out, in which clocks and averages still move."""
    settled = samples[5:]
    result = {"samples": len(settled)}
    for key in settled[0]:
        numbers = [sample[key] for sample in settled if isinstance(sample.get(key), (int, float))]
        result[key] = (
            {"median": statistics.median(numbers), "min": min(numbers), "max": max(numbers)} if numbers else settled[0][key]
        )
    return result


IDLE = "import time; print('ready', flush=True); time.sleep(1000)"
HELD = "import torch, time\nx = torch.empty(60 * 2**30, dtype=torch.uint8, device='cuda')\nprint('ready', flush=True)\ntime.sleep(1000)"
MATMUL = (
    "import torch\na = torch.randn(8192, 8192, device='cuda', dtype=torch.bfloat16)\nb = torch.randn_like(a)\nprint('ready', flush=True)\n"
    "while True:\n    for _ in range(50): c = a @ b\n    torch.cuda.synchronize()"
)
COPY = (
    "import torch\na = torch.empty(2**32, device='cuda', dtype=torch.uint8)\nb = torch.empty_like(a)\nprint('ready', flush=True)\n"
    "while True:\n    for _ in range(50): b.copy_(a)\n    torch.cuda.synchronize()"
)
# As a collective that waits for a rank that never comes: a few blocks that read a flag again and again.
WAIT = (
    "import cupy\nkernel = cupy.RawKernel(r'''extern \"C\" __global__ void wait(volatile int *flag) { while (*flag == 0) {} }''', 'wait')\n"
    "flag = cupy.zeros(1, dtype=cupy.int32)\ncupy.cuda.Device().synchronize()\n"
    "stream = cupy.cuda.Stream(non_blocking=True)\nprint('ready', flush=True)\n"
    "with stream: kernel((BLOCKS,), (THREADS,), (flag,))\nstream.synchronize()"
)
# A decoder that serves few requests: mostly reading weights, with gaps.
SERVE = (
    "import torch, time\nw = [torch.randn(8192, 8192, device='cuda', dtype=torch.bfloat16) for _ in range(64)]\n"
    "x = torch.randn(8, 8192, device='cuda', dtype=torch.bfloat16)\nprint('ready', flush=True)\n"
    "while True:\n    y = x\n    for m in w: y = torch.tanh(y @ m)\n    torch.cuda.synchronize()\n    time.sleep(0.005)"
)
# A training step that loads data for a second between half seconds of work.
STARVED = MATMUL.replace("while True:\n", "import time\nwhile True:\n    time.sleep(1.0)\n").replace("range(50)", "range(350)")


def scenario(handle, script):
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if line.strip() != "ready":
            return {"failed": process.stderr.read()[-500:]}
        sampler = Sampler(handle)
        thread = threading.Thread(target=sampler.run)
        thread.start()
        time.sleep(SECONDS)
        sampler.stop.set()
        thread.join()
        return summarise(sampler.samples)
    finally:
        process.kill()
        process.wait()


FAULTS = {
    "illegal address": "import cupy\nk = cupy.RawKernel(r'''extern \"C\" __global__ void f(int *p) { p[0] = 1; }''', 'f')\nk((1,), (1,), (0x10,))\ncupy.cuda.Device().synchronize()",
    "trap": "import cupy\nk = cupy.RawKernel(r'''extern \"C\" __global__ void f() { asm(\"trap;\"); }''', 'f')\nk((1,), (1,), ())\ncupy.cuda.Device().synchronize()",
    "misaligned address": "import cupy\nx = cupy.zeros(64, dtype=cupy.int8)\nk = cupy.RawKernel(r'''extern \"C\" __global__ void f(char *p) { *(int *)(p + 1) = 1; }''', 'f')\nk((1,), (1,), (x,))\ncupy.cuda.Device().synchronize()",
    "stack overflow": "import cupy\nk = cupy.RawKernel(r'''__device__ int g(int n) { volatile int a[4096]; a[n % 4096] = n; return n <= 0 ? a[0] : g(n - 1) + a[n % 4096]; } extern \"C\" __global__ void f(int *p) { p[0] = g(p[0] + 1000000); }''', 'f')\nx = cupy.zeros(1, dtype=cupy.int32)\nk((1,), (1,), (x,))\ncupy.cuda.Device().synchronize()",
    "killed while it computes": None,
}


def faults(handle):
    """XID events that faulty programs cause, and whether the driver then asks for anything."""
    events = nvml.nvmlEventSetCreate()
    nvml.nvmlDeviceRegisterEvents(handle, nvml.nvmlEventTypeXidCriticalError, events)
    result = {}
    for name, script in FAULTS.items():
        if script is None:
            process = subprocess.Popen([sys.executable, "-c", MATMUL], stdout=subprocess.PIPE, text=True)
            process.stdout.readline()
            time.sleep(2)
            process.kill()
            process.wait()
            message = "SIGKILL"
        else:
            done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
            message = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"
        xids = []
        while True:
            try:
                xids.append(nvml.nvmlEventSetWait_v2(events, 2000).eventData)
            except nvml.NVMLError_Timeout:
                break
            except nvml.NVMLError as error:
                message += f"; {error}"
                break
        result[name] = {
            "xids": xids,
            "program": message[:200],
            "recovery_action": attempt(lambda: field(handle, nvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION)),
        }
        print(name, result[name], flush=True)
    return result


def main():
    nvml.nvmlInit()
    handle = nvml.nvmlDeviceGetHandleByIndex(0)
    result = {"when": time.strftime("%Y-%m-%d"), "constants": constants(handle), "scenarios": {}}
    print(json.dumps(result["constants"]), flush=True)
    waiting = lambda blocks, threads: WAIT.replace("BLOCKS", str(blocks)).replace("THREADS", str(threads))
    for name, script in {
        "idle": IDLE,
        "memory held, nothing computed": HELD,
        "matrix products": MATMUL,
        "memory copies": COPY,
        "serving with gaps": SERVE,
        "starved of data": STARVED,
        "waiting, 1 block": waiting(1, 32),
        "waiting, 24 blocks": waiting(24, 544),
        "waiting, every SM": waiting(132, 1024),
    }.items():
        result["scenarios"][name] = scenario(handle, script)
        print(name, json.dumps(result["scenarios"][name]), flush=True)
    result["faults"] = faults(handle)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(result, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
