#!/usr/bin/env python3
"""Which image goes into which part, computed without this project: what the tests of crates/ae-data compare with.

    python3 tests/reference/division.py

An image is known by the first 16 bytes of the SHA-256 of its channels, height and width (8 bytes each, little-endian)
and its values plane by plane. The number that decides its part is drawn from a ChaCha stream of eight rounds (RFC 8439's
rounds, with a 64-bit counter from 0 and no nonce) whose key is four numbers of 8 bytes, little-endian: the seed, the
purpose (11 to divide, 12 to choose a few), and the two halves of the image's digest. The stream's first 8 bytes,
little-endian, without the lowest 11 bits, are the number times 2**53. Standard library alone; Python 3.8 or newer.
"""

import hashlib
import struct

MASK = 0xFFFFFFFF


def quarter(x, a, b, c, d):
    for left, right, other, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        x[left] = (x[left] + x[right]) & MASK
        x[other] ^= x[left]
        x[other] = ((x[other] << turn) | (x[other] >> (32 - turn))) & MASK


def first_block(key, rounds=8):
    start = list(struct.unpack("<4I", b"expand 32-byte k")) + list(struct.unpack("<8I", key)) + [0, 0, 0, 0]
    x = list(start)
    for _ in range(rounds // 2):
        for column in range(4):
            quarter(x, column, column + 4, column + 8, column + 12)
        for diagonal in range(4):
            quarter(x, diagonal, (diagonal + 1) % 4 + 4, (diagonal + 2) % 4 + 8, (diagonal + 3) % 4 + 12)
    return struct.pack("<16I", *((a + b) & MASK for a, b in zip(x, start)))


def digest(channels, height, width, values):
    return hashlib.sha256(struct.pack("<3Q", channels, height, width) + bytes(values)).digest()[:16]


def number(seed, purpose, image):
    key = struct.pack("<2Q", seed, purpose) + image
    return (struct.unpack("<Q", first_block(key)[:8])[0] >> 11) / 2**53


def main():
    # RFC 8439, appendix A.1, test vector 1: the block function itself, of twenty rounds.
    assert first_block(bytes(32), rounds=20)[:8].hex() == "76b8e0ada0f13d90"
    images = [digest(1, 1, 2, (value, 255 - value)) for value in range(40)]
    for seed in (0, 7):
        numbers = [number(seed, 11, image) for image in images]
        parts = ["test" if n < 0.1 else "validation" if n < 0.3 else "train" for n in numbers]
        print(f"seed {seed}: first number {numbers[0]!r}")
        for part in ("validation", "test"):
            print(f"  {part}: {[value for value, name in enumerate(parts) if name == part]}")
        few = sorted(range(40), key=lambda value: number(seed, 12, images[value]))[:5]
        print(f"  the five to keep: {sorted(few)}")
    joined = b"".join(b"\0" + struct.pack("<Q", 0) + image for image in sorted(images))
    print(f"fingerprint: {hashlib.sha256(joined).hexdigest()}")
    print(f"sketch begins with: {sorted(image[:8].hex() for image in images)[:2]}")
    print(f"digest of image 3: {images[3].hex()}")


if __name__ == "__main__":
    main()
