"""Models on arrays."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _native
from ._arrays import Batch, arranged, batch, checked, is_bytes, output_layout
from ._errors import DataError, UnsupportedError

Path = str | os.PathLike[str]


def open(path: Path, *, backend: str = "auto") -> Model:
    """Opens a model.

    Args:
        path: a run's directory; a model file (``model.safetensors``, or ``model.aepixel`` of the codec); or a name:
            ``"photo"``, the denoiser for photographs that is built in; the filters ``"bm3d"``, ``"nlm"`` and ``"median"``;
            ``"zs-n2n"``, which trains on each picture; ``"glyphs"``, the codec for letters of 28x28 that is built in.
        backend: where to compute, as the command's ``--backend``.

    Raises:
        NotFoundError: there is nothing of this name.
        ModelError: the file is no model, or the directory holds none.
        InvalidArgumentError: the build lacks the backend.
    """
    return Model(_native.open(os.fspath(path), backend))


class Model:
    """A model on a device, by :func:`open` or :func:`train`.

    Its methods may be called from several threads at once; other Python threads run meanwhile, and must not write to the
    arrays. Ctrl-c raises ``KeyboardInterrupt`` after the batch of images or tiles that is being computed.

    **Pixels** are uint8, 0 black and 255 white, or float32 or float64, 0 black and 1 white; all is computed in float32.
    Images come back in the layout and of the type in which they were given, in C order; floats are neither clipped nor
    rounded. Arrays of uint8 and float32 in the order ``NCHW``, or without channels, are passed on without a copy.

    **Layouts** are named by a letter an axis: ``layout="HWC"`` is height, width, channels, and ``N`` counts images. Where
    none is named it is guessed: two axes are ``HW``; three or four are what alone fits the model's images, or, for
    :meth:`denoise`, has 1 or 3 channels and sides of more than 4 pixels. What could be two layouts is an error.
    """

    def __init__(self, native: _native.Model) -> None:
        self._native = native

    def __repr__(self) -> str:
        shape = "" if self.image_shape is None else f", image_shape={self.image_shape}"
        code = "" if self.code_shape is None else f", code_shape={self.code_shape}"
        return f"<ae_images.Model {self.name!r}: {self.kind}{shape}{code}>"

    @property
    def name(self) -> str:
        """What it was opened as."""
        return self._native.name

    @property
    def kind(self) -> str:
        """The kind of model: ``conv``, ``vae``, ``unet``, …; ``filter``, or ``pixel`` for the codec."""
        return self._native.kind

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """Channels, height and width of the images that it was made for; ``None`` of what takes any."""
        return self._native.image_shape

    @property
    def code_shape(self) -> tuple[int, ...] | None:
        """The shape of a code; ``None`` where there are no codes."""
        shape = self._native.code_shape
        return None if shape is None else tuple(shape)

    @property
    def noise(self) -> str | None:
        """The noise that it was trained to remove, as ``gaussian:0.5``."""
        return self._native.noise

    @property
    def has_prior(self) -> bool:
        """Whether codes can be drawn from a prior, as of a ``vae``."""
        return self._native.has_prior

    @property
    def history(self) -> list[dict[str, Any]]:
        """The epochs of a model that :func:`train` or :func:`resume` has returned; empty for one that was opened.

        Keys are those of the run's ``metrics.jsonl``: ``epoch``, ``step``, ``train_loss``, ``validation`` with ``mse``,
        ``rmse``, ``psnr`` and ``ssim``, ``best``, ``images_per_second``, …
        """
        epochs: list[dict[str, Any]] = json.loads(self._native.history)
        return epochs

    def denoise(
        self,
        images: ArrayLike,
        *,
        strength: float = 1.0,
        noise_level: float | None = None,
        tile: int | None = None,
        layout: str | None = None,
    ) -> NDArray[Any]:
        """Removes noise from pictures of any size, each by itself, as ``ae denoise`` does.

        A gray model does the channels of a color picture one after the other. Many small images of the model's own size are
        passed through it faster by :meth:`reconstruct`.

        Args:
            images: ``[height, width]``, with channels (any number, or 3 for a model of color), with an axis of images.
            strength: how much of the noise is removed, 0 to 1.5.
            noise_level: the noise's standard deviation, 0 to 1, for a filter that has to know it; estimated where not given.
            tile: the side of a tile in pixels, in which large pictures are done.
            layout: the axes of ``images``.

        Returns:
            The same shape, layout and type.

        Raises:
            UnsupportedError: the model reconstructs no images.
            DataError: a value is no number, or far from 0 to 1.
        """
        given = batch(images, layout)
        level = None if noise_level is None else float(noise_level)
        return given.restore(self._native.denoise(given.values, float(strength), level, tile))

    def reconstruct(self, images: ArrayLike, *, layout: str | None = None) -> NDArray[Any]:
        """Passes images through the model, as ``ae reconstruct`` does.

        Args:
            images: of the model's :attr:`image_shape`, one or with an axis of images.
            layout: the axes of ``images``.

        Returns:
            The same shape, layout and type.
        """
        given = self._own(images, layout)
        return given.restore(self._native.reconstruct(given.values))

    def encode(self, images: ArrayLike, *, layout: str | None = None) -> NDArray[np.float32]:
        """Compresses images to codes, as ``ae encode`` does.

        Args:
            images: of the model's :attr:`image_shape`, one or with an axis of images.
            layout: the axes of ``images``.

        Returns:
            float32 of ``[images, *code_shape]``, or of ``code_shape`` for one image.
        """
        given = self._own(images, layout)
        codes = self._native.encode(given.values).reshape(-1, *(self.code_shape or ()))
        return codes[0] if given.single() else codes

    def decode(
        self, codes: ArrayLike, *, dtype: Any = np.uint8, layout: str | None = None
    ) -> NDArray[Any]:
        """Makes images of codes, as ``ae decode`` does.

        Args:
            codes: ``[images, *code_shape]``, or a code; codes may be flat, ``[images, values of a code]``.
            dtype: ``uint8``, rounded as the command's pictures are, or ``float32``, as the model gives them.
            layout: the axes of what is returned.

        Returns:
            ``[images, height, width]`` of a gray model, ``[images, height, width, 3]`` of one of color; without the axis of
            images for one code.
        """
        shape, wants_bytes = self._with_codes("decode"), is_bytes(dtype)
        values = np.asarray(codes)
        if values.dtype.kind != "f":
            raise DataError(f"codes: dtype {values.dtype}: floats are taken")
        if not np.isfinite(values).all():
            raise DataError("codes: a value is no finite number")
        each = int(np.prod(shape))
        if values.shape in (shape, (each,)):
            rows, is_single = values.reshape(1, each), True
        elif values.ndim > 0 and values.shape[1:] in (shape, (each,)):
            rows, is_single = values.reshape(values.shape[0], each), False
        else:
            raise DataError(f"codes: shape {values.shape}, but {self.name} takes {('images', *shape)} or {shape}")
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        return self._made(self._native.decode(rows, wants_bytes), is_single, layout)

    def score(
        self,
        images: ArrayLike,
        score: str = "error",
        *,
        normal: ArrayLike | None = None,
        train: ArrayLike | None = None,
        neighbors: int = 2,
        seed: int = 0,
        layout: str | None = None,
    ) -> NDArray[np.float64] | float:
        """How anomalous images are to the model, as ``ae anomaly`` scores them: larger for a more anomalous image.

        Floats are rounded to 256 levels, as the images of sets are.

        Args:
            images: of the model's :attr:`image_shape`, one or with an axis of images.
            score: ``"error"``, the mean squared error of the reconstruction, or the negative evidence bound in nats of a
                model with a likelihood; ``"complexity"``, bits by the model less those of the PNG file; ``"distance"``, the
                mean distance of the code to those of the nearest training images.
            normal: normal images that the model was not trained on, for ``"complexity"``; those held out of the set that it
                was trained on, where not given.
            train: images that distances are to; those that it was trained on, where not given.
            neighbors: how many of them.
            seed: what a variational model samples its codes from.
            layout: the axes of ``images``, ``normal`` and ``train``.

        Returns:
            float64 of ``[images]``, or a float for one image.
        """
        given = self._own(images, layout)
        others = [None if other is None else self._own(other, layout, name).values for other, name in
                  ((normal, "normal"), (train, "train"))]
        scores = self._native.score(given.values, score, others[0], others[1], neighbors, seed)
        return float(scores[0]) if given.single() else scores

    def error_maps(self, images: ArrayLike, *, layout: str | None = None) -> NDArray[np.float32]:
        """Where images and what the model makes of them differ.

        Floats are rounded to 256 levels, as the images of sets are.

        Args:
            images: of the model's :attr:`image_shape`, one or with an axis of images.
            layout: the axes of ``images``.

        Returns:
            float32 of ``[images, height, width]``, the absolute error of each pixel, averaged over its channels; without the
            axis of images for one image.
        """
        given = self._own(images, layout)
        maps = self._native.error_maps(given.values)
        return maps[0] if given.single() else maps

    def generate(
        self,
        count: int,
        *,
        seed: int = 0,
        mixture: int | None = None,
        images: ArrayLike | None = None,
        dtype: Any = np.uint8,
        layout: str | None = None,
    ) -> NDArray[Any]:
        """Makes new images, of codes that are drawn at random, as ``ae generate`` does.

        Args:
            count: how many. Each depends on ``seed`` and its number alone.
            seed: what the codes are drawn from.
            mixture: so many Gaussians are fitted to the codes of images, and codes drawn from them: for a model that has
                no prior.
            images: the images that the mixture is fitted to; those that the model was trained on, where not given.
            dtype: ``uint8`` or ``float32``.
            layout: the axes of what is returned.

        Returns:
            ``[images, height, width]`` of a gray model, ``[images, height, width, 3]`` of one of color.

        Raises:
            UnsupportedError: the model has no prior, and no ``mixture`` was asked for.
        """
        self._with_codes("generate")
        fitted = None if images is None else self._own(images, None, "images").values
        made = self._native.generate(count, seed, mixture, fitted, is_bytes(dtype))
        return self._made(made, False, layout)

    def compress(
        self,
        images: ArrayLike | list[NDArray[np.uint8]],
        *,
        near: int = 0,
        group: int = 64,
        layout: str | None = None,
    ) -> bytes:
        """Compresses gray images without loss, or nearly, as ``ae compress`` does: with a model of the codec.

        Args:
            images: uint8 of the model's :attr:`image_shape`, one or with an axis of images; with a model for pictures of any
                sizes, of any, and a list may have pictures of different ones.
            near: how far pixels may be from what they were, of 255.
            group: images that are coded together, as a chunk of the container.
            layout: the axes of ``images``, or of each picture in the list.

        Returns:
            The bytes of an ``.aez`` file, which ``ae decompress`` reads, given the same model.

        Raises:
            UnsupportedError: the model is none of the codec.
        """
        if self.kind != "pixel":
            self._refuse("compress")
        if isinstance(images, list) and images and all(isinstance(image, np.ndarray) for image in images):
            given = [self._own(image, layout) for image in images]
        else:
            given = [self._own(images, layout)]
        return self._native.compress([each.values for each in given], near, group)

    def decompress(self, container: bytes) -> NDArray[np.uint8] | list[NDArray[np.uint8]]:
        """The images of an ``.aez`` file that was made with this model.

        Args:
            container: the file's bytes.

        Returns:
            uint8 of ``[images, height, width]``; where images have different sizes, a list of arrays ``[height, width]``.

        Raises:
            DataError: the bytes are damaged.
            ModelError: they were made with another model.
        """
        if self.kind != "pixel":
            self._refuse("decompress")
        values, sizes = self._native.decompress(bytes(container))
        if len(set(sizes)) <= 1:
            height, width = sizes[0] if sizes else (self.image_shape or (1, 0, 0))[1:]
            return values.reshape(len(sizes), height, width)
        ends = np.cumsum([height * width for height, width in sizes])
        pictures = zip(np.split(values, ends[:-1]), sizes)
        return [picture.reshape(size) for picture, size in pictures]

    def save(self, path: Path, *, force: bool = False) -> None:
        """Writes the model to a file, ``.safetensors``, which :func:`open` and the command take; whole or not at all.

        Args:
            path: the file.
            force: whether to write over one that exists.
        """
        self._native.save(os.fspath(path), force)

    def _own(self, images: ArrayLike, layout: str | None, name: str = "images") -> Batch:
        """Images of the model's own shape."""
        return batch(images, layout, self.image_shape, name)

    def _with_codes(self, what: str) -> tuple[int, ...]:
        shape = self.code_shape
        if shape is None:
            self._refuse(what)
            raise AssertionError
        return shape

    def _refuse(self, what: str) -> None:
        raise UnsupportedError(f"{self.name}: cannot {what}: a model of kind {self.kind}")

    def _made(self, images: NDArray[Any], is_single: bool, layout: str | None) -> NDArray[Any]:
        """Images that were made of codes, in a layout."""
        usual = output_layout((images.shape[1], images.shape[2], images.shape[3]), is_single)
        if layout is None:
            return arranged(images, usual)
        axes = tuple(1 for _ in layout)
        layout = checked(layout, axes, "images")
        for letter, length in (("N", images.shape[0]), ("C", images.shape[1])):
            if letter not in layout and length != 1:
                raise DataError(f"layout {layout} has no axis for {letter}, which is {length} long")
        return arranged(images, layout)
