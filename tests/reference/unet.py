"""The U-Net of `ae train --model unet` on patches of pictures, in PyTorch: what the same steps reach, and how quick they are.

    python unet.py --train bsd400 --test bsd68 --steps 12000 > unet.jsonl
    python unet.py --train bsd400 --test bsd68 --steps 200 --speed

The same network (470,592 weights, no biases, it predicts the noise), the same recipe as

    ae train --model unet --data bsd400 --patch 64 --noise gaussian:25/255 --noise-clip off --batch-size 16 --steps 12000 \
        --learning-rate 2e-3 --schedule cosine --clip-norm 0.1 --ema 0.999

with PyTorch's own random numbers. The PSNR is that of the averaged weights, the mean over whole pictures, output clipped. Seconds are
of training alone. `--speed` leaves PSNR out. PyTorch runs channels_last and compiled, its quickest here. One JSON object a line.
"""

import argparse
import json
import math
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

WIDTHS = [32, 64, 128]
WARM_UP_STEPS = 50


class Unet(nn.Module):
    def __init__(self, widths):
        super().__init__()

        def chain(sizes):
            return [nn.Conv2d(i, o, 3, padding=1, bias=False) for i, o in zip(sizes, sizes[1:])]

        above = [1, *widths]
        self.encoder = nn.ModuleList()
        for level, width in enumerate(widths):
            self.encoder.extend(chain([above[level], width, width]))
        self.decoder = nn.ModuleList(chain([widths[-1], widths[-2]]))
        for level in reversed(range(len(widths) - 1)):
            self.decoder.extend(chain([2 * widths[level], widths[level], above[level]]))
        for layer in [*self.encoder, *self.decoder]:
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        # It begins near the identity.
        with torch.no_grad():
            self.decoder[-1].weight.mul_(0.1)

    def forward(self, x):
        y, maps = x, []
        for index, layer in enumerate(self.encoder):
            if index and index % 2 == 0:
                maps.append(y)
                y = F.max_pool2d(y, 2)
            y = layer(y).relu()
        for index, layer in enumerate(self.decoder):
            if index % 2 == 1:
                y = torch.cat([F.interpolate(y, scale_factor=2, mode="nearest"), maps.pop()], 1)
            y = layer(y)
            if index + 1 < len(self.decoder):
                y = y.relu()
        return x - y


def read(folder):
    return [np.asarray(Image.open(path).convert("L")) for path in sorted(folder.iterdir()) if path.suffix in (".png", ".jpg", ".tif")]


def patches(pictures, count, side, random):
    """Square patches of random pictures and places, flipped and turned, `[count, 1, side, side]` in [0, 1]."""
    areas = np.array([picture.size for picture in pictures], float)
    out = np.empty((count, 1, side, side), np.float32)
    for index, number in enumerate(random.choice(len(pictures), count, p=areas / areas.sum())):
        picture = pictures[number]
        top, left = (random.integers(length - side + 1) for length in picture.shape)
        patch = np.rot90(picture[top : top + side, left : left + side], random.integers(4))
        out[index, 0] = (patch[:, ::-1] if random.integers(2) else patch) / np.float32(255)
    return torch.from_numpy(out)


def psnr(network, pictures, sigma):
    values = []
    with torch.no_grad():
        for index, picture in enumerate(pictures):
            clean = torch.from_numpy(picture.astype(np.float32) / 255)
            noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(index))
            height, width = clean.shape
            padded = F.pad((clean + sigma * noise)[None, None], (0, -width % 4, 0, -height % 4), mode="reflect")
            output = network(padded)[0, 0, :height, :width].clamp(0, 1)
            values.append(-10 * math.log10(F.mse_loss(output, clean).item()))
    return float(np.mean(values))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", type=pathlib.Path, required=True)
    parser.add_argument("--test", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--sigma", type=float, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    random = np.random.default_rng(options.seed)
    sigma = options.sigma / 255
    training, testing = read(options.train), read(options.test)
    network = Unet(WIDTHS).to(memory_format=torch.channels_last)
    averaged = Unet(WIDTHS).to(memory_format=torch.channels_last)
    averaged.load_state_dict(network.state_dict())
    compiled = torch.compile(network)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), "weights": sum(w.numel() for w in network.parameters()),
                      **{key: str(value) for key, value in vars(options).items()}}), flush=True)
    seconds, warm_up_seconds, next_report = 0.0, 0.0, 700
    for step in range(1, options.steps + 1):
        begun = time.perf_counter()
        clean = patches(training, options.batch_size, 64, random)
        noisy = (clean + sigma * torch.randn_like(clean)).to(memory_format=torch.channels_last)
        rate = 0.5 * (1 + math.cos(math.pi * (step - 1) / options.steps)) * min(1, step / WARM_UP_STEPS)
        optimizer.param_groups[0]["lr"] = 2e-3 * rate
        loss = F.mse_loss(compiled(noisy), clean)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 0.1)
        optimizer.step()
        with torch.no_grad():
            for average, weight in zip(averaged.parameters(), network.parameters()):
                average.lerp_(weight, 1 - min(0.999, step / (step + 9)))
        seconds += time.perf_counter() - begun
        if step == 10:
            # Compilation is not training.
            warm_up_seconds = seconds
        if step == next_report or step == options.steps:
            next_report = round(1.6 * next_report)
            row = {"step": step, "seconds": round(seconds, 1), "loss": loss.item(),
                   "patches_per_second": round((step - 10) * options.batch_size / (seconds - warm_up_seconds), 1)}
            if not options.speed:
                row["psnr"] = round(psnr(averaged, testing, sigma), 3)
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
