"""Writes src/datasets/fixtures/pictures.json: picture files of many kinds, and what Pillow makes of them.

    pip install pillow && python3 zoo/oracles/pictures.py

Every file is a small synthetic picture. `rgba` is what a PNG decodes to, on white; `resized` is
Pillow's own `Image.resize(…, BILINEAR, box=…)`, which rounds to 8 bits after each of its two passes.
"""
import base64
import io
import json
import math
import pathlib

from PIL import Image

WIDTH, HEIGHT = 40, 28
OUT = pathlib.Path(__file__).parents[2] / "src/datasets/fixtures/pictures.json"


def rgb(x, y):
    return tuple(int(127.5 + 127.5 * math.sin(0.07 * (c + 2) * x + 0.11 * (c + 1) * y + c)) for c in range(3))


def picture():
    image = Image.new("RGB", (WIDTH, HEIGHT))
    image.putdata([rgb(x, y) for y in range(HEIGHT) for x in range(WIDTH)])
    return image


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return base64.b64encode(stream.getvalue()).decode()


def on_white(image):
    rgba = image.convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    white.alpha_composite(rgba)
    return base64.b64encode(white.tobytes()).decode()


def file(image, kind, **options):
    text = encoded(image, kind, **options)
    decoded = {"rgba": on_white(Image.open(io.BytesIO(base64.b64decode(text))))} if kind == "PNG" else {}
    return {"base64": text, "width": image.width, "height": image.height, **decoded}


def resized(image, width, height, fit):
    box = (0, 0, image.width, image.height)
    if fit == "crop":
        factor = min(image.width / width, image.height / height)
        w, h = width * factor, height * factor
        left, top = max(0, (image.width - w) / 2), max(0, (image.height - h) / 2)
        box = (left, top, min(image.width, left + w), min(image.height, top + h))
    values = image.resize((width, height), Image.BILINEAR, box=box).tobytes()
    return {"width": width, "height": height, "fit": fit, "base64": base64.b64encode(values).decode()}


def main():
    image = picture()
    alpha = image.copy()
    alpha.putalpha(Image.linear_gradient("L").resize((WIDTH, HEIGHT)))
    palette = image.quantize(16)
    bits = image.convert("1")
    grey16 = Image.new("I;16", (WIDTH, HEIGHT))
    grey16.putdata([257 * rgb(x, y)[0] for y in range(HEIGHT) for x in range(WIDTH)])
    files = {
        "rgb.png": file(image, "PNG"),
        "grey.png": file(image.convert("L"), "PNG"),
        "greyAlpha.png": file(alpha.convert("LA"), "PNG"),
        "rgba.png": file(alpha, "PNG"),
        "palette4.png": file(palette, "PNG", bits=4),
        "palette8.png": file(palette, "PNG", bits=8),
        "paletteTransparent.png": file(palette, "PNG", bits=4, transparency=3),
        "bits.png": file(bits, "PNG"),
        "keyed.png": file(image, "PNG", transparency=rgb(5, 7)),
        "photo.jpg": file(image, "JPEG", quality=90),
        "progressive.jpg": file(image, "JPEG", quality=90, progressive=True, exif=Image.Exif()),
        "lossy.webp": file(image, "WEBP", quality=60),
        "lossless.webp": file(image, "WEBP", lossless=True),
        "extended.webp": file(alpha, "WEBP", quality=60),
        "small.gif": file(palette, "GIF"),
        "small.bmp": file(image, "BMP"),
    }
    # of 16-bit grey Pillow shows the low byte; its high byte is the red of `picture()`
    files["grey16.png"] = {"base64": encoded(grey16, "PNG"), "width": WIDTH, "height": HEIGHT, "rgba": on_white(image.getchannel("R"))}
    sizes = [(32, 32), (8, 8), (16, 9), (64, 50), (7, 28), (40, 28)]
    OUT.write_text(json.dumps({
        "files": files,
        "resized": [resized(image, width, height, fit) for width, height in sizes for fit in ("crop", "stretch")],
    }))


main()
