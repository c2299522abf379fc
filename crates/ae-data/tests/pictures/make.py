"""Makes the TIFF files here, and beside each the PNG that has the same pixels (numpy, pillow, tifffile, imagecodecs).

Made with pillow 13.0.0 and tifffile 2026.3.3: python3 make.py
"""
import numpy as np
import tifffile
from PIL import Image

y, x = np.mgrid[:37, :45]
gray = ((x * 5 + y * 3) % 256).astype(np.uint8)
rgb = np.stack([x * 5, y * 6, (x + y) * 3], -1).astype(np.uint8)


def save(name, expected, data=None, **options):
    data = expected if data is None else data
    tifffile.imwrite(f"{name}.tif", data, metadata=None, **options)
    Image.fromarray(expected).save(f"{name}.png")


planes = np.ascontiguousarray(np.moveaxis(rgb, -1, 0))
save("planes_in_tiles", rgb, planes, photometric="rgb", planarconfig="separate", tile=(16, 16))
save("planes_in_strips", rgb, planes, photometric="rgb", planarconfig="separate", rowsperstrip=8)
save("tiles_deflate", rgb, photometric="rgb", tile=(16, 16), compression="deflate", predictor=True)
save("lzw_predictor", rgb, photometric="rgb", compression="lzw", predictor=True, rowsperstrip=10)
save("big_endian", rgb, photometric="rgb", byteorder=">", rowsperstrip=9)
save("big_tiff", rgb, photometric="rgb", bigtiff=True)
save("white_is_zero", gray, 255 - gray, photometric="miniswhite")
deep = gray.astype(np.uint16) * 257
save("sixteen_big_endian", deep, photometric="minisblack", byteorder=">", compression="deflate", predictor=True)
# 12 bits packed into bytes: 37 rows of 45 values, 68 bytes each.
twelve = (gray.astype(np.uint16) * 16 + 9) % 4096
tifffile.imwrite("packed_12.tif", twelve, photometric="minisblack", bitspersample=12, metadata=None)
Image.fromarray(((twelve.astype(np.uint32) * 255 * 2 + 4095) // (2 * 4095)).astype(np.uint8)).save("packed_12.png")
save("half_floats", gray, (gray / 255).astype(np.float16), photometric="minisblack")
save("doubles", gray, gray / 255, photometric="minisblack")
colors = np.stack([np.arange(256), 255 - np.arange(256), np.arange(256) // 2], 0).astype(np.uint16) * 257
tifffile.imwrite("palette.tif", gray, photometric="palette", colormap=colors, metadata=None)
Image.fromarray((colors.T[gray] // 257).astype(np.uint8)).save("palette.png")
bits = (gray > 128).astype(np.uint8)
Image.fromarray(bits * 255).convert("1").save("one_bit.tif")
Image.fromarray(bits * 255).save("one_bit.png")
Image.fromarray(bits * 255).convert("1").save("fax.tif", compression="group4")
Image.fromarray(bits * 255).save("fax.png")
ink = np.dstack([rgb, (x * 2).astype(np.uint8)])
tifffile.imwrite("inks.tif", ink, photometric="separated", metadata=None)
left = (255.0 - ink[..., :3]) * (1 - ink[..., 3:] / 255.0)
Image.fromarray(left.astype(np.uint8)).save("inks.png")
# Gray over white where alpha lets it through.
alpha = np.where(x < 20, 255, 51).astype(np.uint8)
save_alpha = np.dstack([gray, alpha])
tifffile.imwrite("gray_alpha.tif", save_alpha, photometric="minisblack", extrasamples=["unassalpha"], metadata=None)
over = (gray.astype(int) * alpha + 255 * (255 - alpha.astype(int)) + 127) // 255
Image.fromarray(over.astype(np.uint8)).save("gray_alpha.png")
# A thumbnail before the picture is no page.
with tifffile.TiffWriter("thumbnail.tif") as file:
    file.write(gray[::4, ::4], photometric="minisblack", subfiletype=1, metadata=None)
    file.write(gray, photometric="minisblack", metadata=None)
Image.fromarray(gray).save("thumbnail.png")
# Its tolerance is 2: decoders round in different places.
Image.fromarray(rgb).save("jpeg.tif", compression="jpeg", quality=95)
Image.open("jpeg.tif").convert("RGB").save("jpeg.png")
