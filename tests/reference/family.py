"""Every kind of model at 32 numbers a code, from several seeds: the numbers of docs/benchmarks' page on the family.

Each model trains for 20 epochs as `ae train` does by default, then `ae eval`, `ae probe` and `ae anomaly` measure it.
One JSON object a model and seed; `--table` makes the page's table of them.

    python family.py --ae target/release/ae --letters DIR/notmnist-8k --digits DIR/mnist-10k --seeds 1 2 > family.jsonl
    python family.py --table family.jsonl

`family.jsonl` beside this script is what it printed.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

KINDS = {
    "conv": "--latent 32",
    "conv, denoising 0.3": "--latent 32 --noise gaussian:0.3",
    "dense, 256 wide": "--model dense --widths 256 --latent 32",
    "dense, 256 wide, tied": "--model dense --widths 256 --latent 32 --tied",
    "vae": "--model vae --latent 32",
    "vae, dense, 400 wide": "--model vae --network dense --widths 400 --latent 32",
    "sparse, L1 of 1e-5": "--model sparse --latent 32 --sparsity l1:1e-5",
    "sparse, target activity 0.2": "--model sparse --latent 32 --sparsity kl:0.2:0.001",
    "sparse, 16 largest": "--model sparse --latent 32 --sparsity top-k:16",
    "contractive": "--model contractive --latent 32 --contraction 1e-4",
    "contractive, dense, one tied layer": "--model contractive --network dense --widths 784,32 --tied --contraction 1e-4",
}


def measure(ae: str, letters: str, digits: str, kind: str, seed: int, more: list[str]) -> dict:
    def run(*arguments: str) -> dict:
        ended = subprocess.run([ae, *arguments, "--quiet", "--json", *more], capture_output=True, text=True)
        if ended.returncode:
            sys.exit(f"{arguments}: {ended.stderr}")
        return json.loads(ended.stdout)

    with tempfile.TemporaryDirectory() as folder:
        name = f"{folder}/run"
        run("train", "--data", letters, "--epochs", "20", "--seed", str(seed), "--out", name, *KINDS[kind].split())
        quality = run("eval", name)
        probe = run("probe", name)
        anomaly = run("anomaly", name, "--foreign", digits)
    return {
        "kind": kind,
        "seed": seed,
        **{key: quality["model"][key] for key in ("parameters", "mse", "psnr", "ssim", "code_bits", "bits_per_pixel")},
        "codes": quality.get("codes"),
        "baselines": quality["baselines"] if kind == "conv" and seed == 1 else None,
        "features": probe["features"],
        "auroc": anomaly["auroc"],
    }


def spread(values: list[float], digits: int) -> str:
    mean = f"{statistics.fmean(values):.{digits}f}"
    if len(values) < 2:
        return mean
    return f"{mean} ± {statistics.stdev(values) / len(values) ** 0.5:.{digits}f}"


def codes_said(rows: list[dict]) -> str:
    """What a kind reports of its codes, as means over seeds."""
    codes = [row["codes"] for row in rows]
    if not codes[0]:
        return ""
    mean = {key: statistics.fmean(code[key] for code in codes) for key in codes[0] if not isinstance(codes[0][key], (str, list))}
    if "negative_bound" in mean:
        return f"bound {mean['negative_bound']:.1f} nats, kl {mean['kl']:.1f}, {mean['active_units']:.0f} active"
    return f"{100 * mean['active_share']:.0f}% active, {mean['dead_units']:.0f} dead"


def table(lines: list[dict]) -> None:
    print("| kind | seeds | MSE | PSNR dB | SSIM | 5 neighbours % | logistic % | AUROC | codes |")
    print("|---|---:|---|---|---|---|---|---|---|")
    for kind in KINDS:
        rows = [line for line in lines if line["kind"] == kind]
        if not rows:
            continue
        code = [row["features"][0] for row in rows]
        cells = [
            str(len(rows)),
            spread([row["mse"] for row in rows], 5),
            spread([row["psnr"] for row in rows], 2),
            spread([row["ssim"] for row in rows], 4),
            spread([100 * one["neighbour_accuracy"] for one in code], 1),
            spread([100 * one["linear_accuracy"] for one in code], 1),
            spread([row["auroc"] for row in rows], 3),
            codes_said(rows),
        ]
        print(f"| {kind} | {' | '.join(cells)} |")
    first = next(line for line in lines if line["baselines"])
    features = {feature["name"]: feature for feature in first["features"]}
    for baseline in first["baselines"]:
        if baseline["name"] != "pca" and "nearest" not in baseline["setting"]:
            continue
        told = features["PCA"] if baseline["name"] == "pca" else None
        cells = [
            "",
            f"{baseline['mse']:.5f}",
            f"{baseline['psnr']:.2f}",
            f"{baseline['ssim']:.4f}",
            f"{100 * told['neighbour_accuracy']:.1f}" if told else "",
            f"{100 * told['linear_accuracy']:.1f}" if told else "",
            "",
            f"{baseline['bits_per_pixel']:.2f} bits per pixel",
        ]
        print(f"| {baseline['name']}, {baseline['setting']} | {' | '.join(cells)} |")
    pixels = features["pixels"]
    told = f"{100 * pixels['neighbour_accuracy']:.1f} | {100 * pixels['linear_accuracy']:.1f}"
    print(f"| pixels, {pixels['numbers']} numbers | | | | | {told} | | |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ae")
    parser.add_argument("--letters")
    parser.add_argument("--digits")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--table", type=pathlib.Path)
    arguments, more = parser.parse_known_args()
    if arguments.table:
        table([json.loads(line) for line in arguments.table.read_text().splitlines()])
        return
    for seed in arguments.seeds:
        for kind in KINDS:
            line = measure(arguments.ae, arguments.letters, arguments.digits, kind, seed, more)
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
