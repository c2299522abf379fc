"""Step times of the default convolutional model in one process and in two, by ae with MPI and by PyTorch's DDP over gloo.

    cargo build --release -p ae-cli --features mpi
    python step_times_of_ranks.py target/release/ae > step_times_of_ranks.txt

The ways are interleaved, round by round; what is printed are medians. Ranks are bound to a core each. Batches of 128 images of 28x28; ae
trains on the built-in letters and its second epoch is taken, PyTorch on random images. Needs Open MPI, and torch.
"""

import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import torch

from step_times_of_ranks_ddp import WAYS as DDP_WAYS

ROUNDS = 5
IMAGES, BATCH = 1280, 128
TRAIN = ["train", "--data", "glyphs", "--limit", IMAGES, "--validation-share", 0, "--batch-size", BATCH, "--epochs", 2, "--backend", "flex",
         "--quiet", "--checkpoint-every", "1h", "--force"]
PINNED = ["taskset", "-c", 0]
RANKS = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "core", "-n"]
AE_WAYS = {
    "ae, 1 thread": (PINNED, 1, None),
    "ae, 2 threads": ([], 2, None),
    "ae, 1 thread, 8 parts": (PINNED, 1, 8),
    "ae, 1 rank, 8 parts": ([*RANKS, 1], 1, 8),
    "ae, 2 ranks, 8 parts": ([*RANKS, 2], 1, 8),
    "ae, 2 ranks, 2 parts": ([*RANKS, 2], 1, 2),
}


def step_of_ae(ae, before, threads, parts):
    """Milliseconds a step of the second epoch."""
    with tempfile.TemporaryDirectory() as place:
        more = ["--threads", threads, "--out", f"{place}/run"] + (["--batch-parts", parts] if parts else [])
        command = list(map(str, [*before, ae, *TRAIN, *more]))
        subprocess.run(command, check=True, capture_output=True, cwd=place)
        lines = [json.loads(line) for line in open(f"{place}/run/metrics.jsonl")]
    seconds = [line["train_seconds"] for line in lines if line["kind"] == "epoch"][-1]
    return 1e3 * seconds / (IMAGES // BATCH)


def step_of_ddp(ranks, threads):
    script = pathlib.Path(__file__).with_name("step_times_of_ranks_ddp.py")
    done = subprocess.run([sys.executable, script, str(ranks), str(threads)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main():
    ae = pathlib.Path(sys.argv[1]).resolve()
    found = {}
    for _ in range(ROUNDS):
        for name, way in AE_WAYS.items():
            found.setdefault(name, []).append(step_of_ae(ae, *way))
        for name, way in DDP_WAYS.items():
            found.setdefault(name, []).append(step_of_ddp(*way))
    print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, {time.strftime('%Y-%m-%d')}, {ROUNDS} rounds\n")
    for name, times in found.items():
        print(f"{name:24} {statistics.median(times):7.1f} ms a step, from {min(times):.1f} to {max(times):.1f}")


if __name__ == "__main__":
    main()
