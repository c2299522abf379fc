"""What the peers of `cargo xtask bench` have in common: requests in, images a second out.

A peer is started with the number of threads that it may compute with as its only argument. Its first
line on standard output says who it is: {"peer": "PyTorch 2.15.0"}. A request is one JSON object a line
on standard input, a reply one on standard output:

    {"task": "train", "variant": "eager", "model": "conv", "shape": [128, 1, 28, 28], "noise": 0.0,
     "data": null, "seconds": 0.5}
    {"images_per_second": 431.2, "steps": 4, "parameters": 314625}

`task` is train or infer, `model` conv, dense, vae or sparse. With `data`, a folder of MNIST-named IDX
files, batches are drawn from its training images in an order that is new each epoch; without it, one
batch of random pixels is used over and over. What a request needs is built, compiled and warmed up
before the clock starts, and kept for the next round, which begins with the first weights again. A
request that fails is answered with {"error": "..."}.
"""

import gzip
import json
import pathlib
import sys
import time
from typing import Callable, Iterator, Protocol

import numpy as np

# A model that has long learned its one batch is none that is trained: its gradients vanish.
MOST_TRAINING_STEPS = 500


class Job(Protocol):
    """What one request asks for, ready to run."""

    parameters: int  # the model's, to be held against those of `ae`'s

    def begin(self) -> None:
        """Puts back what steps have changed."""

    def step(self) -> object:
        """One batch, to the end of its computation."""


def threads() -> int:
    """The threads that this process may compute with."""
    return int(sys.argv[1])


def read_images(path: pathlib.Path) -> np.ndarray:
    """Images of a gzipped IDX file as `[count, 1, height, width]` in [0, 1]."""
    raw = gzip.decompress(path.read_bytes())
    count, height, width = (int.from_bytes(raw[k : k + 4], "big") for k in (4, 8, 12))
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(count, 1, height, width)
    return pixels.astype(np.float32) / 255


def training_images(folder: str) -> np.ndarray:
    return read_images(pathlib.Path(folder) / "train-images-idx3-ubyte.gz")


def test_images(folder: str) -> np.ndarray:
    return read_images(pathlib.Path(folder) / "t10k-images-idx3-ubyte.gz")


def batches(images: int, batch: int, seed: int = 1) -> Iterator[np.ndarray]:
    """The indices of full batches, epoch after epoch, each in an order of its own."""
    random = np.random.default_rng(seed)
    while True:
        order = random.permutation(images)
        yield from order[: images // batch * batch].reshape(-1, batch)


def serve(peer: str, build: Callable[[dict], Job]) -> None:
    """Answers requests until they end. `build` makes the job of a request."""
    ready: dict[str, Job] = {}

    def answer(request: dict) -> dict:
        key = json.dumps({k: v for k, v in request.items() if k != "seconds"}, sort_keys=True)
        if key not in ready:
            ready[key] = build(request)
            for _ in range(3):
                ready[key].step()
        job = ready[key]
        job.begin()
        job.step()
        most = MOST_TRAINING_STEPS if request["task"] == "train" else sys.maxsize
        steps, start = 0, time.perf_counter()
        while steps < 2 or (steps < most and time.perf_counter() - start < request["seconds"]):
            job.step()
            steps += 1
        seconds = time.perf_counter() - start
        images = steps * request["shape"][0]
        return {"images_per_second": images / seconds, "steps": steps, "parameters": job.parameters}

    print(json.dumps({"peer": peer}), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # the caller decides what a failed peer means
            first = str(error).splitlines()[:1]
            reply = {"error": f"{type(error).__name__}: {''.join(first)}"}
        print(json.dumps(reply), flush=True)
