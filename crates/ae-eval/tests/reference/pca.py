"""Principal components of notMNIST's 7,000 training images; prints pca.txt.

Usage: pca.py FOLDER, where FOLDER holds the four IDX files, gzipped. Singular values by LAPACK in
double precision; the error is that of the 1,000 test images, not clipped.
"""

import gzip
import pathlib
import sys

import numpy


def images(path):
    data = gzip.open(path).read()
    return numpy.frombuffer(data, numpy.uint8, offset=16).reshape(-1, 784) / 255.0


folder = pathlib.Path(sys.argv[1])
train = images(folder / "train-images-idx3-ubyte.gz")
test = images(folder / "t10k-images-idx3-ubyte.gz")
mean = train.mean(0)
_, singular, directions = numpy.linalg.svd(train - mean, full_matrices=False)
print(f"# numpy {numpy.__version__}, {len(train)} training and {len(test)} test images")
print("# components train_mse test_mse")
for components in [0, 8, 32, 128]:
    kept = directions[:components]
    errors = []
    for part in (train, test):
        centred = part - mean
        errors.append(((centred - centred @ kept.T @ kept) ** 2).mean())
    print(components, *(f"{error:.9f}" for error in errors))
