"""The variational autoencoder of the classic example, 784-400-20, in PyTorch, as the reference for `ae verify`.

One hidden layer of 400 ReLU units on each side, a code of 20 numbers, Bernoulli likelihood of grey
pixels, PyTorch's initial weights, Adam 1e-3, batch 128, the last partial batch trained too. One JSON
object a line: the test images' reconstruction, divergence and negative bound in nats per image, of
one sample each, after the last epoch.

    python vae.py --data DIR --seeds 1 2 3

DIR holds MNIST-named gzipped IDX files. `vae.jsonl` beside this script is what it printed, with the
PyTorch version in its first line.
"""

import argparse
import gzip
import json
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def read_images(path: pathlib.Path) -> torch.Tensor:
    """Images of an IDX file as `[count, pixels]` in [0, 1]."""
    raw = gzip.decompress(path.read_bytes())
    count, height, width = (int.from_bytes(raw[k : k + 4], "big") for k in (4, 8, 12))
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(count, height * width)
    return torch.from_numpy(pixels.astype(np.float32) / 255)


class VariationalAutoencoder(nn.Module):
    def __init__(self, pixels: int = 784, width: int = 400, latent: int = 20) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(pixels, width), nn.ReLU(), nn.Linear(width, 2 * latent))
        self.decoder = nn.Sequential(
            nn.Linear(latent, width), nn.ReLU(), nn.Linear(width, pixels), nn.Sigmoid()
        )

    def terms(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Reconstruction and divergence, each summed over an image and averaged over the batch."""
        mean, log_variance = self.encoder(images).chunk(2, 1)
        codes = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        outputs = self.decoder(codes)
        reconstruction = functional.binary_cross_entropy(outputs, images, reduction="sum")
        divergence = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum()
        return reconstruction / len(images), divergence / len(images)


def run(train: torch.Tensor, test: torch.Tensor, seed: int, epochs: int) -> dict:
    torch.manual_seed(seed)
    model = VariationalAutoencoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    begin = time.time()
    for _ in range(epochs):
        for indices in torch.randperm(len(train)).split(128):
            reconstruction, divergence = model.terms(train[indices])
            optimizer.zero_grad()
            (reconstruction + divergence).backward()
            optimizer.step()
    seconds = time.time() - begin
    with torch.no_grad():
        reconstruction, divergence = model.terms(test)
    return {
        "seed": seed,
        "epochs": epochs,
        "test_reconstruction": reconstruction.item(),
        "test_kl": divergence.item(),
        "test_negative_bound": (reconstruction + divergence).item(),
        "train_seconds": round(seconds, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    train = read_images(arguments.data / "train-images-idx3-ubyte.gz")
    test = read_images(arguments.data / "t10k-images-idx3-ubyte.gz")
    print(json.dumps({"torch": torch.__version__, "train": len(train), "test": len(test)}))
    for seed in arguments.seeds:
        print(json.dumps(run(train, test, seed, arguments.epochs)), flush=True)


if __name__ == "__main__":
    main()
