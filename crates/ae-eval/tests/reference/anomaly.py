"""What SciPy and scikit-learn say of anomaly detection's measures; prints anomaly.txt.

Usage: anomaly.py, with numpy, scipy and scikit-learn installed.
"""

import numpy
import scipy
import scipy.ndimage
import scipy.stats
import sklearn
from sklearn.metrics import average_precision_score, roc_auc_score

print(f"# scipy {scipy.__version__}, scikit-learn {sklearn.__version__}")

print("# beta a b probability quantile")
for a, b in [(1, 19), (2, 39), (4, 37), (15, 136), (500, 9501)]:
    for probability in [0.05, 0.5, 0.95]:
        print("beta", a, b, probability, f"{scipy.stats.beta.ppf(probability, a, b):.12f}")

print("# betabinom successes trials a b at_most at_least")
for successes, trials, a, b in [(0, 20, 1, 19), (3, 20, 2, 39), (25, 400, 2, 39), (60, 400, 2, 39), (396, 400, 2, 39),
                                (51, 1000, 15, 136), (600, 10000, 500, 9501)]:
    law = scipy.stats.betabinom(trials, a, b)
    print("betabinom", successes, trials, a, b, f"{law.cdf(successes):.12f} {law.sf(successes - 1):.12f}")

print("# ranking seed values auroc average_precision")
for seed in [3, 17, 40]:
    for values in [8, 101]:
        index = numpy.arange(100)
        score = numpy.floor(((index * index * 7 + index * seed) % 101) * values / 101)
        score[60:] += values / 8
        anomalous = index >= 60
        print("ranking", seed, values, f"{roc_auc_score(anomalous, score):.12f}",
              f"{average_precision_score(anomalous, score):.12f}")

print("# localization coarse regions pixel_auroc per_region_overlap")


def picture(image, coarse):
    errors, mask = numpy.zeros((12, 10)), numpy.zeros((12, 10), bool)
    for row in range(12):
        for column in range(10):
            wave = (31 * row + 17 * column + 53 * image + 7 * row * column) % 97
            large = image != 0 and 2 + image <= row < 5 + image and column < 4
            small = image != 0 and row == 10 and column >= 7 - image
            errors[row, column] = (wave + (40 if large else 25 if small else 0)) // coarse
            mask[row, column] = large or small
    return errors, mask


for coarse in [1, 7, 30]:
    errors, masks = (numpy.stack(planes) for planes in zip(*[picture(image, coarse) for image in range(4)]))
    regions = []
    for image, mask in enumerate(masks):
        labels, count = scipy.ndimage.label(mask, numpy.ones((3, 3)))
        regions += [(image, labels == label) for label in range(1, count + 1)]
    rates, overlaps = [0.0], [0.0]
    for threshold in sorted(set(errors.ravel()), reverse=True):
        found = errors >= threshold
        rates.append(found[~masks].mean())
        overlaps.append(numpy.mean([found[image][region].mean() for image, region in regions]))
    # Straight between the thresholds, up to a rate of .3.
    inside = [rate for rate in rates if rate < 0.3] + [0.3]
    heights = overlaps[: len(inside) - 1] + [numpy.interp(0.3, rates, overlaps)]
    area = numpy.trapezoid(heights, inside) / 0.3
    print("localization", coarse, len(regions), f"{roc_auc_score(masks.ravel(), errors.ravel()):.12f} {area:.12f}")
