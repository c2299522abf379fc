"""Makes what this folder keeps, with an `ae` of before crates were divided anew: see README.md.

    python3 make.py path/to/ae
"""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

AE = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
SIDE = 28
TRAIN, TEST = 24, 8
STEPS_PER_EPOCH = 3

COMMON = "train --data drawings --batch-size 8 --warmup-steps 2 --backend flex --quiet"
RUN = f"{COMMON} --widths 4,4 --noise gaussian:0.2 --epochs 40 --schedule cosine"
SIZE = "--size 12x12"
SMALL = f"--data drawings {SIZE}"
MODELS = {
    "conv": "--widths 3,4",
    "conv-latent": "--widths 3,2 --latent 5",
    "transposed": "--widths 3,4 --upsampling transposed --latent 3",
    "denoiser": "--widths 3,4 --noise gaussian:0.3",
    "dense": "--model dense --widths 3,2",
    "vae": "--model vae --network conv --widths 3,2 --latent 2",
    "sparse": "--model sparse --widths 3,2 --latent 6 --sparsity top-k:2",
    "contractive": "--model contractive --widths 3,2 --latent 3",
}


def drawing(number):
    """The same as in fixture.rs."""
    kind, shift = number % 4, 2 + number // 4 % 7

    def inside(row, column):
        row, column = row - shift, column - shift
        if row < 0 or column < 0:
            return False
        return [
            row < 16 and column < 5,
            row < 5 and column < 16,
            row < 14 and column < 14,
            row < 16 and column < 16 and not 4 <= row < 12,
        ][kind]

    return bytes(230 if inside(pixel // SIDE, pixel % SIDE) else 0 for pixel in range(SIDE * SIDE))


def write_set(folder):
    os.makedirs(folder)
    for part, numbers in (("train", range(TRAIN)), ("t10k", range(TRAIN, TRAIN + TEST))):
        with open(f"{folder}/{part}-images-idx3-ubyte", "wb") as file:
            file.write(struct.pack(">BBBBIII", 0, 0, 8, 3, len(numbers), SIDE, SIDE))
            file.write(b"".join(drawing(number) for number in numbers))
        with open(f"{folder}/{part}-labels-idx1-ubyte", "wb") as file:
            file.write(struct.pack(">BBBBI", 0, 0, 8, 1, len(numbers)))
            file.write(bytes(number % 4 for number in numbers))


def ae(line):
    return subprocess.run([AE, *line.split()], check=True, capture_output=True).stdout


def interrupt(name):
    """Trains until a signal comes within an epoch, past the first and before the last."""
    while True:
        shutil.rmtree(name, ignore_errors=True)
        process = subprocess.Popen([AE, *f"{RUN} --out {name}".split()], stderr=subprocess.DEVNULL)
        while process.poll() is None:
            if os.path.exists(f"{name}/metrics.jsonl") and os.path.getsize(f"{name}/metrics.jsonl") > 6000:
                process.send_signal(signal.SIGTERM)
                break
            time.sleep(0.0005)
        process.wait()
        steps = sorted(int(folder[5:]) for folder in os.listdir(f"{name}/checkpoints") if folder.startswith("step-"))
        if steps and steps[-1] % STEPS_PER_EPOCH and steps[-1] > 2 * STEPS_PER_EPOCH and process.returncode == 143:
            return steps[-1]


os.chdir(tempfile.mkdtemp())
write_set("drawings")
for name, options in MODELS.items():
    ae(f"{COMMON} {SIZE} --epochs 2 --out runs/{name} {options}")
    file = f"{name}.safetensors"
    shutil.copy(f"runs/{name}/model.safetensors", file)
    shutil.copy(file, HERE)
    evaluation = json.loads(ae(f"eval {file} {SMALL} --backend flex --json --quiet"))
    with open(f"{HERE}/{name}.json", "w") as out:
        json.dump({key: evaluation[key] for key in ("model", "codes") if key in evaluation}, out, indent=1)
        out.write("\n")
    ae(f"encode {file} {SMALL} --part test --limit 2 --backend flex --force --quiet -o {HERE}/{name}.npy")

ae(f"{RUN} --out whole")
for name in ("last", "model"):
    shutil.copy(f"whole/{name}.safetensors", f"{HERE}/ended-{name}.safetensors")
step = interrupt("run")
shutil.rmtree(f"{HERE}/run", ignore_errors=True)
shutil.copytree("run", f"{HERE}/run", ignore=shutil.ignore_patterns("pictures", "lock"))
print("interrupted after step", step)
