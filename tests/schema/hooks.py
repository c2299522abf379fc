"""What the OpenAPI document of `ae serve` cannot say of bodies, for schemathesis: pictures that are pictures, arrays of
letters, codes of the model's length, and containers that its codec has made.

    ae serve runs/glyphs-vae-1 --port 7878
    cd tests/schema
    export SCHEMATHESIS_HOOKS=hooks
    schemathesis run http://127.0.0.1:7878/api/openapi.json --exclude-path-regex decode
    AE_CODES=1 schemathesis run http://127.0.0.1:7878/api/openapi.json --include-path-regex decode

    ae serve glyphs --port 7878
    schemathesis run http://127.0.0.1:7878/api/openapi.json --include-path-regex compress

Wants schemathesis 4.32, Pillow and NumPy. The one model that is served is a variational one of 28x28 gray images, or the codec's.
"""

import io
import json
import os
import urllib.request

import numpy
import schemathesis
from hypothesis import strategies
from PIL import Image

SERVICE = os.environ.get("AE_SERVICE", "http://127.0.0.1:7878")

with urllib.request.urlopen(f"{SERVICE}/api/v1/models") as answer:
    [MODEL] = json.load(answer)["models"]
IS_CODEC = "compress" in MODEL["operations"]
SHAPE = tuple(MODEL["input"].values())


def picture(form):
    def encoded(width, height, mode, seed):
        channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
        pixels = numpy.random.default_rng(seed).integers(0, 256, (height, width, channels), numpy.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels.squeeze(2) if channels == 1 else pixels, mode).save(file, form)
        return file.getvalue()

    modes = ["L", "RGB"] if form == "JPEG" else ["L", "RGB", "RGBA"]
    width = height = strategies.integers(1, 80)
    if IS_CODEC:  # What it keeps are gray images of its size.
        modes, (_, height, width) = ["L"], map(strategies.just, SHAPE)
    return strategies.builds(encoded, width, height, strategies.sampled_from(modes), strategies.integers(0, 99))


def array(shape, kinds):
    def encoded(count, kind, seed):
        values = numpy.random.default_rng(seed).random((count, *shape))
        file = io.BytesIO()
        numpy.save(file, (255 * values).astype(kind) if kind == numpy.uint8 else values.astype(kind))
        return file.getvalue()

    seeds = strategies.integers(0, 99)
    return strategies.builds(encoded, strategies.integers(1, 5), strategies.sampled_from(kinds), seeds)


LETTERS = array(SHAPE, [numpy.uint8] if IS_CODEC else [numpy.uint8, numpy.float32, numpy.float64])
CODES = array((MODEL["code_values"] or 1,), [numpy.float32, numpy.float64])


def container(count):
    file = io.BytesIO()
    numpy.save(file, numpy.random.default_rng(count).integers(0, 256, (count, *SHAPE), numpy.uint8))
    address = f"{SERVICE}/api/v1/models/{MODEL['name']}/compress"
    request = urllib.request.Request(address, file.getvalue(), {"Content-Type": "application/x-npy"})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


CONTAINERS = [container(count) for count in [1, 2, 70]] if IS_CODEC else [b"\x89AEZ"]

for name, form in [("image/png", "PNG"), ("image/jpeg", "JPEG"), ("image/webp", "WEBP")]:
    schemathesis.openapi.media_type(name, picture(form))
schemathesis.openapi.media_type("application/x-aez", strategies.sampled_from(CONTAINERS))
# The document calls both arrays the same, so codes are tried by themselves.
schemathesis.openapi.media_type("application/x-npy", CODES if os.environ.get("AE_CODES") else LETTERS)


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Half of the time the model that is there."""
    if path_parameters and len(str(path_parameters.get("name"))) % 2 == 0:
        path_parameters["name"] = MODEL["name"]
    return path_parameters


@schemathesis.hook
def flatmap_body(context, body):
    """Codes of the model's length."""
    if not context.operation.path.endswith("/decode"):
        return strategies.just(body)
    if isinstance(body, dict) and isinstance(body.get("codes"), list) and len(body["codes"]) > 0:
        value = strategies.floats(-4, 4, width=32)
        code = strategies.lists(value, min_size=MODEL["code_values"], max_size=MODEL["code_values"])
        return strategies.builds(lambda codes: {"codes": codes}, strategies.lists(code, min_size=1, max_size=4))
    return strategies.just(body)
