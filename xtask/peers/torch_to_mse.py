"""PyTorch training on a set until its test error is as low as asked: a peer of `cargo xtask bench`.

    python torch_to_mse.py DIR --mse 0.0055 --threads 2 --seed 1 --most-epochs 40

The convolutional model in channels_last, from Glorot-uniform weights, Adam 1e-3, batch 128, the last partial batch trained
too, the test images measured after each epoch. One JSON object a line, when the epoch has been measured:

    {"epoch": 1, "test_mse": 0.0301}
"""

import argparse
import json

import torch
from serving import test_images, training_images
from torch import nn
from torch.nn import functional as F
from torch_models import Convolutional

parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("--mse", type=float, required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--seed", type=int, required=True)
parser.add_argument("--most-epochs", type=int, required=True)
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
torch.manual_seed(arguments.seed)
train, test = (
    torch.from_numpy(images(arguments.data)).contiguous(memory_format=torch.channels_last)
    for images in (training_images, test_images)
)
model = Convolutional(1)
for layer in model.layers:
    if isinstance(layer, nn.Conv2d):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
model = model.to(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
for epoch in range(1, arguments.most_epochs + 1):
    for indices in torch.randperm(len(train)).split(128):
        batch = train[indices]
        loss = model.loss(batch, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        squares = sum(F.mse_loss(model(part), part, reduction="sum").item() for part in test.split(500))
    mse = squares / test.numel()
    print(json.dumps({"epoch": epoch, "test_mse": mse}), flush=True)
    if mse <= arguments.mse:
        break
