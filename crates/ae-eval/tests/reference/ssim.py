"""Structural similarity of small computed pictures by scikit-image; prints ssim.txt.

The arguments are those that scikit-image documents as Wang et al. (2004):
structural_similarity leaves out the border where the window would be cut.
"""

import numpy
import skimage
from skimage.metrics import structural_similarity


def picture(image, channels, height, width):
    channel, row, column = numpy.meshgrid(
        numpy.arange(channels), numpy.arange(height), numpy.arange(width), indexing="ij"
    )
    wave = (31 * row + 17 * column + 53 * channel + 7 * row * column) % 256
    change = (row * row * 5 + column * 11 + channel * 3) % 97
    values = [wave, (3 * wave + change) // 4, 255 - wave][image] if image < 3 else None
    if values is None:
        return numpy.full((channels, height, width), 0.5)
    return values / 255.0


print(f"# scikit-image {skimage.__version__}, numpy {numpy.__version__}")
print("# channels height width first second ssim")
for channels, height, width in [(1, 28, 28), (3, 28, 28), (1, 11, 11), (1, 64, 48), (3, 13, 40)]:
    for first, second in [(0, 1), (0, 2), (0, 3), (1, 2)]:
        value = structural_similarity(
            picture(first, channels, height, width),
            picture(second, channels, height, width),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1.0,
            channel_axis=0,
        )
        print(channels, height, width, first, second, f"{value:.12f}")
