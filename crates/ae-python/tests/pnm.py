"""PGM and PPM, which need no library to be read and written."""

from pathlib import Path

import numpy as np


def write(path: Path, image: np.ndarray) -> None:
    height, width = image.shape[:2]
    magic = "P6" if image.ndim == 3 else "P5"
    path.write_bytes(f"{magic}\n{width} {height}\n255\n".encode() + image.tobytes())


def read(path: Path) -> np.ndarray:
    magic, size, _, pixels = path.read_bytes().split(b"\n", 3)
    width, height = map(int, size.split())
    shape = (height, width, 3) if magic == b"P6" else (height, width)
    return np.frombuffer(pixels, np.uint8).reshape(shape)
