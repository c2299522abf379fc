"""What `ae denoise` makes of pictures with known noise: PSNR by model, folder and sigma, with seconds a megapixel.

    python denoise_table.py --ae target/release/ae --models photo bm3d nlm median --sigmas 15 25 50 -- bsd68 set12 > denoise_table.jsonl

Every picture of a folder gets Gaussian noise that is not clipped, from the program's seed 0 and the picture's place in the folder; the
files that were written (8 bits) are measured. Filters that have to know sigma are told it. The PSNR is the mean over pictures. Seconds
are those of the whole command, reading and writing included, on all threads. One JSON object a line.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image

NEED_SIGMA = {"bm3d", "nlm"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ae", default="target/release/ae")
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--sigmas", nargs="+", type=int, required=True)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    for folder in options.folders:
        megapixels = sum(np.prod(Image.open(path).size) for path in folder.iterdir()) / 1e6
        for sigma in options.sigmas:
            for model in options.models:
                with tempfile.TemporaryDirectory() as out:
                    command = [options.ae, "denoise", folder, "-o", out + "/", "--model", model, "--json", "--quiet",
                               "--noise", f"gaussian:{sigma}/255,clip:off"]
                    if model in NEED_SIGMA:
                        command += ["--noise-level", f"{sigma}/255"]
                    begun = time.time()
                    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
                    seconds = time.time() - begun
                pictures = json.loads(done.stdout)["pictures"]
                before, after = (float(np.mean([picture[key]["psnr"] for picture in pictures])) for key in ("before", "after"))
                print(json.dumps({"folder": folder.name, "pictures": len(pictures), "sigma": sigma, "model": model,
                                  "noisy": round(before, 3), "psnr": round(after, 3),
                                  "seconds_per_megapixel": round(seconds / megapixels, 2)}), flush=True)


if __name__ == "__main__":
    main()
