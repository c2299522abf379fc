"""Training."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _native
from ._arrays import batch
from ._errors import InvalidArgumentError
from ._model import Model, Path


@dataclass(frozen=True)
class Progress:
    """How far a training has come: a step of the optimizer, or, where there is a ``report``, an epoch."""

    #: The epoch, counted from 1.
    epoch: int
    #: Epochs in the whole run.
    epochs: int
    #: The step, counted from 1 over the whole run.
    step: int
    #: Steps in the whole run.
    steps: int
    #: The step's loss, or the mean over the epoch's images.
    loss: float
    #: Training images a second in this epoch.
    images_per_second: float
    #: At the end of an epoch, what :attr:`Model.history` has of it.
    report: dict[str, Any] | None = None


#: Training, validation and test images in the order that models take.
Arrays = tuple[NDArray[Any] | None, NDArray[Any] | None, NDArray[Any] | None]

#: Called after every step and every epoch; ``False`` ends the training.
ProgressCallback = Callable[[Progress], object]


def train(
    data: str | os.PathLike[str] | ArrayLike,
    *,
    model: str = "conv",
    validation: ArrayLike | None = None,
    test: ArrayLike | None = None,
    layout: str | None = None,
    out: Path | None = None,
    force: bool = False,
    backend: str = "auto",
    progress: ProgressCallback | None = None,
    **settings: Any,
) -> Model:
    """Trains a model as ``ae train`` does, and returns the epoch's model that is kept.

    Args:
        data: images: a known name (``"glyphs"``) or a path, as ``--data`` takes them, or an array; floats are rounded to 256
            levels. They are divided into training, validation and test images, unless some are given apart.
        model: the kind: ``conv``, ``dense``, ``vae``, ``sparse``, ``contractive``, ``unet``.
        validation: an array of images that epochs are compared by, beside an array of ``data``.
        test: one of images that are measured at the end.
        layout: the axes of the arrays; a guess fails for three axes that may be ``CHW`` or ``NHW``.
        out: a directory for the run: configuration, metrics, checkpoints, models. Without one, all stays in memory.
        force: whether a run that is there is removed first.
        backend: where to compute, as the command's ``--backend``.
        progress: called after every step and every epoch with a :class:`Progress`; where it returns ``False``, training ends
            after the step, and where it raises, so does this. It takes training time.
        settings: of the training, by the names that a run's ``config.toml`` has for them (``epochs``, ``steps``,
            ``batch_size``, ``learning_rate``, ``noise="gaussian:0.5"``, ``optimizer``, ``schedule``, ``seed``, ``ema``, …);
            of the images (``size="28x28"``, ``channels``, ``limit``, ``test_share``, ``validation_share``, …); and of the model,
            by the names of the command's options (``latent``, ``widths=[32, 64]``, ``beta``, ``likelihood``, …).

    Raises:
        KeyboardInterrupt: ctrl-c. The step is finished, and with ``out`` a checkpoint is written, which :func:`resume` begins
            with.
        InvalidArgumentError: a setting is not known or not possible.
        DivergedError: a number was not finite.
    """
    if model in ("pixel", "transform"):
        raise InvalidArgumentError(f"model = {model!r}: codecs are trained by the command: ae train --model {model}")
    if isinstance(data, (str, os.PathLike)):
        if validation is not None or test is not None:
            raise InvalidArgumentError("validation, test: arrays, which are taken beside an array of data alone")
        named: str | None = os.fspath(data)
        arrays: Arrays = (None, None, None)
    else:
        named, arrays = None, _arrays(data, validation, test, layout)
    native = _native.train(
        named,
        arrays[0],
        arrays[1],
        arrays[2],
        model,
        _json(settings),
        None if out is None else os.fspath(out),
        force,
        backend,
        _told(progress),
    )
    return Model(native)


def resume(
    run: Path,
    *,
    data: ArrayLike | None = None,
    validation: ArrayLike | None = None,
    test: ArrayLike | None = None,
    layout: str | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    backend: str = "auto",
    progress: ProgressCallback | None = None,
) -> Model:
    """Resumes a run where it stopped, as ``ae train --resume`` does; it ends as if it had never stopped.

    Args:
        run: its directory.
        data, validation, test: the arrays that it was trained on, which it has not kept.
        layout: their axes.
        epochs: how many there are to be in all; as before, where not given.
        steps: how many steps, in place of epochs.
        backend: where to compute.
        progress: as for :func:`train`.
    """
    train_, validation_, test_ = (None, None, None) if data is None else _arrays(data, validation, test, layout)
    native = _native.resume(os.fspath(run), train_, validation_, test_, epochs, steps, backend, _told(progress))
    return Model(native)


def _arrays(data: ArrayLike, validation: ArrayLike | None, test: ArrayLike | None, layout: str | None) -> Arrays:
    first = batch(data, layout, None, "data")
    if first.single():
        raise InvalidArgumentError(f"data: one image, layout {first.layout}: an axis of images N is needed")

    def other(images: ArrayLike | None, name: str) -> NDArray[Any] | None:
        return None if images is None else batch(images, first.layout, None, name).values

    return first.values, other(validation, "validation"), other(test, "test")


def _told(progress: ProgressCallback | None) -> Callable[..., object] | None:
    if progress is None:
        return None

    def tell(epoch: int, epochs: int, step: int, steps: int, loss: float, speed: float, report: str | None) -> object:
        told = None if report is None else json.loads(report)
        return progress(Progress(epoch, epochs, step, steps, loss, speed, told))

    return tell


def _json(settings: dict[str, Any]) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        raise InvalidArgumentError(f"a setting of type {type(value).__name__}: numbers, texts and lists are taken")

    try:
        return json.dumps(settings, default=plain, allow_nan=False)
    except ValueError as error:
        if isinstance(error, InvalidArgumentError):
            raise
        raise InvalidArgumentError(f"settings: {error}") from None
