"""Draws two images with model files of the library, in PyTorch: a check of names, layouts and arithmetic.

    AE_REFERENCE_DIR=/tmp/reference cargo test -p ae-models --test models reference
    python tests/reference/conv_forward.py /tmp/reference

The modules are those that the documentation of ConvAutoencoder and DenseAutoencoder calls their equivalents. What it
printed stands in crates/ae-models/tests/models/reference.rs; made with PyTorch 2.15.0, safetensors 0.8.0, on a CPU.
"""

import json
import math
import pathlib
import sys

import numpy as np
import safetensors
import safetensors.torch
import torch
import torch.nn.functional as F
from torch import nn


class ConvAutoencoder(nn.Module):
    def __init__(self, channels=1, widths=(32, 64, 128), latent=None, map=None, transposed=False):
        super().__init__()

        def convolutions(sizes):
            return nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in zip(sizes, sizes[1:]))

        self.encoder = convolutions([channels, *widths])
        self.decoder = convolutions([widths[-1], *widths[:0:-1], channels])
        if transposed:
            self.decoder = nn.ModuleList(
                nn.ConvTranspose2d(i, o, 3, stride=2, padding=1, output_padding=1)
                for i, o in zip([widths[-1], *widths[::-1]], widths[::-1]))
            self.decoder.append(nn.Conv2d(widths[0], channels, 3, padding=1))
        self.latent, self.map, self.transposed = latent, map, transposed
        if latent:
            self.to_code = nn.Linear(math.prod(map), latent)
            self.from_code = nn.Linear(latent, math.prod(map))

    def forward(self, x):
        for layer in self.encoder[:-1]:
            x = F.max_pool2d(layer(x).relu(), 2)
        x = self.encoder[-1](x).relu()
        if self.transposed:
            x = F.max_pool2d(x, 2)
        if self.latent:
            x = self.to_code(x.flatten(1))  # the code
            x = self.from_code(x).relu().unflatten(1, self.map)
        for layer in self.decoder[:-1]:
            x = layer(x).relu()
            if not self.transposed:
                x = F.interpolate(x, scale_factor=2, mode="nearest")
        return self.decoder[-1](x).sigmoid()


class DenseAutoencoder(nn.Module):
    def __init__(self, shape=(1, 28, 28), widths=(128, 64), latent=32):
        super().__init__()
        self.shape = shape
        sizes = [math.prod(shape), *widths, latent]
        self.encoder = nn.ModuleList(map(nn.Linear, sizes[:-1], sizes[1:]))
        self.decoder = nn.ModuleList(map(nn.Linear, sizes[:0:-1], sizes[-2::-1]))

    def forward(self, images):
        x = images.flatten(1)
        for layer in self.encoder[:-1]:
            x = layer(x).relu()
        x = self.encoder[-1](x)  # the code
        for layer in self.decoder[:-1]:
            x = layer(x).relu()
        return self.decoder[-1](x).sigmoid().unflatten(1, self.shape)


def build(config, shape):
    channels, height, width = shape
    if config["kind"] == "dense":
        return DenseAutoencoder(shape, config["widths"], config["latent"])
    widths = config["widths"]
    transposed = config.get("upsampling") == "transposed"
    multiple = 2 ** (len(widths) - 1 + transposed)
    map = (widths[-1], height // multiple, width // multiple)
    return ConvAutoencoder(channels, widths, config.get("latent"), map, transposed)


def pixels(count):
    """The test's input: multiples of the golden ratio, modulo 1."""
    return np.modf((np.arange(count) + 1.0) * 0.6180339887498949)[0].astype(np.float32)


def main(folder):
    torch.set_num_threads(1)
    for path in sorted(pathlib.Path(folder).glob("*.safetensors")):
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata()
        shape = json.loads(metadata["input_shape"])
        model = build(json.loads(metadata["model"]), shape)
        model.load_state_dict(safetensors.torch.load_file(path))
        images = torch.from_numpy(pixels(2 * math.prod(shape))).reshape(2, *shape)
        with torch.no_grad():
            outputs = model(images).flatten()
        chosen = [outputs[index * len(outputs) // 8].item() for index in range(8)]
        mean = outputs.double().mean().item()
        print(f"{path.stem}: mean {mean:.9f}, values [{', '.join(f'{value:.8f}' for value in chosen)}]")


if __name__ == "__main__":
    main(sys.argv[1])
