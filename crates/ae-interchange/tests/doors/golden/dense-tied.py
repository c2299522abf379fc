"""fully connected, the decoder tied to the encoder.

Written by ae 0.1.0. Images are float32 [batch, channels, height, width], from 0, black, to 1,
white: bytes divided by 255. Gray of color is 0.2126 red + 0.7152 green + 0.0722 blue (ITU-R
BT.709), of bytes, rounded to a byte. 28x28 pixels (width x height), brought there by fit stretch:
smaller by a triangle filter, larger bilinearly.

In this folder, with torch and safetensors installed:

    import torch
    from model import load

    model = load()
    images = torch.rand(16, 1, 28, 28)
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
        self.encoder = nn.ModuleList([
            nn.Linear(784, 64),
            nn.Linear(64, 32),
            nn.Linear(32, 8),
        ])
        self.decoder = nn.ModuleList([
            nn.ParameterDict({"bias": nn.Parameter(torch.zeros(32))}),
            nn.ParameterDict({"bias": nn.Parameter(torch.zeros(64))}),
            nn.ParameterDict({"bias": nn.Parameter(torch.zeros(784))}),
        ])

    def encode(self, images):
        x = images.flatten(1)
        x = self.encoder[0](x).relu()
        x = self.encoder[1](x).relu()
        return self.encoder[2](x)

    def decode(self, codes):
        x = F.linear(codes, self.encoder[2].weight.T, self.decoder[0]["bias"]).relu()
        x = F.linear(x, self.encoder[1].weight.T, self.decoder[1]["bias"]).relu()
        x = F.linear(x, self.encoder[0].weight.T, self.decoder[2]["bias"]).sigmoid()
        return x.unflatten(1, (1, 28, 28))

    def forward(self, images):
        return self.decode(self.encode(images))


def load(path=Path(__file__).with_name("model.safetensors")):
    model = Autoencoder()
    model.load_state_dict(load_file(path), strict=True)
    return model.eval()
