"""Arrays in the layouts that people have, brought to ``[images, channels, height, width]`` and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._errors import DataError, InvalidArgumentError

#: Layouts by the number of axes, where none is named.
CANDIDATES = {2: ("HW",), 3: ("HWC", "CHW", "NHW"), 4: ("NHWC", "NCHW")}

#: An axis up to this length is not guessed to be a side of images.
SHORT = 4

#: Floats beyond this are no pixels between 0, black, and 1, white, even with noise.
BEYOND = 8.0

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Batch:
    """Images in the order that models take, and how they were given."""

    #: ``[images, channels, height, width]`` in C order, uint8 or float32.
    values: NDArray[Any]
    layout: str
    dtype: np.dtype[Any]

    def restore(self, values: NDArray[Any]) -> NDArray[Any]:
        """Images of ``[images, channels, height, width]`` in the layout and of the type of those that were given."""
        return arranged(values, self.layout).astype(self.dtype, copy=False)

    def single(self) -> bool:
        """Whether one image was given, without an axis of images."""
        return "N" not in self.layout


def batch(
    images: ArrayLike,
    layout: str | None,
    expected: Shape | None = None,
    name: str = "images",
) -> Batch:
    """Brings an array to the order that models take, without a copy where it has it.

    ``expected`` is the channels, height and width that a model takes, where it takes no others.
    """
    array = np.asarray(images)
    layout = guessed(array.shape, expected, name) if layout is None else checked(layout, array.shape, name)
    dtype = array.dtype
    if dtype == np.uint8:
        values = array
    elif dtype.kind == "f" and dtype.itemsize in (4, 8):
        # A copy where it is not float32 in the machine's order of bytes.
        values = array.astype(np.float32, copy=False)
    else:
        raise InvalidArgumentError(
            f"{name}: dtype {dtype}: uint8 is taken, 0 black and 255 white, and float32 and float64, 0 black and 1 white"
            + (": values of 16 bits are floats by array / 65535" if dtype == np.uint16 else "")
        )
    check_values(values, name)
    present = [letter for letter in "NCHW" if letter in layout]
    values = values.transpose([layout.index(letter) for letter in present])
    missing = tuple(axis for axis, letter in enumerate("NCHW") if letter not in layout)
    values = np.ascontiguousarray(np.expand_dims(values, missing))
    return Batch(values, layout, dtype if dtype.isnative else dtype.newbyteorder("="))


def arranged(values: NDArray[Any], layout: str) -> NDArray[Any]:
    """``[images, channels, height, width]`` in another layout, in C order; axes that it has not have the length 1."""
    missing = tuple(axis for axis, letter in enumerate("NCHW") if letter not in layout)
    present = [letter for letter in "NCHW" if letter in layout]
    values = values.squeeze(missing)
    return np.ascontiguousarray(values.transpose([present.index(letter) for letter in layout]))


def checked(layout: str, shape: tuple[int, ...], name: str) -> str:
    """A layout that was named."""
    if not isinstance(layout, str) or sorted(set(layout)) != sorted(layout) or not {"H", "W"} <= set(layout) <= set("NCHW"):
        raise InvalidArgumentError(
            f"{name}: layout {layout!r}: letters for the axes in their order, H and W and perhaps C and N, as HW, HWC, NHW or NCHW"
        )
    if len(layout) != len(shape):
        raise InvalidArgumentError(f"{name}: layout {layout} has {len(layout)} axes, the array has {len(shape)}: shape {shape}")
    return layout


def guessed(shape: tuple[int, ...], expected: Shape | None, name: str) -> str:
    """The only layout in which an array of this shape makes sense."""
    candidates = CANDIDATES.get(len(shape))
    if candidates is None:
        raise InvalidArgumentError(f"{name}: an array of {len(shape)} axes: images have 2 to 4")
    if len(candidates) == 1:
        return candidates[0]
    fitting = [layout for layout in candidates if makes_sense(layout, shape, expected)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        meant = " or ".join(fitting)
        raise InvalidArgumentError(f"{name}: shape {shape} may be {meant}: say which by layout")
    if expected is None:
        taken = f"as {', '.join(candidates)} it has no 1 or 3 channels, or sides of {SHORT} pixels and fewer"
    else:
        channels, height, width = expected
        taken = f"the model takes images of {channels} channels, height {height} and width {width}"
    raise InvalidArgumentError(f"{name}: the layout of shape {shape} cannot be told: {taken}; layout says it")


def makes_sense(layout: str, shape: tuple[int, ...], expected: Shape | None) -> bool:
    """Whether images of this layout are such as are taken, or as people have them."""
    sizes = dict(zip(layout, shape))
    image = (sizes.get("C", 1), sizes["H"], sizes["W"])
    if expected is not None:
        return image == expected
    channels, height, width = image
    return channels in (1, 3) and height > SHORT and width > SHORT


def check_values(values: NDArray[Any], name: str) -> None:
    """Refuses what is no number, and floats that are far from 0 to 1."""
    if values.dtype == np.uint8 or values.size == 0:
        return
    # Either is NaN where a value is.
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        place = tuple(int(index) for index in np.argwhere(~np.isfinite(values))[0])
        raise DataError(f"{name}: the value at {place} is {values[place]}")
    if low < -BEYOND or high > BEYOND:
        raise DataError(
            f"{name}: values from {low:g} to {high:g}: floats are 0 where black and 1 where white; levels of 0 to 255 are "
            "taken as uint8, or divided by 255"
        )


def output_layout(expected: Shape, is_single: bool) -> str:
    """The layout of images that a model makes of codes: gray ones have no axis of channels."""
    return ("" if is_single else "N") + ("HW" if expected[0] == 1 else "HWC")


def is_bytes(dtype: Any) -> bool:
    """Whether images are to be levels of 0 to 255, rather than floats."""
    wanted = np.dtype(dtype)
    if wanted == np.uint8:
        return True
    if wanted == np.float32:
        return False
    raise InvalidArgumentError(f"dtype {wanted}: must be uint8 or float32")
