"""One of the ways of `step_times_of_ranks.py`: prints the median milliseconds of a step of PyTorch's DDP over gloo.

    python step_times_of_ranks_ddp.py RANKS THREADS
"""

import os
import statistics
import sys
import time

import torch
import torch.distributed
import torch.multiprocessing
from torch import nn

BATCH, STEPS, LEFT_OUT = 128, 20, 3
WAYS = {
    "PyTorch, 1 thread": (1, 1),
    "PyTorch, 2 threads": (1, 2),
    "PyTorch, 2 ranks, DDP": (2, 1),
}


def convolution(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def autoencoder():
    """That of `conv_autoencoder.py`: 314,625 parameters."""
    return nn.Sequential(
        convolution(1, 32), nn.ReLU(), nn.MaxPool2d(2), convolution(32, 64), nn.ReLU(), nn.MaxPool2d(2), convolution(64, 128), nn.ReLU(),
        convolution(128, 128), nn.ReLU(), nn.Upsample(scale_factor=2), convolution(128, 64), nn.ReLU(), nn.Upsample(scale_factor=2),
        convolution(64, 1), nn.Sigmoid(),
    )


def train(rank, ranks, threads):
    if ranks > 1 or threads == 1:
        os.sched_setaffinity(0, {rank})
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = autoencoder()
    if ranks > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29511")
        torch.distributed.init_process_group("gloo", rank=rank, world_size=ranks)
        model = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.Adam(model.parameters(), 8e-3)
    images = torch.rand(BATCH // ranks, 1, 28, 28)
    times = []
    for _ in range(LEFT_OUT + STEPS):
        begun = time.perf_counter()
        optimizer.zero_grad()
        nn.functional.mse_loss(model(images), images).backward()
        optimizer.step()
        times.append(time.perf_counter() - begun)
    if rank == 0:
        print(1e3 * statistics.median(times[LEFT_OUT:]))
    if ranks > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    ranks, threads = map(int, sys.argv[1:])
    if ranks == 1:
        train(0, 1, threads)
    else:
        torch.multiprocessing.spawn(train, (ranks, threads), ranks)
