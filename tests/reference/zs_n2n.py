"""Zero-Shot Noise2Noise as its authors publish it (Mansour and Heckel 2023), on crops of pictures.

Network, downsampler, loss, optimizer and schedule are those of the authors' program: two 3x3 convolutions of 48 channels with
leaky ReLU 0.2 and one of 1x1, Adam at 1e-3, halved after 1,000 of 2,000 steps, the result clipped. Noise is not clipped. Prints a
line of JSON for each picture and sigma; with --ae the program `ae` runs on the same crops with noise of its own drawing.

    python3 tests/reference/zs_n2n.py kodak/kodim05.png kodak/kodim23.png --crop 256 --sigmas 25 50 --ae target/release/ae
    python3 tests/reference/zs_n2n.py --golden

--golden trains on a small picture of formulas from weights of formulas, and prints what the unit test
`steps_are_those_of_the_authors_program` of ae-train holds ours to (torch 2.15.0).
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn


class Network(nn.Module):
    def __init__(self, channels, hidden=48):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, hidden, 3, padding=1)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.conv3 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        x = F.leaky_relu(self.conv1(x), 0.2)
        x = F.leaky_relu(self.conv2(x), 0.2)
        return self.conv3(x)


def pair_downsampler(image):
    channels = image.shape[1]
    first = torch.tensor([[0, 0.5], [0.5, 0]]).expand(channels, 1, 2, 2)
    second = torch.tensor([[0.5, 0], [0, 0.5]]).expand(channels, 1, 2, 2)
    return (
        F.conv2d(image, first, stride=2, groups=channels),
        F.conv2d(image, second, stride=2, groups=channels),
    )


def loss_of(model, noisy):
    noisy1, noisy2 = pair_downsampler(noisy)
    pred1, pred2 = noisy1 - model(noisy1), noisy2 - model(noisy2)
    residual = (F.mse_loss(noisy1, pred2) + F.mse_loss(noisy2, pred1)) / 2
    denoised1, denoised2 = pair_downsampler(noisy - model(noisy))
    consistency = (F.mse_loss(pred1, denoised1) + F.mse_loss(pred2, denoised2)) / 2
    return residual + consistency


def denoise(noisy, steps):
    model = Network(noisy.shape[1])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=max(1, steps // 2), gamma=0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(model, noisy).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return (noisy - model(noisy)).clamp(0, 1)


def fractions(count, factor, modulus):
    """Numbers from 0 to 1 that any language makes alike."""
    return torch.tensor([(k * factor % modulus) / modulus for k in range(count)], dtype=torch.float64)


def golden(steps=6):
    channels, height, width = 3, 15, 18
    noisy = fractions(channels * height * width, 31, 97).reshape(1, channels, height, width).float()
    model = Network(channels)
    with torch.no_grad():
        for index, layer in enumerate([model.conv1, model.conv2, model.conv3]):
            bound = (layer.in_channels * layer.kernel_size[0] ** 2) ** -0.5
            for tensor, factor in [(layer.weight, 7919 + index), (layer.bias, 104729 + index)]:
                values = bound * (2 * fractions(tensor.numel(), factor, 1009) - 1)
                tensor.copy_(values.reshape(tensor.shape).float())
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=steps // 2, gamma=0.5)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model, noisy)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        denoised = (noisy - model(noisy)).flatten()
    print("losses", losses)
    print("denoised", denoised[:: denoised.numel() // 12].tolist())


def psnr(a, b):
    return -10 * np.log10(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))


def crop_of(path, side, gray):
    image = Image.open(path).convert("L" if gray else "RGB")
    if side:
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    return image


def by_ae(program, image, sigma, steps, seed, folder):
    image.save(folder / "clean.png")
    begin = time.time()
    line = f"denoise clean.png -o out.png --self --noise gaussian:{sigma}/255 --noise-clip off --steps {steps}"
    line += f" --seed {seed} --force --json"
    ended = subprocess.run([program, *line.split()], cwd=folder, capture_output=True, check=True)
    page = json.loads(ended.stdout)["pictures"][0]
    return page["after"]["psnr"], time.time() - begin


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", nargs="*")
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("--sigmas", nargs="+", type=int, default=[25, 50])
    parser.add_argument("--crop", type=int, default=256, help="the side of a crop from the middle; 0 for the whole picture")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gray", action="store_true")
    parser.add_argument("--ae", help="the program ae, to run beside it")
    parser.add_argument("--no-torch", action="store_true")
    arguments = parser.parse_args()
    if arguments.golden:
        golden()
        return
    for path in arguments.pictures:
        image = crop_of(path, arguments.crop, arguments.gray)
        clean = np.asarray(image, dtype=np.float32) / 255
        clean = clean[None] if clean.ndim == 2 else clean.transpose(2, 0, 1)
        for sigma in arguments.sigmas:
            row = {
                "picture": Path(path).name,
                "size": [image.width, image.height],
                "channels": clean.shape[0],
                "sigma": sigma,
                "steps": arguments.steps,
            }
            if not arguments.no_torch:
                torch.manual_seed(arguments.seed)
                noisy = torch.from_numpy(clean)[None]
                noisy = noisy + sigma / 255 * torch.randn(noisy.shape)
                begin = time.time()
                denoised = denoise(noisy, arguments.steps)[0].numpy()
                row["torch_psnr"] = round(float(psnr(clean, denoised)), 3)
                row["torch_seconds"] = round(time.time() - begin, 1)
            if arguments.ae:
                with tempfile.TemporaryDirectory() as folder:
                    found = by_ae(str(Path(arguments.ae).resolve()), image, sigma, arguments.steps, arguments.seed, Path(folder))
                row["ae_psnr"], row["ae_seconds"] = round(found[0], 3), round(found[1], 1)
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
