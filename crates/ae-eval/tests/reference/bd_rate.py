"""Bjøntegaard delta rates by scipy's monotone cubic interpolation, to hold `RateCurve::bd_rate` to.

    python3 tests/reference/bd_rate.py > tests/reference/bd_rate.jsonl     (scipy 1.17.1)

Each line has two curves, [bits per pixel, PSNR in dB] by rising rate, the PSNR that both have, and how many bits `test` takes
beside `anchor` over it. The first pair are figures of notMNIST, the others are drawn by a formula.
"""

import json
import math

import numpy as np
from scipy.interpolate import PchipInterpolator


def bd_rate(anchor, test):
    first = max(anchor[0][1], test[0][1])
    last = min(anchor[-1][1], test[-1][1])

    def integral(points):
        rates, psnr = np.array(points).T
        return float(PchipInterpolator(psnr, np.log(rates)).integrate(first, last))

    share = math.expm1((integral(test) - integral(anchor)) / (last - first))
    return {"share": share, "from_psnr": first, "to_psnr": last}


def row(anchor, test):
    print(json.dumps({"anchor": anchor, "test": test, **bd_rate(anchor, test)}))


row([[1.71, 28.0], [2.12, 32.0]], [[0.566, 27.6], [0.924, 30.95]])
row([[1.2, 24.0], [1.71, 28.0], [2.12, 32.0], [3.0, 37.5]], [[0.4, 25.2], [0.566, 27.6], [0.924, 30.95], [1.3, 33.0]])
for case in range(6):
    anchor = [[0.1 * (k + 1) ** 1.5, 22 + 3.3 * k + (k * (case + 2)) % 3] for k in range(3 + case)]
    test = [[0.07 * (k + 1) ** 1.7, 20.5 + 4.1 * k - ((k + case) % 2) * 0.9] for k in range(4 + case)]
    row(anchor, test)
# Slopes of nearly flat and of steep pieces side by side, where the interpolation limits them.
row([[1.0, 20.0], [1.001, 25.0], [5.0, 25.5], [5.01, 40.0]], [[0.5, 21.0], [2.5, 21.3], [2.6, 33.0], [9.0, 34.0]])
