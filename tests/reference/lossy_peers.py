"""What AVIF and JPEG XL make of a set of gray images: bits and PSNR, a file an image and one mosaic of all.

    python3 tests/reference/lossy_peers.py IMAGES-idx3-ubyte.gz [CODEC ...] > tests/reference/lossy_peers.jsonl

2026-11-29: Pillow 13.0.0 for AVIF, whose gray imagecodecs 2026.3.6 writes without loss at any level; imagecodecs for JPEG XL.
WebP, JPEG and PNG are measured by `ae eval --rate-distortion` itself. Each line is a codec, an arrangement and a setting: bytes
of the files, headers and all, bits for each pixel of the images, PSNR in dB of the set's mean squared error. The mosaic is 32
images wide for 1,000. AVIF is measured as a mosaic alone, as it is by default and tuned for PSNR, which is what is compared
here: a file an image has some 250 bytes of boxes.
"""

import gzip
import io
import json
import math
import struct
import sys

import imagecodecs as ic
import numpy as np
import PIL
from PIL import Image


def avif_encode(image, quality, **advanced):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "AVIF", quality=quality, speed=0, subsampling="4:0:0", max_threads=1, **advanced)
    return file.getvalue()


def avif_decode(file):
    return np.array(Image.open(io.BytesIO(file)).convert("L"))


CODECS = {
    "JPEG XL": [
        (f"distance {d}, effort 9", lambda x, d=d: ic.jpegxl_encode(x, distance=d, effort=9, numthreads=1), ic.jpegxl_decode)
        for d in [10.0, 8.0, 6.0, 4.5, 3.5, 2.5, 1.8, 1.2]
    ],
    "AVIF": [
        (f"quality {q}, speed 0 of 10", lambda x, q=q: avif_encode(x, q), avif_decode)
        for q in [15, 20, 25, 35]
    ],
    "AVIF tuned for PSNR": [
        (f"quality {q}, speed 0 of 10", lambda x, q=q: avif_encode(x, q, advanced={"tune": "psnr"}), avif_decode)
        for q in [5, 10, 15, 25]
    ],
}


def gray(decoded):
    return decoded[..., 1] if decoded.ndim == 3 else decoded


def mosaic(images):
    count, height, width = images.shape
    columns = math.isqrt(count - 1) + 1
    rows = -(-count // columns)
    whole = np.zeros((rows, columns, height, width), np.uint8)
    whole.reshape(-1, height, width)[:count] = images
    return np.ascontiguousarray(whole.transpose(0, 2, 1, 3).reshape(rows * height, columns * width))


def tiles(whole, shape):
    count, height, width = shape
    rows, columns = whole.shape[0] // height, whole.shape[1] // width
    return whole.reshape(rows, height, columns, width).transpose(0, 2, 1, 3).reshape(-1, height, width)[:count]


def main():
    data = gzip.open(sys.argv[1]).read()
    _, count, height, width = struct.unpack(">4I", data[:16])
    images = np.frombuffer(data, np.uint8, offset=16).reshape(count, height, width)
    libraries = [part for part in ic.version().split(", ") if part.startswith("libjxl")]
    print(json.dumps({"imagecodecs": ic.__version__, "pillow": PIL.__version__, "libraries": libraries, "images": count, "data": sys.argv[1].rsplit("/", 1)[-1]}))
    wanted = sys.argv[2:] or list(CODECS)
    for name, settings in ((name, CODECS[name]) for name in wanted):
        for setting, encode, decode in settings:
            whole = encode(mosaic(images))
            measured = [("mosaic", len(whole), tiles(gray(decode(whole)), images.shape))]
            if not name.startswith("AVIF"):
                files = [encode(np.ascontiguousarray(image)) for image in images]
                measured.append(("files", sum(map(len, files)), np.stack([gray(decode(file)) for file in files])))
            for arrangement, size, decoded in measured:
                error = np.mean((decoded.astype(float) - images) ** 2)
                print(json.dumps({
                    "codec": name, "arrangement": arrangement, "setting": setting, "bytes": size,
                    "bits_per_pixel": round(8 * size / images.size, 5), "psnr": round(10 * math.log10(255**2 / error), 4),
                }), flush=True)


if __name__ == "__main__":
    main()
