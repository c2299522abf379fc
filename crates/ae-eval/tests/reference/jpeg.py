"""JPEG of small computed pictures by libjpeg, through Pillow; prints jpeg.txt.

Color is subsampled 4:2:0 below quality 90 and not at all from there on. The error is that of libjpeg's own decoder,
with its usual interpolation of the colors, in units where 1 is the full range.
"""

import io

import numpy
import PIL
from PIL import Image, features


def picture(channels, height, width):
    """Waves, a slope and tiles, from whole numbers alone."""
    channel, row, column = numpy.meshgrid(
        numpy.arange(channels), numpy.arange(height), numpy.arange(width), indexing="ij"
    )
    slope = 2 * column + row
    bump = numpy.abs((3 * row + 2 * column + 37 * channel) % 96 - 48)
    tiles = 40 * ((column // 12 + row // 12 + channel) % 2)
    return (40 + slope % 90 + bump + tiles).astype(numpy.uint8)


print(f"# Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}")
print("# channels height width quality mse file_bytes")
for channels, height, width in [(1, 48, 64), (3, 48, 64), (3, 61, 33), (3, 28, 28), (3, 16, 16)]:
    original = picture(channels, height, width)
    image = Image.fromarray(numpy.moveaxis(original, 0, -1).squeeze())
    for quality in [10, 25, 50, 75, 89, 90, 95]:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, subsampling=2 if quality < 90 else 0, optimize=True)
        decoded = numpy.asarray(Image.open(file)).reshape(height, width, channels)
        error = (numpy.moveaxis(decoded, -1, 0).astype(float) - original) / 255
        print(channels, height, width, quality, f"{(error**2).mean():.8f}", len(file.getvalue()))
