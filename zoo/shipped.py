"""Reads a shipped convolutional network back into PyTorch: what export.py wrote, without the checkpoint."""
import json
from pathlib import Path

import numpy as np
import torch

from models import MODELS, ConvNorm

FOLDER = Path(__file__).parent.parent / "public/models"


def weights(folder):
    """Every weight of a TensorFlow.js layers model by name."""
    read = {}
    for group in json.loads((folder / "model.json").read_text())["weightsManifest"]:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        at = 0
        for weight in group["weights"]:
            count = int(np.prod(weight["shape"]))
            read[weight["name"]] = torch.from_numpy(
                np.frombuffer(data, "<f4", count, at).reshape(weight["shape"]).copy()
            )
            at += 4 * count
        assert at == len(data), f"{folder} holds {len(data)} bytes of weights instead of {at}"
    return read


def load(name):
    """The network `public/models/<name>`, in evaluation mode."""
    model, read = MODELS[name](), weights(FOLDER / name)
    with torch.no_grad():
        for part in (part for part in model.modules() if isinstance(part, ConvNorm)):
            if part.depthwise:
                part.conv.weight.copy_(read[f"{part.name}/depthwise_kernel"].permute(2, 3, 0, 1))
            else:
                part.conv.weight.copy_(read[f"{part.name}/kernel"].permute(3, 2, 0, 1))
            part.norm.weight.copy_(read[f"{part.name}_norm/gamma"])
            part.norm.bias.copy_(read[f"{part.name}_norm/beta"])
            part.norm.running_mean.copy_(read[f"{part.name}_norm/moving_mean"])
            part.norm.running_var.copy_(read[f"{part.name}_norm/moving_variance"])
        model.head.weight.copy_(read["logits/kernel"].T)
        model.head.bias.copy_(read["logits/bias"])
    return model.eval()
