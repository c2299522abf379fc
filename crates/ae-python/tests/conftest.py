"""Models for the tests, trained once; and the command that they are compared with."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ae_images


def command(*arguments: str, cwd: Path | None = None, check: bool = True) -> subprocess.CompletedProcess:
    """Runs the command: the one that ``AE`` names, or the one of the package."""
    binary = os.environ.get("AE")
    start = [binary] if binary else [sys.executable, "-m", "ae_images._command"]
    done = subprocess.run([*start, *arguments], cwd=cwd, capture_output=True, text=True)
    if check:
        assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="session")
def ae():
    return command


@pytest.fixture(scope="session")
def letters() -> np.ndarray:
    """Images of 28x28 that are no noise: discs of different sizes and places."""
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[:28, :28]
    images = []
    for _ in range(300):
        row, column, radius = random.uniform(8, 20), random.uniform(8, 20), random.uniform(3, 8)
        distance = np.hypot(rows - row, columns - column)
        images.append(np.clip((radius - distance) * 255, 0, 255))
    return np.round(images).astype(np.uint8)


@pytest.fixture(scope="session")
def runs(tmp_path_factory, letters) -> Path:
    """Runs of a few kinds, by their names."""
    folder = tmp_path_factory.mktemp("runs")
    common = {"epochs": 2, "batch_size": 32, "seed": 3}
    ae_images.train(letters, model="conv", widths=[8, 8], noise="gaussian:0.2", out=folder / "conv", **common)
    ae_images.train(letters, model="vae", network="dense", widths=[32], latent=4, out=folder / "vae", **common)
    return folder


@pytest.fixture(scope="session")
def conv(runs):
    return ae_images.open(runs / "conv")


@pytest.fixture(scope="session")
def vae(runs):
    return ae_images.open(runs / "vae")


@pytest.fixture(scope="session")
def photo():
    return ae_images.open("photo")


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """A noisy color picture, ``[60, 90, 3]``."""
    rows, columns = np.mgrid[:60, :90]
    clean = np.stack([rows * 3, columns * 2, (rows + columns) % 64 * 3], axis=-1)
    noise = np.random.default_rng(1).normal(0, 20, clean.shape)
    return np.clip(clean + noise, 0, 255).round().astype(np.uint8)


@pytest.fixture(autouse=True)
def no_runs(tmp_path, monkeypatch):
    """An empty folder to work in: nothing is found that a test didn't make."""
    monkeypatch.chdir(tmp_path)
