"""What other lossless codecs make of the images that docs/benchmarks/2026-11-29-pixel-codec.md has.

2026-11-29, Python 3.11, imagecodecs 2026.3.6 (libwebp 1.6.0, libjxl 0.11.2, libavif 1.4.0, libpng 1.6.55), numpy, pillow. The first
row of what is printed has the versions.

    python tests/reference/lossless_peers.py DATASETS [--gray FOLDER] [--only SET] [--aez SET=FILE:MODEL ...] > lossless_peers.jsonl

DATASETS has `notmnist-8k`, `mnist-10k` and `kodak`. Each set is coded as a file an image and as one mosaic of all its images (Kodak's
pictures, which lie and stand, one above the other, the standing ones turned). A row says the bytes of both. With `--gray`, Kodak's
pictures are written there in gray (ITU-R 601, as Pillow rounds it), as PNG files, for `ae compress`. With `--aez`, the bytes of a
container are put beside, and those of its model as if it were sent with 100, 1,000 or 10,000 such images.

Everything is decoded again and compared; what came back otherwise has null for its size. One thread. WebP knows no gray: it gets
three equal channels. PNG is the smallest of zlib's level 9 with each filter and strategy, without metadata.
"""

import argparse
import gzip
import json
import os
import sys

import imagecodecs
import numpy
import PIL
from PIL import Image

# Of the libraries that imagecodecs was built with, those that code here.
LIBRARIES = ("libpng-", "libwebp-", "libjxl-", "libavif-", "zlib-")


def idx(path):
    with gzip.open(path) as file:
        data = file.read()
    count, height, width = (int.from_bytes(data[i : i + 4], "big") for i in (4, 8, 12))
    return numpy.frombuffer(data, numpy.uint8, offset=16).reshape(count, height, width)


def grid(images):
    count, height, width = images.shape
    columns = int(numpy.ceil(numpy.sqrt(count)))
    rows = -(-count // columns)
    canvas = numpy.zeros((rows * height, columns * width), numpy.uint8)
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        canvas[row * height :, column * width :][:height, :width] = image
    return canvas


def png(image):
    strategies = [
        imagecodecs.PNG.STRATEGY.DEFAULT,
        imagecodecs.PNG.STRATEGY.FILTERED,
        imagecodecs.PNG.STRATEGY.RLE,
    ]
    filters = [
        imagecodecs.PNG.FILTER.NO,
        imagecodecs.PNG.FILTER.SUB,
        imagecodecs.PNG.FILTER.UP,
        imagecodecs.PNG.FILTER.AVG,
        imagecodecs.PNG.FILTER.PAETH,
        imagecodecs.PNG.FILTER.ALL,
    ]
    return min(
        (
            imagecodecs.png_encode(image, level=9, strategy=strategy, filter=filter)
            for strategy in strategies
            for filter in filters
        ),
        key=len,
    )


def webp(image):
    colors = numpy.ascontiguousarray(numpy.stack([image] * 3, axis=-1))
    return imagecodecs.webp_encode(colors, lossless=True, level=100, method=6)


def jpegxl(image):
    return imagecodecs.jpegxl_encode(
        image, lossless=True, effort=9, usecontainer=False, numthreads=1
    )


def avif(image):
    return imagecodecs.avif_encode(
        image, level=100, speed=2, codec="aom", pixelformat="400", numthreads=1
    )


CODECS = {
    "PNG, optimized": (png, imagecodecs.png_decode),
    "WebP lossless": (webp, imagecodecs.webp_decode),
    "JPEG XL, effort 9": (jpegxl, imagecodecs.jpegxl_decode),
    "AVIF lossless": (avif, imagecodecs.avif_decode),
}


def coded(codec, image):
    """The bytes of an image's file; nothing where it does not come back."""
    encode, decode = CODECS[codec]
    data = encode(numpy.ascontiguousarray(image))
    back = numpy.asarray(decode(data))
    if back.ndim == 3:
        back = back[..., 0]
    return len(data) if back.shape == image.shape and (back == image).all() else None


def total(codec, images):
    sizes = [coded(codec, image) for image in images]
    return None if None in sizes else sum(sizes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("datasets")
    parser.add_argument("--gray")
    parser.add_argument("--only")
    parser.add_argument("--aez", action="append", default=[])
    arguments = parser.parse_args()

    folder = arguments.datasets
    pictures = []
    for name in sorted(os.listdir(os.path.join(folder, "kodak"))):
        picture = Image.open(os.path.join(folder, "kodak", name)).convert("L")
        if arguments.gray:
            os.makedirs(arguments.gray, exist_ok=True)
            picture.save(os.path.join(arguments.gray, name))
        pictures.append(numpy.asarray(picture))
    kodak = [picture if picture.shape[0] < picture.shape[1] else picture.T for picture in pictures]
    notmnist = idx(os.path.join(folder, "notmnist-8k", "t10k-images-idx3-ubyte.gz"))
    mnist = idx(os.path.join(folder, "mnist-10k", "t10k-images-idx3-ubyte.gz"))
    sets = {
        "notMNIST test, 1,000": (list(notmnist), grid(notmnist)),
        "Kodak gray, 24": (pictures, numpy.concatenate(kodak)),
        "MNIST test, 10,000": (list(mnist), grid(mnist)),
    }
    versions = imagecodecs.version().split(", ")
    print(
        json.dumps(
            {
                "imagecodecs": imagecodecs.__version__,
                "libraries": [part for part in versions if part.startswith(LIBRARIES)],
                "numpy": numpy.__version__,
                "pillow": PIL.__version__,
                "python": sys.version.split()[0],
            }
        ),
        flush=True,
    )
    containers = dict(pair.split("=", 1) for pair in arguments.aez)
    for name, (images, mosaic) in sets.items():
        if arguments.only and arguments.only not in name:
            continue
        pixels = sum(image.size for image in images)
        per_pixel = lambda size: None if size is None else round(size * 8 / pixels, 4)
        row = lambda codec, **sizes: print(
            json.dumps({"set": name, "codec": codec, **sizes}), flush=True
        )
        for codec in CODECS:
            files, one = total(codec, images), coded(codec, mosaic)
            row(
                codec,
                file_bytes=files,
                file_bits_per_pixel=per_pixel(files),
                mosaic_bytes=one,
                mosaic_bits_per_pixel=per_pixel(one),
            )
        if name in containers:
            file, model = containers[name].split(":")
            size, model_size = os.path.getsize(file), os.path.getsize(model)
            with_model = {
                f"with_model_of_{count}": round((size / len(images) + model_size / count) * 8 * len(images) / pixels, 4)
                for count in (100, 1000, 10000)
            }
            row(
                "aez",
                file_bytes=size,
                file_bits_per_pixel=per_pixel(size),
                model_bytes=model_size,
                **with_model,
            )


if __name__ == "__main__":
    sys.exit(main())
