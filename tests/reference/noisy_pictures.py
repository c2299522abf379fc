"""Noisy copies of gray pictures: the only training pictures where there are no clean ones.

    python noisy_pictures.py bsd400 noisy --sigma 25

Gaussian noise, one draw a picture from its place in the folder, rounded to 8 bits: what is below black or above white is lost, as in
any file.
"""

import argparse
import pathlib

import numpy as np
from PIL import Image


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clean", type=pathlib.Path)
    parser.add_argument("noisy", type=pathlib.Path)
    parser.add_argument("--sigma", type=float, required=True)
    options = parser.parse_args()
    options.noisy.mkdir()
    for index, path in enumerate(sorted(options.clean.iterdir())):
        pixels = np.asarray(Image.open(path).convert("L"), float)
        noise = options.sigma * np.random.default_rng([0, index]).standard_normal(pixels.shape)
        noisy = np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(options.noisy / f"{path.stem}.png")


if __name__ == "__main__":
    main()
