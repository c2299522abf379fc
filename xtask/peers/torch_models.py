"""The models of `ae` in PyTorch, as its users write them."""

import torch
from torch import nn
from torch.nn import functional as F


class Convolutional(nn.Module):
    """28x28x1 -> 7x7x128 -> 28x28x1: 314,625 parameters with one channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()

        def convolution(inputs: int, outputs: int) -> nn.Conv2d:
            return nn.Conv2d(inputs, outputs, 3, padding=1)

        self.layers = nn.Sequential(
            convolution(channels, 32), nn.ReLU(), nn.MaxPool2d(2),
            convolution(32, 64), nn.ReLU(), nn.MaxPool2d(2),
            convolution(64, 128), nn.ReLU(),
            convolution(128, 128), nn.ReLU(), nn.Upsample(scale_factor=2),
            convolution(128, 64), nn.ReLU(), nn.Upsample(scale_factor=2),
            convolution(64, channels), nn.Sigmoid(),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)

    def loss(self, images: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(self(images), target)


class Dense(nn.Module):
    """784 -> 128 -> 64 -> 32 and back, as the default of `ae train --model dense`.

    With a `penalty` on the code, ReLU on it, and 784 -> 128 -> 256 and back, it is `--model sparse` of such a network.
    """

    def __init__(self, values: int, widths: tuple[int, ...] = (128, 64, 32), penalty: float = 0.0) -> None:
        super().__init__()
        self.penalty = penalty

        def layers(sizes: list[int]) -> list[nn.Module]:
            linear = [nn.Linear(inputs, outputs) for inputs, outputs in zip(sizes, sizes[1:])]
            return [module for layer in linear for module in (layer, nn.ReLU())][:-1]

        sizes = [values, *widths]
        code = [nn.ReLU()] if penalty > 0 else []
        self.encoder = nn.Sequential(nn.Flatten(), *layers(sizes), *code)
        self.decoder = nn.Sequential(*layers(sizes[::-1]), nn.Sigmoid())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(images)).reshape(images.shape)

    def loss(self, images: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if self.penalty == 0:
            return F.mse_loss(self(images), target)
        code = self.encoder(images)
        loss = F.mse_loss(self.decoder(code), target.flatten(1))
        return loss + self.penalty * code.abs().sum(1).mean()


class Variational(nn.Module):
    """784-400-20 and back: summed binary cross-entropy and divergence, a mean over the batch."""

    def __init__(self, values: int, width: int = 400, latent: int = 20) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(values, width), nn.ReLU(), nn.Linear(width, 2 * latent)
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, width), nn.ReLU(), nn.Linear(width, values), nn.Sigmoid()
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        mean, _ = self.encoder(images).chunk(2, 1)
        return self.decoder(mean).reshape(images.shape)

    def loss(self, images: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        mean, log_variance = self.encoder(images).chunk(2, 1)
        codes = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        reconstruction = F.binary_cross_entropy(self.decoder(codes), target.flatten(1), reduction="sum")
        divergence = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum()
        return (reconstruction + divergence) / len(images)


def model(name: str, shape: list[int]) -> nn.Module:
    """The model that requests call `name`, for images of `[channels, height, width]`."""
    channels, height, width = shape
    values = channels * height * width
    match name:
        case "conv":
            return Convolutional(channels)
        case "dense":
            return Dense(values)
        case "sparse":
            return Dense(values, widths=(128, 256), penalty=1e-5)
        case "vae":
            return Variational(values)
    raise ValueError(f"no model {name} here")
