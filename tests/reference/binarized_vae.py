"""Variational autoencoders of binarised images in PyTorch, as the reference for `ae verify`.

Fully connected, ReLU, Bernoulli likelihood, PyTorch's initial weights, Adam 1e-3, batch 128, the last partial batch
trained too. With `--burda`, as Burda et al. (2016): tanh, Glorot's initial weights, Adam's epsilon 1e-4, batch 20, the last
400 training images unused, and stages of 3^i epochs at 1e-3 * 10^(-i/7), of which `--epochs` may end the last one early. Each pixel is white with its brightness as probability: drawn once (`static`), or anew in each epoch of
training (`dynamic`); test images are drawn once. One sample an image trains by the bound with the divergence in closed
form, more by the importance-weighted bound. One JSON object a seed: the test images' negative log-likelihood in nats
per image, by importance sampling, after the last epoch.

    python binarized_vae.py --data DIR --widths 400 --latent 40 --binarize static --nll 200 --epochs 10
    python binarized_vae.py --data DIR --widths 200 200 --latent 50 --binarize dynamic --nll 5000 --epochs 20 --samples 5
    python binarized_vae.py --data DIR --widths 200 200 --latent 50 --binarize dynamic --nll 5000 --epochs 40 --burda

DIR holds MNIST-named gzipped IDX files; where it has the test files alone, every tenth of their images is tested on
and the others are trained on. `binarized_vae.jsonl` beside this script is what it printed, with the PyTorch version
and the settings in the first line of each run.
"""

import argparse
import gzip
import json
import math
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


def read_split(folder: pathlib.Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Training and test images."""
    test = read_images(folder / "t10k-images-idx3-ubyte.gz")
    train = folder / "train-images-idx3-ubyte.gz"
    if train.exists():
        return read_images(train), test
    is_test = torch.arange(len(test)) % 10 == 9
    return test[~is_test], test[is_test]


def chain(sizes: list[int], burda: bool) -> nn.Sequential:
    """Linear layers with ReLU between them, or tanh."""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        linear = nn.Linear(inputs, outputs)
        if burda:
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)
        layers += [linear, nn.Tanh() if burda else nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def stage(epoch: int) -> int:
    """The stage of 3^i epochs that an epoch, counted from 0, lies in."""
    begin, index = 0, 0
    while epoch >= begin + 3**index:
        begin, index = begin + 3**index, index + 1
    return index


class VariationalAutoencoder(nn.Module):
    def __init__(self, pixels: int, widths: list[int], latent: int, burda: bool) -> None:
        super().__init__()
        self.encoder = chain([pixels, *widths, 2 * latent], burda)
        self.decoder = chain([latent, *widths[::-1], pixels], burda)

    def posterior(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.encoder(images).chunk(2, 1)

    def log_likelihood(self, codes: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        """Of `[..., latent]` codes and `[..., pixels]` images, summed over pixels."""
        logits = self.decoder(codes)
        return -functional.binary_cross_entropy_with_logits(
            logits, images.expand_as(logits), reduction="none").sum(-1)

    def negative_bound(self, images: torch.Tensor) -> torch.Tensor:
        """With the divergence in closed form; a mean over the batch."""
        mean, log_variance = self.posterior(images)
        codes = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        divergence = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(1)
        return (divergence - self.log_likelihood(codes, images)).mean()

    def log_weights(self, images: torch.Tensor, samples: int) -> torch.Tensor:
        """ln p(x, z) / q(z | x): `[images, samples]`."""
        mean, log_variance = (x[:, None] for x in self.posterior(images))
        noise = torch.randn(len(images), samples, mean.shape[-1])
        codes = mean + (0.5 * log_variance).exp() * noise
        log_prior = -0.5 * codes.square().sum(-1)
        log_posterior = -0.5 * (noise.square() + log_variance).sum(-1)
        return self.log_likelihood(codes, images[:, None]) + log_prior - log_posterior

    def importance_weighted(self, images: torch.Tensor, samples: int) -> torch.Tensor:
        return math.log(samples) - self.log_weights(images, samples).logsumexp(1).mean()


def negative_log_likelihood(model: VariationalAutoencoder, test: torch.Tensor, samples: int) -> float:
    at_once, total = min(samples, 2_500), 0.0
    with torch.no_grad():
        for images in test.split(max(1, 2_500 // at_once)):
            parts = [model.log_weights(images, at_once) for _ in range(samples // at_once)]
            logs = torch.cat(parts, 1).double()
            total += (math.log(logs.shape[1]) - logs.logsumexp(1)).sum().item()
    return total / len(test)


def run(train: torch.Tensor, test: torch.Tensor, seed: int, arguments: argparse.Namespace) -> dict:
    torch.manual_seed(seed)
    if arguments.burda:
        train = train[:-400]
    fixed, test = torch.bernoulli(train), torch.bernoulli(test)
    model = VariationalAutoencoder(train.shape[1], arguments.widths, arguments.latent, arguments.burda)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-4 if arguments.burda else 1e-8)
    begin = time.monotonic()
    for epoch in range(arguments.epochs):
        if arguments.burda:
            optimizer.param_groups[0]["lr"] = 1e-3 * 10 ** (-stage(epoch) / 7)
        images = fixed if arguments.binarize == "static" else torch.bernoulli(train)
        for indices in torch.randperm(len(images)).split(20 if arguments.burda else 128):
            if arguments.samples == 1:
                loss = model.negative_bound(images[indices])
            else:
                loss = model.importance_weighted(images[indices], arguments.samples)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
    trained = time.monotonic()
    nll = negative_log_likelihood(model, test, arguments.nll)
    return {
        "seed": seed,
        "test_nll": round(nll, 4),
        "train_seconds": round(trained - begin, 1),
        "nll_seconds": round(time.monotonic() - trained, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--widths", type=int, nargs="+", default=[400])
    parser.add_argument("--latent", type=int, default=40)
    parser.add_argument("--binarize", choices=["static", "dynamic"], default="static")
    parser.add_argument("--samples", type=int, default=1, help="importance samples to train with")
    parser.add_argument("--nll", type=int, default=200, help="importance samples to measure with")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--burda", action="store_true", help="everything else as Burda et al. (2016)")
    arguments = parser.parse_args()
    train, test = read_split(arguments.data)
    settings = {name: value for name, value in vars(arguments).items() if name not in ("data", "seeds")}
    print(json.dumps({"torch": torch.__version__, "train": len(train), "test": len(test), **settings}), flush=True)
    for seed in arguments.seeds:
        print(json.dumps(run(train, test, seed, arguments)), flush=True)


if __name__ == "__main__":
    main()
