"""Autoencoders on images: denoise, encode, score, generate, compress and train, on NumPy arrays.

    import numpy as np
    import ae_images

    photo = ae_images.open("photo")
    clean = photo.denoise(noisy)                      # [height, width, 3], uint8 or float

See :func:`open`, :class:`Model` and :func:`train`. The command ``ae`` is installed beside the module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._errors import (
        AeError,
        DataError,
        DeviceError,
        DivergedError,
        FileError,
        InternalError,
        InvalidArgumentError,
        ModelError,
        NotFoundError,
        UnsupportedError,
    )
    from ._model import Model, open
    from ._native import __version__
    from ._training import Progress, resume, train

#: Where each name is defined. They are imported when they are first used: the command needs no NumPy.
_HOMES = {
    "Model": "_model",
    "open": "_model",
    "Progress": "_training",
    "resume": "_training",
    "train": "_training",
    "__version__": "_native",
    "AeError": "_errors",
    "DataError": "_errors",
    "DeviceError": "_errors",
    "DivergedError": "_errors",
    "FileError": "_errors",
    "InternalError": "_errors",
    "InvalidArgumentError": "_errors",
    "ModelError": "_errors",
    "NotFoundError": "_errors",
    "UnsupportedError": "_errors",
}

__all__ = [
    "AeError",
    "DataError",
    "DeviceError",
    "DivergedError",
    "FileError",
    "InternalError",
    "InvalidArgumentError",
    "Model",
    "ModelError",
    "NotFoundError",
    "Progress",
    "UnsupportedError",
    "__version__",
    "open",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
