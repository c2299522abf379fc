"""How often `ae anomaly` calls normal images anomalous, beside the rate that was asked for.

    python false_alarm_rates.py --ae target/release/ae --normal a/normal --fresh a/fresh > false_alarm_rates.jsonl

For each kind of model and split seed, a model is trained on the normal images, calibrated on its validation images, and judges
the fresh ones, which are normal, too, at rates of .05 and .1. As the validation images also chose the epoch, the same
model judges the same images calibrated on as many images that nothing saw: groups of the first half of the fresh images, the
second half being judged. `--last` trains each model a second time with `--select last`: the same weights up to the epoch
that is kept, calibrated on the same images, which then chose nothing. One JSON object a run, then means with standard errors.
Split seeds share their images, whose chance these errors leave out; with `--draw` every seed has 200 normal and 400 fresh
pictures of its own, discs with noise.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile

import numpy as np
from PIL import Image

MODELS = {
    "dense": ["--model", "dense", "--widths", "256,64", "--epochs", "300"],
    "conv": ["--model", "conv", "--latent", "32", "--epochs", "100"],
    "vae": ["--model", "vae", "--latent", "32", "--epochs", "100"],
}
RATES = [0.05, 0.1]


def ae(options, *arguments):
    done = subprocess.run([options.ae, *map(str, arguments), "--threads", "1", "--json", "--quiet"],
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def draw_discs(folder, count, random):
    """Bright discs on a dark ground with a little noise."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    y, x = np.mgrid[:32, :32]
    for number in range(count):
        radius, across, down = 10 + random.uniform(-1, 1), 16 + random.uniform(-1, 1), 16 + random.uniform(-1, 1)
        image = np.where((y - down) ** 2 + (x - across) ** 2 < radius**2, 180.0, 40.0) + random.normal(0, 6, x.shape)
        Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(folder / f"{number:03d}.png")


def threshold(calibration, rate):
    """By its definition, apart from the program's own."""
    rank = int(np.ceil((len(calibration) + 1) * (1 - rate) - 1e-9))
    return np.sort(calibration)[rank - 1] if rank <= len(calibration) else np.inf


def judge(options, run, model, seed, select):
    """Trains a model and has it judge the fresh images."""
    ae(options, "train", *MODELS[model], "--data", options.normal, "-o", run, "--force", "--seed", seed, "--select", select)
    row = {}
    for rate in RATES:
        found = ae(options, "anomaly", run, "--data", options.fresh, "--false-alarm-rate", rate, "--score", options.score)
        row["calibrated_on"] = found["calibration"]["images"]
        row[f"expected at {rate}"] = found["calibration"]["expected_rate"]
        row[f"measured at {rate}"] = found["judged"]["anomalous_share"]
    fresh = np.array([file["score"] for file in found["judged"]["files"]])
    half, count = len(fresh) // 2, row["calibrated_on"]
    row["by validation, second half"] = float((fresh[half:] > found["threshold"]).mean())
    groups = [fresh[first : first + count] for first in range(0, half - count + 1, count)]
    row["by unseen, second half"] = float(np.mean([
        (fresh[half:] > threshold(group, RATES[-1])).mean() for group in groups]))
    shutil.rmtree(run)
    return row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ae", default="target/release/ae")
    parser.add_argument("--normal", type=pathlib.Path)
    parser.add_argument("--fresh", type=pathlib.Path)
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--last", action="store_true")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--score", default="error")
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        for model in options.models:
            for seed in range(1, options.seeds + 1):
                if options.draw:
                    options.normal, options.fresh = work / "normal", work / "fresh"
                    random = np.random.default_rng(seed)
                    draw_discs(options.normal, 200, random)
                    draw_discs(options.fresh, 400, random)
                row = judge(options, work / "run", model, seed, "best")
                if options.last:
                    last = judge(options, work / "run", model, seed, "last")
                    row |= {f"{key}, last epoch": last[key] for key in last if "measured" in key}
                row = {"model": model, "seed": seed, **row}
                rows.append(row)
                print(json.dumps(row), flush=True)
    for model in [*options.models, None]:
        chosen = [row for row in rows if model in (None, row["model"])]
        for key in [key for key in chosen[0] if key not in ("model", "seed", "calibrated_on")]:
            values = np.array([row[key] for row in chosen])
            print(json.dumps({"model": model or "all", "what": key, "mean": round(float(values.mean()), 4),
                              "standard_error": round(float(values.std(ddof=1) / np.sqrt(len(values))), 4)}))
        differences = {"validation less unseen": ("by validation, second half", "by unseen, second half")}
        if options.last:
            for rate in RATES:
                differences[f"best less last epoch at {rate}"] = (f"measured at {rate}", f"measured at {rate}, last epoch")
        for what, (first, second) in differences.items():
            values = np.array([row[first] - row[second] for row in chosen])
            print(json.dumps({"model": model or "all", "what": what, "mean": round(float(values.mean()), 4),
                              "standard_error": round(float(values.std(ddof=1) / np.sqrt(len(values))), 4)}))


if __name__ == "__main__":
    main()
