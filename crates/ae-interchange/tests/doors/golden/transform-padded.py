"""transform codec, 2 qualities: codes of integers in few bits.

Written by ae 0.1.0. Images are float32 [batch, channels, height, width], from 0, black, to 1,
white: bytes divided by 255. The channels are red, green, blue; gray is repeated. 21x26 pixels
(width x height), brought there by fit stretch: smaller by a triangle filter, larger bilinearly.
quality: 2 of 2, of the most bits. symbols: the code is integers from -127 to 127, rounded, halves
to even.

In this folder, with torch and safetensors installed:

    import torch
    from model import load

    model = load()
    images = torch.rand(16, 3, 26, 21)
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
        self.analysis_half = nn.ModuleList([
            nn.Conv2d(12, 8, 3, padding=1),
        ])
        self.analysis_quarter = nn.ModuleList([
            nn.Conv2d(32, 12, 3, padding=1),
            nn.Conv2d(12, 12, 3, padding=1),
            nn.Conv2d(12, 12, 3, padding=1),
            nn.Conv2d(12, 6, 3, padding=1),
        ])
        self.synthesis_quarter = nn.ModuleList([
            nn.Conv2d(6, 12, 3, padding=1),
            nn.Conv2d(12, 12, 3, padding=1),
            nn.Conv2d(12, 12, 3, padding=1),
            nn.Conv2d(12, 12, 3, padding=1),
            nn.Conv2d(12, 12, 3, padding=1),
            nn.Conv2d(12, 12, 3, padding=1),
            nn.Conv2d(12, 32, 3, padding=1),
        ])
        self.synthesis_half = nn.ModuleList([
            nn.Conv2d(8, 8, 3, padding=1),
            nn.Conv2d(8, 12, 3, padding=1),
        ])
        self.blocks = nn.ModuleDict({
            "analysis": nn.Conv2d(48, 6, 3, padding=1),
            "synthesis": nn.Conv2d(6, 48, 3, padding=1),
        })
        self.log_gains = nn.Parameter(torch.zeros(12))
        self.log_inverse_gains = nn.Parameter(torch.zeros(12))
        # Of training alone: nothing below uses it.
        self.prior = nn.ParameterDict({
            "location": nn.ParameterDict({
                "weight": nn.Parameter(torch.zeros(6, 6, 3, 3)),
            }),
            "scale": nn.ParameterDict({
                "weight": nn.Parameter(torch.zeros(6, 6, 3, 3)),
            }),
            "location_bias": nn.Parameter(torch.zeros(504)),
            "scale_bias": nn.Parameter(torch.zeros(504)),
        })

    def encode(self, images):
        x = F.pad(images, (0, -images.shape[-1] % 4, 0, -images.shape[-2] % 4), mode="replicate")
        x = F.pixel_unshuffle(x, 2)
        x = self.analysis_half[0](x).relu()
        x = F.pixel_unshuffle(x, 2)
        skip_0 = self.analysis_quarter[0](x).relu()
        x = self.analysis_quarter[1](skip_0).relu()
        x = self.analysis_quarter[2](x)
        x = x + skip_0
        skip_1 = self.analysis_quarter[3](x)
        x = F.pad(images, (0, -images.shape[-1] % 4, 0, -images.shape[-2] % 4), mode="replicate")
        x = F.pixel_unshuffle(x, 2)
        x = F.pixel_unshuffle(x, 2)
        x = self.blocks["analysis"](x)
        x = skip_1 + x
        return (x * (self.log_gains[6:12] + 1.8254353).exp().view(-1, 1, 1)).round().clamp(-127, 127)

    def decode(self, codes):
        skip_0 = codes * (self.log_inverse_gains[6:12] - 1.8254353).exp().view(-1, 1, 1)
        skip_1 = self.synthesis_quarter[0](skip_0).relu()
        x = self.synthesis_quarter[1](skip_1).relu()
        x = self.synthesis_quarter[2](x)
        x = x + skip_1
        skip_2 = self.synthesis_quarter[3](x).relu()
        x = self.synthesis_quarter[4](skip_2).relu()
        x = self.synthesis_quarter[5](x)
        x = x + skip_2
        x = self.synthesis_quarter[6](x).relu()
        x = F.pixel_shuffle(x, 2)
        x = self.synthesis_half[0](x).relu()
        x = self.synthesis_half[1](x)
        x = F.pixel_shuffle(x, 2)
        skip_3 = x[..., :26, :21]
        x = self.blocks["synthesis"](skip_0)
        x = F.pixel_shuffle(x, 2)
        x = F.pixel_shuffle(x, 2)
        x = x[..., :26, :21]
        return (skip_3 + x).clamp(0, 1)

    def forward(self, images):
        return self.decode(self.encode(images))


def load(path=Path(__file__).with_name("model.safetensors")):
    model = Autoencoder()
    model.load_state_dict(load_file(path), strict=True)
    return model.eval()
