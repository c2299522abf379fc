"""The classic notMNIST convolutional autoencoder in PyTorch, as the reference for `ae train`.

28x28x1 -> 7x7x128 -> 28x28x1, 314,625 parameters, Glorot-uniform weights and zero biases as Keras
has them, MSE loss, batch 128, the last partial batch trained too. One JSON object a line.

    python conv_autoencoder.py --data DIR --optimizer rmsprop --seeds 1 2 3 4 5
    python conv_autoencoder.py --data DIR --optimizer rmsprop --noise 0.5 --seeds 1 2 3 4 5

`rmsprop` is PyTorch's own, with epsilon outside the root; `rmsprop-keras` has it inside, as Keras 3.

DIR holds MNIST-named gzipped IDX files. `conv_autoencoder.jsonl` beside this script is what it
printed, with the PyTorch version in its first line.
"""

import argparse
import gzip
import json
import pathlib
import time

import numpy as np
import torch
from torch import nn


def read_images(path: pathlib.Path) -> torch.Tensor:
    """Images of an IDX file as `[count, 1, height, width]` in [0, 1]."""
    raw = gzip.decompress(path.read_bytes())
    count, height, width = (int.from_bytes(raw[k : k + 4], "big") for k in (4, 8, 12))
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(count, 1, height, width)
    return torch.from_numpy(pixels.astype(np.float32) / 255)


class KerasRMSprop(torch.optim.Optimizer):
    """RMSProp as Keras 3 has it: gradient / sqrt(mean_square + epsilon), epsilon under the root."""

    def __init__(self, parameters, lr: float = 1e-3, rho: float = 0.9, epsilon: float = 1e-7) -> None:
        super().__init__(parameters, {"lr": lr, "rho": rho, "epsilon": epsilon})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                mean_square = state.setdefault("mean_square", torch.zeros_like(parameter))
                mean_square.lerp_(parameter.grad.square(), 1 - group["rho"])
                parameter.sub_(parameter.grad * (mean_square + group["epsilon"]).rsqrt(), alpha=group["lr"])


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()

        def convolution(inputs: int, outputs: int) -> nn.Conv2d:
            layer = nn.Conv2d(inputs, outputs, 3, padding=1)
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
            return layer

        self.encoder = nn.Sequential(
            convolution(1, 32), nn.ReLU(), nn.MaxPool2d(2),
            convolution(32, 64), nn.ReLU(), nn.MaxPool2d(2),
            convolution(64, 128), nn.ReLU(),
        )
        self.decoder = nn.Sequential(
            convolution(128, 128), nn.ReLU(), nn.Upsample(scale_factor=2),
            convolution(128, 64), nn.ReLU(), nn.Upsample(scale_factor=2),
            convolution(64, 1), nn.Sigmoid(),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(images))


def noisy(images: torch.Tensor, sigma: float, generator: torch.Generator) -> torch.Tensor:
    return (images + sigma * torch.randn(images.shape, generator=generator)).clamp(0, 1)


def run(arguments: argparse.Namespace, seed: int, train: torch.Tensor, test: torch.Tensor) -> None:
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(1000 + seed)
    model = Autoencoder().to(memory_format=torch.channels_last)
    parameters = sum(p.numel() for p in model.parameters())
    assert parameters == 314_625, parameters
    if arguments.optimizer == "rmsprop":
        optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)
    elif arguments.optimizer == "rmsprop-keras":
        optimizer = KerasRMSprop(model.parameters())
    else:
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    train_input, test_input = train, test
    if arguments.noise > 0:
        train_input = noisy(train, arguments.noise, generator)
        test_input = noisy(test, arguments.noise, generator)
    start = time.monotonic()
    for epoch in range(1, arguments.epochs + 1):
        order = torch.randperm(len(train), generator=generator)
        total = 0.0
        for batch in order.split(arguments.batch_size):
            inputs = train_input[batch].contiguous(memory_format=torch.channels_last)
            loss = nn.functional.mse_loss(model(inputs), train[batch])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        with torch.no_grad():
            squares = sum(
                nn.functional.mse_loss(model(i), t, reduction="sum").item()
                for i, t in zip(test_input.split(500), test.split(500))
            )
        print(json.dumps({
            "optimizer": arguments.optimizer, "noise": arguments.noise, "seed": seed, "epoch": epoch,
            "train_mse": round(total / len(train), 6), "test_mse": round(squares / test.numel(), 6),
            "seconds": round(time.monotonic() - start, 1),
        }), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--optimizer", choices=["rmsprop", "rmsprop-keras", "adam"], default="rmsprop")
    parser.add_argument("--noise", type=float, default=0.0, help="standard deviation, drawn once, clipped to [0, 1]")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=128)
    arguments = parser.parse_args()
    train = read_images(arguments.data / "train-images-idx3-ubyte.gz")
    test = read_images(arguments.data / "t10k-images-idx3-ubyte.gz")
    print(json.dumps({"torch": torch.__version__, "train": len(train), "test": len(test)}), flush=True)
    for seed in arguments.seeds:
        run(arguments, seed, train, test)


if __name__ == "__main__":
    main()
