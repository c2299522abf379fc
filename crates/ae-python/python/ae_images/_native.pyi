from collections.abc import Callable
from typing import Any

from numpy import float32, float64, uint8
from numpy.typing import NDArray

__version__: str

# Images are [images, channels, height, width] in C order, uint8 or float32.
_Images = NDArray[uint8] | NDArray[float32]
_Told = Callable[[int, int, int, int, float, float, str | None], object]

class Model:
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def image_shape(self) -> tuple[int, int, int] | None: ...
    @property
    def code_shape(self) -> list[int] | None: ...
    @property
    def noise(self) -> str | None: ...
    @property
    def has_prior(self) -> bool: ...
    @property
    def history(self) -> str: ...
    def denoise(
        self, images: _Images, strength: float, noise_level: float | None, tile: int | None
    ) -> NDArray[Any]: ...
    def reconstruct(self, images: _Images) -> NDArray[Any]: ...
    def encode(self, images: _Images) -> NDArray[float32]: ...
    def decode(self, codes: NDArray[float32], is_bytes: bool) -> NDArray[Any]: ...
    def score(
        self,
        images: _Images,
        score: str,
        normal: _Images | None,
        train: _Images | None,
        neighbors: int,
        seed: int,
    ) -> NDArray[float64]: ...
    def error_maps(self, images: _Images) -> NDArray[float32]: ...
    def generate(
        self, count: int, seed: int, mixture: int | None, images: _Images | None, is_bytes: bool
    ) -> NDArray[Any]: ...
    def compress(self, images: list[_Images], near: int, group: int) -> bytes: ...
    def decompress(self, container: bytes) -> tuple[NDArray[uint8], list[tuple[int, int]]]: ...
    def save(self, path: str, force: bool) -> None: ...

def open(path: str, backend: str) -> Model: ...
def train(
    named: str | None,
    images: _Images | None,
    validation: _Images | None,
    test: _Images | None,
    model: str,
    settings: str,
    out: str | None,
    force: bool,
    backend: str,
    progress: _Told | None,
) -> Model: ...
def resume(
    run: str,
    images: _Images | None,
    validation: _Images | None,
    test: _Images | None,
    epochs: int | None,
    steps: int | None,
    backend: str,
    progress: _Told | None,
) -> Model: ...
def run_command(arguments: list[str]) -> int: ...
