"""U-Net of 2 levels, skip connections concatenated, no biases, predicts the noise of the chrominances; no bottleneck: the picture passes beside the middle, so nothing is compressed.

Written by ae 0.1.0. Images are float32 [batch, channels, height, width], from 0, black, to 1,
white: bytes divided by 255. The channels are red, green, blue; gray is repeated. Any height and
width; it was trained on images of 34x21 (width x height).

In this folder, with torch and safetensors installed:

    import torch
    from model import load

    model = load()
    images = torch.rand(16, 3, 21, 34)
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
            nn.Conv2d(3, 8, 3, padding=1, bias=False),
            nn.Conv2d(8, 8, 3, padding=1, bias=False),
            nn.Conv2d(8, 12, 3, padding=1, bias=False),
            nn.Conv2d(12, 12, 3, padding=1, bias=False),
        ])
        self.decoder = nn.ModuleList([
            nn.Conv2d(12, 8, 3, padding=1, bias=False),
            nn.Conv2d(16, 8, 3, padding=1, bias=False),
            nn.Conv2d(8, 2, 3, padding=1, bias=False),
        ])

    def forward(self, images):
        padded = F.pad(images, (0, -images.shape[-1] % 2, 0, -images.shape[-2] % 2), mode="replicate")
        x = torch.einsum("oi,bihw->bohw", padded.new_tensor([[0.57735026, 0.57735026, 0.57735026], [0.70710677, 0.0, -0.70710677], [0.4082483, -0.8164966, 0.4082483]]), padded)
        x = self.encoder[0](x).relu()
        skip_0 = self.encoder[1](x).relu()
        x = F.max_pool2d(skip_0, 2)
        x = self.encoder[2](x).relu()
        x = self.encoder[3](x).relu()
        x = self.decoder[0](x).relu()
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = torch.cat([x, skip_0], dim=1)
        x = self.decoder[1](x).relu()
        skip_1 = self.decoder[2](x)
        x = torch.einsum("oi,bihw->bohw", padded.new_tensor([[0.70710677, 0.0, -0.70710677], [0.4082483, -0.8164966, 0.4082483]]), padded)
        x = x - skip_1
        skip_2 = torch.einsum("oi,bihw->bohw", x.new_tensor([[0.70710677, 0.4082483], [0.0, -0.8164966], [-0.70710677, 0.4082483]]), x)
        x = torch.einsum("oi,bihw->bohw", padded.new_tensor([[0.33333334, 0.33333334, 0.33333334], [0.33333334, 0.33333334, 0.33333334], [0.33333334, 0.33333334, 0.33333334]]), padded)
        x = x + skip_2
        return x[..., :images.shape[-2], :images.shape[-1]]


def load(path=Path(__file__).with_name("model.safetensors")):
    model = Autoencoder()
    model.load_state_dict(load_file(path), strict=True)
    return model.eval()
