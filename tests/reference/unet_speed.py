"""How quick the U-Net of `ae train --model unet` is by PyTorch on a CPU, beside ours in the same rounds.

    cargo build --release -p ae-kernels --example unet
    python unet_speed.py --ours ../../target/release/examples/unet > unet_speed.jsonl

The network of `unet.py` (470,592 weights, single precision). A training step is forward, mean squared error, backward, clipping by the
gradients' norm and Adam, on a batch that is there already: 64x64 patches, 16 and 32 at once. Inference is one gray image of 512x512
and eight of 64x64. Of PyTorch's ways (eager or compiled; contiguous or channels_last) each is tried first, and the quickest of each case is
what ours is set beside. Both take the same number of threads, `--threads`. Rounds alternate, PyTorch and ours, and each gives the median of
its steps; seconds are wall seconds, `processor_seconds` those of all threads, which other work on the machine disturbs less. PyTorch keeps
freed memory for its next step (MALLOC below) and has fused Adam; ours runs as it comes. Without `--ours` PyTorch runs alone. One JSON object
a line; the last of each case has the ratios of the rounds' medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

from unet import WIDTHS, Unet

WAYS = {
    "eager": (False, False),
    "eager, channels_last": (False, True),
    "compiled": (True, False),
    "compiled, channels_last": (True, True),
}
# As for the peers of `cargo xtask bench`: without these the system takes large tensors' pages back after every step.
MALLOC = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "17179869184", "MALLOC_TOP_PAD_": "67108864"}
# Name, what is done, images, side.
CASES = [("train 32x64", "train", 32, 64), ("train 16x64", "train", 16, 64), ("infer 1x512", "infer", 1, 512), ("infer 8x64", "infer", 8, 64)]


class Way:
    """The network in one of PyTorch's ways, and a step of a case."""

    def __init__(self, compiled, channels_last, batch, side):
        torch.manual_seed(1)
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.network = Unet(WIDTHS).to(memory_format=self.format)
        self.run = torch.compile(self.network) if compiled else self.network
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3, fused=True)
        self.clean = torch.rand(batch, 1, side, side)
        self.noisy = (self.clean + 0.1 * torch.randn_like(self.clean)).to(memory_format=self.format)

    def train(self):
        self.optimizer.zero_grad()
        loss = F.mse_loss(self.run(self.noisy), self.clean)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 0.1)
        self.optimizer.step()

    def infer(self):
        with torch.inference_mode():
            self.run(self.noisy)


def times(step, steps):
    """Median wall and processor seconds of a step."""
    wall, processor = [], []
    for _ in range(steps):
        begun, cpu_begun = time.perf_counter(), time.process_time()
        step()
        wall.append(time.perf_counter() - begun)
        processor.append(time.process_time() - cpu_begun)
    return statistics.median(wall), statistics.median(processor)


def ours(path, what, batch, side, steps, threads):
    """The same of our kernels, which print one JSON object."""
    command = [path, what, str(batch), str(side), str(steps)]
    environment = {key: value for key, value in os.environ.items() if key not in MALLOC}
    environment["RAYON_NUM_THREADS"] = str(threads)
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    row = json.loads(printed)
    return row["seconds"], row["processor_seconds"], row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours", help="the example `unet` of ae-kernels, built")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=5, help="steps a round")
    parser.add_argument("--cases", nargs="*", default=[case[0] for case in CASES])
    parser.add_argument("--ways", nargs="*", default=list(WAYS))
    options = parser.parse_args()
    if any(os.environ.get(key) != value for key, value in MALLOC.items()):
        # Read when a process starts.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **MALLOC})
    torch.set_num_threads(options.threads)
    print(json.dumps({"torch": torch.__version__, "mkldnn": torch.backends.mkldnn.is_available(), "threads": options.threads,
                      "python": sys.version.split()[0]}), flush=True)
    for name, what, batch, side in CASES:
        if name not in options.cases:
            continue
        best = None
        for way in options.ways:
            candidate = Way(*WAYS[way], batch, side)
            step = getattr(candidate, what)
            # Compilation is not the step's.
            times(step, 2)
            wall, processor = times(step, options.steps)
            print(json.dumps({"case": name, "way": way, "seconds": round(wall, 4), "processor_seconds": round(processor, 4)}), flush=True)
            if best is None or processor < best[0]:
                best = (processor, way, step)
        _, way, step = best
        rounds = []
        for _ in range(options.rounds):
            row = {"case": name, "way": way}
            row["theirs"], row["theirs_processor"] = times(step, options.steps)
            if options.ours:
                row["ours"], row["ours_processor"], rest = ours(options.ours, what, batch, side, options.steps, options.threads)
                row["instruction_set"] = rest["instruction_set"]
            rounds.append(row)
            print(json.dumps({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}), flush=True)
        median = {key: statistics.median(row[key] for row in rounds) for key in rounds[0] if isinstance(rounds[0][key], float)}
        result = {"case": name, "way": way, "rounds": len(rounds), **{key: round(value, 4) for key, value in median.items()}}
        result["theirs_images_per_second"] = round(batch / median["theirs"], 2)
        if options.ours:
            result["ours_images_per_second"] = round(batch / median["ours"], 2)
            result["ratio"] = round(median["theirs"] / median["ours"], 2)
            result["processor_ratio"] = round(median["theirs_processor"] / median["ours_processor"], 2)
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
