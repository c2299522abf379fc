"""PyTorch as a peer of `cargo xtask bench`; serving.py has the protocol.

`variant` is eager, channels_last (eager too) or compile (of channels_last). Inference is compiled with frozen
weights, which lets PyTorch lay them out for the processor beforehand, and into C++ without a wrapper in Python.
"""

import copy

import torch
import torch._inductor.config
from serving import batches, serve, threads, training_images
from torch_models import model


class Bench:
    """One request's model and data, ready to run."""

    def __init__(self, request: dict) -> None:
        torch.manual_seed(1)
        self.layout = torch.contiguous_format if request["variant"] == "eager" else torch.channels_last
        self.noise = request["noise"]
        self.training = request["task"] == "train"
        self.model = model(request["model"], request["shape"][1:]).to(memory_format=self.layout)
        self.model.train(self.training)
        self.parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.first_weights = copy.deepcopy(self.model.state_dict())
        self.call = self.model.loss if self.training else self.model
        if request["variant"] == "compile":
            options = {} if self.training else {"freezing": True, "cpp_wrapper": True}
            self.call = torch.compile(self.call, dynamic=False, options=options)
        if request["data"] is None:
            self.batches = None
            self.images = torch.rand(request["shape"]).contiguous(memory_format=self.layout)
        else:
            self.images = torch.from_numpy(training_images(request["data"]))
            self.images = self.images.contiguous(memory_format=self.layout)
            self.batches = batches(len(self.images), request["shape"][0])
        self.begin()

    def begin(self) -> None:
        self.model.load_state_dict(self.first_weights)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3, fused=True)

    def step(self) -> float:
        if not self.training:
            with torch.inference_mode():
                return float(self.call(self.images)[0, 0, 0, 0])
        target = self.images
        if self.batches is not None:
            target = self.images[torch.from_numpy(next(self.batches))]
        images = target
        if self.noise > 0:
            images = (images + self.noise * torch.randn_like(images)).clamp(0, 1)
        loss = self.call(images, target)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()


torch.set_num_threads(threads())
# Every shape gets a program of its own; past a limit PyTorch would fall back to eager.
torch._dynamo.config.cache_size_limit = 128
torch._inductor.config.cpp.threads = threads()
serve(f"PyTorch {torch.__version__}", Bench)
