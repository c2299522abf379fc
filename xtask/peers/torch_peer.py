"""PyTorch as a peer of `cargo xtask bench`; serving.py has the protocol.

`variant` is eager, channels_last (eager too) or compile (channels_last and torch.compile).
"""

import torch
from serving import serve
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
    """784 -> 128 -> 64 -> 32 and back, as the default of `ae train --model dense`."""

    def __init__(self, values: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(values, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 32),
            nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU(),
            nn.Linear(128, values), nn.Sigmoid(),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images).reshape(images.shape)

    def loss(self, images: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(self(images), target)


class Bench:
    """One request's model and data, ready to run."""

    def __init__(self, request: dict) -> None:
        torch.manual_seed(1)
        batch, channels, height, width = request["shape"]
        compiled = request["variant"] == "compile"
        self.layout = torch.contiguous_format if request["variant"] == "eager" else torch.channels_last
        self.images = torch.rand(request["shape"]).contiguous(memory_format=self.layout)
        self.noise = request.get("noise", 0.0)
        if request["model"] == "conv":
            model = Convolutional(channels).to(memory_format=self.layout)
        else:
            model = Dense(channels * height * width)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        self.training = request["task"] == "train"
        model.train(self.training)
        self.call = torch.compile(model.loss if self.training else model, dynamic=False) if compiled else (
            model.loss if self.training else model)

    def step(self) -> float:
        if not self.training:
            with torch.inference_mode():
                return float(self.call(self.images)[0, 0, 0, 0])
        images = self.images
        if self.noise > 0:
            images = (images + self.noise * torch.randn_like(images)).clamp(0, 1)
        loss = self.call(images, self.images)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()


# Every shape gets a program of its own; past a limit PyTorch would fall back to eager.
torch._dynamo.config.cache_size_limit = 128
serve(
    f"PyTorch {torch.__version__}",
    lambda request: Bench(request).step,
    lambda request: torch.set_num_threads(request["threads"]),
)
