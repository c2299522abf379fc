"""Writes `dense.pt` beside it: the weights of a dense autoencoder of 1x2x3 pixels with a code of two values, as
torch.save(model.state_dict()) writes them, 0.5, 1.5, 2.5, … in the order of the state_dict. The decoder's weight is transposed in
memory, and its bias is of 16 bits. Made with PyTorch 2.15.0: `python dense.py`.
"""

import pathlib
from collections import OrderedDict

import torch


def numbers(start, *shape):
    count = torch.Size(shape).numel()
    return torch.arange(start, start + count, dtype=torch.float32).add(0.5).reshape(shape)


weights = OrderedDict(
    {
        "encoder.0.weight": numbers(0, 2, 6),
        "encoder.0.bias": numbers(12, 2),
        "decoder.0.weight": numbers(14, 6, 2).t().contiguous().t(),
        "decoder.0.bias": numbers(26, 6).half(),
    }
)
weights._metadata = OrderedDict({"": {"version": 1}})
assert not weights["decoder.0.weight"].is_contiguous()
torch.save(weights, pathlib.Path(__file__).with_name("dense.pt"))
