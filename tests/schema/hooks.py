"""What the OpenAPI document of `ae serve` cannot say of bodies, for schemathesis: pictures that are pictures, arrays of
letters, and codes of the model's length.

    ae serve runs/glyphs-vae-1 --port 7878
    cd tests/schema
    export SCHEMATHESIS_HOOKS=hooks
    schemathesis run http://127.0.0.1:7878/api/openapi.json --exclude-path-regex decode
    AE_CODES=1 schemathesis run http://127.0.0.1:7878/api/openapi.json --include-path-regex decode

Wants schemathesis 4.32, Pillow and NumPy. The one model that is served is a variational one of 28x28 gray images.
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


def picture(form):
    def encoded(width, height, mode, seed):
        channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
        pixels = numpy.random.default_rng(seed).integers(0, 256, (height, width, channels), numpy.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels.squeeze(2) if channels == 1 else pixels, mode).save(file, form)
        return file.getvalue()

    modes = ["L", "RGB"] if form == "JPEG" else ["L", "RGB", "RGBA"]
    side = strategies.integers(1, 80)
    return strategies.builds(encoded, side, side, strategies.sampled_from(modes), strategies.integers(0, 99))


def array(shape, kinds):
    def encoded(count, kind, seed):
        values = numpy.random.default_rng(seed).random((count, *shape))
        file = io.BytesIO()
        numpy.save(file, (255 * values).astype(kind) if kind == numpy.uint8 else values.astype(kind))
        return file.getvalue()

    seeds = strategies.integers(0, 99)
    return strategies.builds(encoded, strategies.integers(1, 5), strategies.sampled_from(kinds), seeds)


LETTERS = array(tuple(MODEL["input"].values()), [numpy.uint8, numpy.float32, numpy.float64])
CODES = array((MODEL["code_values"],), [numpy.float32, numpy.float64])

for name, form in [("image/png", "PNG"), ("image/jpeg", "JPEG"), ("image/webp", "WEBP")]:
    schemathesis.openapi.media_type(name, picture(form))
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
