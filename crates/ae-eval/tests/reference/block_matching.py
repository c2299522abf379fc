"""Reference values for the tests of BM3D, and numbers of other programs beside ours.

    python block_matching.py matrix > bm3d_bior15.txt
    python block_matching.py kaiser
    python block_matching.py measure FOLDER SIGMA... [--only METHOD] [--every N]

`matrix` prints the 2-D transform's matrix from PyWavelets, `kaiser` NumPy's windows. `measure` adds unclipped Gaussian
noise to each gray picture of FOLDER (NumPy's default_rng(sigma * 1000 + index)), runs the package `bm3d` (4.0.3, of BM3D's
authors, for non-commercial use: compared with, not part of this) and scikit-image's non-local means, clips to 0..1, and
prints the mean of the pictures' PSNR and the seconds.
"""

import sys
import time
import warnings
from pathlib import Path

import numpy as np


def matrix():
    import pywt

    warnings.simplefilter("ignore")
    print(f"# bior1.5, 3 levels, periodization, rows of length 1; PyWavelets {pywt.__version__}, by block_matching.py")
    units = [np.concatenate(pywt.wavedec(unit, "bior1.5", mode="periodization", level=3)) for unit in np.eye(8)]
    rows = np.array(units).T
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for row in rows:
        print(" ".join(f"{value:.9f}" for value in row))


def kaiser():
    for side in (8, 11):
        print(side, *(f"{value:.9f}" for value in np.kaiser(side, 2)))


def measure(folder, sigmas, only, every):
    import bm3d
    from skimage import io
    from skimage.restoration import denoise_nl_means

    def profile(sigma):
        chosen = bm3d.BM3DProfileVN() if sigma > 40 else bm3d.BM3DProfile()
        chosen.num_threads = 1
        return chosen

    methods = {
        "noisy": lambda noisy, sigma: noisy,
        "bm3d 4.0.3": lambda noisy, sigma: bm3d.bm3d(noisy, sigma / 255, profile(sigma)),
        "scikit-image non-local means": lambda noisy, sigma: denoise_nl_means(
            noisy, patch_size=7, patch_distance=11, h=0.8 * sigma / 255, sigma=sigma / 255, fast_mode=True
        ),
    }
    paths = sorted(Path(folder).glob("*.png"))[::every]
    pictures = [io.imread(path).astype(np.float64) / 255 for path in paths]
    megapixels = sum(picture.size for picture in pictures) / 1e6
    for sigma in sigmas:
        for name, method in methods.items():
            if only and only not in name:
                continue
            decibels, seconds = [], 0.0
            for index, clean in enumerate(pictures):
                noise = np.random.default_rng(int(sigma * 1000) + index).standard_normal(clean.shape)
                noisy = clean + sigma / 255 * noise
                started = time.process_time()
                found = method(noisy, sigma)
                seconds += time.process_time() - started
                error = np.mean(((noisy if name == "noisy" else np.clip(found, 0, 1)) - clean) ** 2)
                decibels.append(-10 * np.log10(error))
            print(f"{Path(folder).name} {sigma} {name}: {np.mean(decibels):.3f} dB, {seconds / megapixels:.2f} s/MP", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "matrix":
        matrix()
    elif sys.argv[1] == "kaiser":
        kaiser()
    else:
        options = {"--only": None, "--every": "1"}
        arguments = sys.argv[2:]
        for option in options:
            if option in arguments:
                at = arguments.index(option)
                options[option] = arguments[at + 1]
                del arguments[at : at + 2]
        sigmas = [float(sigma) for sigma in arguments[1:]]
        measure(arguments[0], sigmas, options["--only"], int(options["--every"]))
