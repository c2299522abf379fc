"""Keras' convolutional example, 28,353 parameters, in PyTorch, as the reference for `ae verify`.

Convolutions to 32 and 32 channels, each followed by ReLU and pooling, transposed convolutions of stride 2 back, and a
convolution with a sigmoid that draws the picture; Glorot-uniform weights and zero biases, Adam 1e-3 with Keras' epsilon
of 1e-7, mean binary cross-entropy of grey pixels, batch 128, the last partial batch trained too. (S. L. Valdarrama,
"Convolutional autoencoder for image denoising", Keras' code examples, 2021.) One JSON object an epoch.

    python keras_example.py --data DIR --seeds 1 2 3 --epochs 10

DIR holds MNIST-named gzipped IDX files; where it has the test files alone, every tenth of their images is tested on
and the others are trained on. `keras_example.jsonl` beside this script is what it printed, with the PyTorch version in
its first line.
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
    """Images of an IDX file as `[count, 1, height, width]` in [0, 1]."""
    raw = gzip.decompress(path.read_bytes())
    count, height, width = (int.from_bytes(raw[k : k + 4], "big") for k in (4, 8, 12))
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(count, 1, height, width)
    return torch.from_numpy(pixels.astype(np.float32) / 255)


def read_split(folder: pathlib.Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Training and test images."""
    test = read_images(folder / "t10k-images-idx3-ubyte.gz")
    train = folder / "train-images-idx3-ubyte.gz"
    if train.exists():
        return read_images(train), test
    is_test = torch.arange(len(test)) % 10 == 9
    return test[~is_test], test[is_test]


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()

        def glorot(layer: nn.Module) -> nn.Module:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
            return layer

        def double() -> nn.Module:
            return glorot(nn.ConvTranspose2d(32, 32, 3, stride=2, padding=1, output_padding=1))

        self.layers = nn.Sequential(
            glorot(nn.Conv2d(1, 32, 3, padding=1)), nn.ReLU(), nn.MaxPool2d(2),
            glorot(nn.Conv2d(32, 32, 3, padding=1)), nn.ReLU(), nn.MaxPool2d(2),
            double(), nn.ReLU(),
            double(), nn.ReLU(),
            glorot(nn.Conv2d(32, 1, 3, padding=1)), nn.Sigmoid(),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)


def run(train: torch.Tensor, test: torch.Tensor, seed: int, epochs: int) -> None:
    torch.manual_seed(seed)
    model = Autoencoder().to(memory_format=torch.channels_last)
    parameters = sum(p.numel() for p in model.parameters())
    assert parameters == 28_353, parameters
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    begin = time.monotonic()
    for epoch in range(1, epochs + 1):
        for batch in torch.randperm(len(train)).split(128):
            images = train[batch].contiguous(memory_format=torch.channels_last)
            loss = functional.binary_cross_entropy(model(images), images)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            total = sum(
                functional.binary_cross_entropy(model(images), images, reduction="sum").item()
                for images in test.split(500)
            )
        print(json.dumps({
            "seed": seed, "epoch": epoch, "test_bce": round(total / test.numel(), 6),
            "seconds": round(time.monotonic() - begin, 1),
        }), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    train, test = read_split(arguments.data)
    print(json.dumps({"torch": torch.__version__, "train": len(train), "test": len(test)}), flush=True)
    for seed in arguments.seeds:
        run(train, test, seed, arguments.epochs)


if __name__ == "__main__":
    main()
