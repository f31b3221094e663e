"""Writes checkpoints of networks trained without a class as TensorFlow.js layers models.

    python3 zoo/train.py resnet20-cifar10 --epochs 12 --rate 0.2 --seed 1 --without 3
    python3 zoo/export_retrained.py resnet20-cifar10
    npm run lab -- retrained --models zoo/.retrained/resnet20-cifar10 --data public/data/cifar10 \\
        --out public/models/resnet20-cifar10/retrained.json

Each checkpoint whose training is done, `zoo/.checkpoints/<id>-without-<class>.pt`, becomes a folder
`zoo/.retrained/<id>/<class>/` with `model.json`, weights and `training.json` (how it was trained). They are not
shipped: `lab retrained` measures them, and the figures are what forgetting is held against.
"""
import argparse
import json
from pathlib import Path

import torch

from export import layers_model
from models import MODELS

HERE = Path(__file__).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--checkpoints", type=Path, default=HERE / ".checkpoints")
    parser.add_argument("--out", type=Path, default=HERE / ".retrained")
    args = parser.parse_args()

    for file in sorted(args.checkpoints.glob(f"{args.model}-without-*.pt")):
        saved = torch.load(file, map_location="cpu")
        run, curve = saved["arguments"], saved["curve"]
        if len(curve) < run["epochs"]:
            print(f"{file.name}: {len(curve)} of {run['epochs']} epochs done, left out")
            continue
        network = MODELS[args.model]()
        network.load_state_dict(saved["model"])
        network.eval()
        without = int(file.stem.rsplit("-", 1)[1])
        folder = args.out / args.model / str(without)
        folder.mkdir(parents=True, exist_ok=True)
        layers_model(args.model, network).write(folder)
        options = " ".join(f"--{key} {value}" for key, value in run.items() if key != "model" and value is not None)
        training = {"without": without, "epochs": len(curve), "command": f"python3 zoo/train.py {run['model']} {options}"}
        (folder / "training.json").write_text(json.dumps(training) + "\n")
        print(f"{folder}: {training['command']}")


if __name__ == "__main__":
    main()
