"""The BD-rate of a model of `ae` beside codecs that a script has measured: how many more bits it takes at the same PSNR.

    ae eval RUN --rate-distortion -o curves --json > curves.json
    python3 tests/reference/bd_rate.py curves.json tests/reference/lossy_peers.jsonl

G. Bjontegaard (2001), VCEG-M33, with the logarithm of the bits interpolated by monotone cubics (PCHIP) in the PSNR, as
`ae eval` does it, over the range of PSNR that both curves have. 2026-11-29: SciPy 1.17.1.
"""

import json
import math
import sys

from scipy.interpolate import PchipInterpolator


def bd_rate(curve, other):
    # What is exact has no PSNR.
    lossy = ([point for point in points if point["psnr"] is not None] for points in (curve, other))
    curves = [sorted((point["psnr"], math.log(point["bits_per_pixel"])) for point in points) for points in lossy]
    low = max(points[0][0] for points in curves)
    high = min(points[-1][0] for points in curves)
    if high <= low:
        return None
    one, two = (PchipInterpolator(*zip(*points)).integrate(low, high) for points in curves)
    return low, high, 100 * math.expm1((one - two) / (high - low))


def main():
    model = json.load(open(sys.argv[1]))["curve"]
    peers = {}
    for line in open(sys.argv[2]):
        row = json.loads(line)
        if "codec" in row:
            peers.setdefault((row["codec"], row["arrangement"]), []).append(row)
    for (codec, arrangement), points in peers.items():
        found = bd_rate(model["points"], points)
        if found is None:
            print(f"{codec}, {arrangement}: no PSNR that both have")
        else:
            low, high, percent = found
            print(f"{codec}, {arrangement}: {percent:+.1f}% from {low:.1f} to {high:.1f} dB")


if __name__ == "__main__":
    main()
