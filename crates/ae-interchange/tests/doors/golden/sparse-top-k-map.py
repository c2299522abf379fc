"""sparse, top-k:60; convolutional.

Written by ae 0.1.0. Images are float32 [batch, channels, height, width], from 0, black, to 1,
white: bytes divided by 255. Gray of color is 0.2126 red + 0.7152 green + 0.0722 blue (ITU-R
BT.709), of bytes, rounded to a byte. 27x30 pixels (width x height), brought there by fit stretch:
smaller by a triangle filter, larger bilinearly.

In this folder, with torch and safetensors installed:

    import torch
    from model import load

    model = load()
    images = torch.rand(16, 1, 30, 27)
    with torch.no_grad():
        reconstructions = model(images)
        codes = model.encode(images)        # decode(codes) gives the reconstructions

Weights that were trained further go back by

    safetensors.torch.save_file(model.state_dict(), "new.safetensors")

    ae import new.safetensors --config model.toml -o runs/new
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = nn.ModuleDict({
            "encoder": nn.ModuleList([
                nn.Conv2d(1, 8, 3, padding=1),
                nn.Conv2d(8, 16, 3, padding=1),
                nn.Conv2d(16, 4, 3, padding=1),
            ]),
            "decoder": nn.ModuleList([
                nn.Conv2d(4, 4, 3, padding=1),
                nn.Conv2d(4, 16, 3, padding=1),
                nn.Conv2d(16, 1, 3, padding=1),
            ]),
        })

    def encode(self, images):
        x = F.pad(images, (0, -images.shape[-1] % 4, 0, -images.shape[-2] % 4), mode="replicate")
        x = self.network["encoder"][0](x).relu()
        x = F.max_pool2d(x, 2)
        x = self.network["encoder"][1](x).relu()
        x = F.max_pool2d(x, 2)
        x = self.network["encoder"][2](x).relu()
        x = x.flatten(1)
        x = torch.where(x >= x.topk(60, dim=1).values[:, -1:], x, 0.0)
        return x.unflatten(1, (4, 8, 7))

    def decode(self, codes):
        x = self.network["decoder"][0](codes).relu()
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = self.network["decoder"][1](x).relu()
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = self.network["decoder"][2](x).sigmoid()
        return x[..., :30, :27]

    def forward(self, images):
        return self.decode(self.encode(images))


def load(path=Path(__file__).with_name("model.safetensors")):
    model = Autoencoder()
    model.load_state_dict(load_file(path), strict=True)
    return model.eval()
