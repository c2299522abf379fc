"""U-Net of 3 levels, skip connections added; no bottleneck: the picture passes beside the middle, so nothing is compressed.

Written by ae 0.1.0. Images are float32 [batch, channels, height, width], from 0, black, to 1,
white: bytes divided by 255. The channels are red, green, blue; gray is repeated. Any height and
width; it was trained on images of 32x24 (width x height).

In this folder, with torch and safetensors installed:

    import torch
    from model import load

    model = load()
    images = torch.rand(16, 3, 24, 32)
    with torch.no_grad():
        reconstructions = model(images)

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
        self.encoder = nn.ModuleList([
            nn.Conv2d(3, 8, 3, padding=1),
            nn.Conv2d(8, 12, 3, padding=1),
            nn.Conv2d(12, 16, 3, padding=1),
        ])
        self.decoder = nn.ModuleList([
            nn.Conv2d(16, 12, 3, padding=1),
            nn.Conv2d(12, 8, 3, padding=1),
            nn.Conv2d(8, 3, 3, padding=1),
        ])

    def forward(self, images):
        x = F.pad(images, (0, -images.shape[-1] % 4, 0, -images.shape[-2] % 4), mode="replicate")
        skip_0 = self.encoder[0](x).relu()
        x = F.max_pool2d(skip_0, 2)
        skip_1 = self.encoder[1](x).relu()
        x = F.max_pool2d(skip_1, 2)
        x = self.encoder[2](x).relu()
        x = self.decoder[0](x).relu()
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = x + skip_1
        x = self.decoder[1](x).relu()
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = x + skip_0
        x = self.decoder[2](x)
        return x[..., :images.shape[-2], :images.shape[-1]]


def load(path=Path(__file__).with_name("model.safetensors")):
    model = Autoencoder()
    model.load_state_dict(load_file(path), strict=True)
    return model.eval()
