"""Makes the tiny fonts that the tests of `ae_data::glyphs` draw: figures whose pixels can be told in advance.

Written with fontTools 4.68. The fonts are made from nothing but this file and are under the crate's own licence.
"""

import math
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont
from fontTools.ttLib.tables.TupleVariation import TupleVariation

FOLDER = Path(__file__).parent


def rectangle(left, bottom, right, top, hole=False):
    corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
    return corners[::-1] if hole else corners


def drawings(bar=200):
    """The contours of A to J on an em of 1000; H has bars of width `bar`."""
    return {
        "A": [[(0, 0), (400, 800), (800, 0)]],
        "B": [rectangle(0, 0, 800, 800), rectangle(200, 200, 600, 600, hole=True)],
        "C": [rectangle(0, 0, 400, 400), rectangle(400, 400, 800, 800)],
        "D": "circle",
        "E": [rectangle(0, 0, 800, 400)],
        "F": [rectangle(0, 0, 200, 800), rectangle(600, 0, 800, 400)],
        "G": [rectangle(0, 0, 800, 200), rectangle(0, 600, 200, 800)],
        "H": [rectangle(0, 0, bar, 800), rectangle(800 - bar, 0, 800, 800)],
        "I": [rectangle(300, 0, 400, 800)],
        "J": [rectangle(0, 0, 600, 600), rectangle(200, 200, 800, 800)],
    }


def glyph(contours):
    pen = TTGlyphPen(None)
    if contours == "circle":
        # Sixteen quadratic arcs: their control points stand a little outside the circle of radius 400.
        points = [
            (400 + r * math.cos(a), 400 + r * math.sin(a))
            for step in range(32)
            for a in [-step * math.pi / 16]
            for r in [400 if step % 2 == 0 else 400 / math.cos(math.pi / 16)]
        ]
        pen.moveTo(points[0])
        for control, end in zip(points[1::2], points[2::2] + points[:1]):
            pen.qCurveTo(control, end)
        pen.closePath()
        contours = []
    for contour in contours:
        pen.moveTo(contour[0])
        for point in contour[1:]:
            pen.lineTo(point)
        pen.closePath()
    return pen.glyph()


def font(family, style, letters):
    names = list(letters)
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef"] + names)
    builder.setupCharacterMap({ord(name): name for name in names})
    builder.setupGlyf({".notdef": glyph([]), **{name: glyph(letters[name]) for name in names}})
    builder.setupHorizontalMetrics({name: (900, 0) for name in [".notdef"] + names})
    builder.setupHorizontalHeader(ascent=800, descent=0)
    builder.setupNameTable({"familyName": family, "styleName": style})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0
    return builder


def save(builder, name):
    builder.font.recalcTimestamp = False
    builder.font.save(FOLDER / name)


letters = drawings()
save(font("Figures", "Regular", letters), "figures.ttf")
save(font("Figures Black", "Regular", drawings(bar=360)), "figures-black.ttf")
save(font("Without", "Regular", {k: v for k, v in letters.items() if k != "J"}), "without-j.ttf")
save(font("Empty", "Regular", {**letters, "C": []}), "empty-c.ttf")
save(font("Wide", "Regular", {**letters, "E": [rectangle(0, 0, 9000, 100)]}), "wide-e.ttf")

variable = font("Figures Variable", "Regular", letters)
variable.setupFvar([("wght", 100, 400, 900, "Weight")], [])
bars = [(0, 0), (0, 0), (1, 0), (1, 0), (-1, 0), (-1, 0), (0, 0), (0, 0)] + [(0, 0)] * 4
variable.setupGvar({
    "H": [
        TupleVariation(
            {"wght": (0.0, 1.0, 1.0)}, [(160 * x, y) for x, y in bars]
        )
    ]
})
save(variable, "variable.ttf")

collection = TTCollection()
for name in ["figures.ttf", "figures-black.ttf"]:
    collection.fonts.append(TTFont(FOLDER / name, recalcTimestamp=False))
collection.save(FOLDER / "collection.ttc")
