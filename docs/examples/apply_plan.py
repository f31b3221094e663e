"""Applies a prune plan of the lab to a model in PyTorch, here the zoo's ResNet-20.

    npm run --silent lab -- convert --model public/models/resnet20-cifar10 --to safetensors --out intact
    npm run --silent lab -- prune --model public/models/resnet20-cifar10 --images calibration.npy \\
        --target macs=0.5 --to safetensors --out pruned
    python3 docs/examples/apply_plan.py pruned --intact intact --images test.npy

The intact model comes from `--intact`, its weights as `lab convert` writes them, or from
`--checkpoint`, a file of zoo/train.py. It is cut down by `pruned/plan.json`: weights are sliced at
the indices that the plan keeps, and only those that the plan calls new are read from
`pruned/weights.safetensors`. As a proof, a second model takes all of its weights from that file;
both must give the same logits to 1e-4. Needs PyTorch and NumPy. docs/plan-format.md describes the
files.
"""
import argparse
import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[2] / "zoo"))
from models import ConvNorm, ResNet20  # noqa: E402

LARGEST_DIFFERENCE = 1e-4
TORCH_NAMES = {
    "kernel": "weight", "gamma": "weight", "beta": "bias", "mean": "running_mean", "variance": "running_var",
    "bias": "bias",
}


def read_safetensors(path):
    """Name -> float32 array: eight bytes of header length, a JSON header, the data."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", f"{name} is stored as {entry['dtype']}"
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[start:end], "<f4").reshape(entry["shape"])
    return tensors


def read_plan(folder):
    plan = json.loads((Path(folder) / "plan.json").read_text())
    assert plan["format"] == "modhifi-plan" and plan["version"] == 1, "another version of the plan format"
    return plan, read_safetensors(Path(folder) / plan["weightsFile"])


def modules_by_node(model):
    """The plan's node id -> the module of ours that it is. All that is particular to ResNet-20."""
    modules = {"logits": model.head}
    for part in model.modules():
        if isinstance(part, ConvNorm):
            modules[part.name] = part.conv
            modules[f"{part.name}_norm"] = part.norm
    return modules


def set_weights(module, weights):
    """Puts weights in PyTorch's layout, by PyTorch's names, into a module, and its widths with them."""
    for name, values in weights.items():
        tensor = torch.from_numpy(np.array(values))
        if name.startswith("running_"):
            setattr(module, name, tensor)
        else:
            setattr(module, name, nn.Parameter(tensor))  # also a bias that the module did not have
    if isinstance(module, nn.Conv2d):
        module.out_channels, module.in_channels = module.weight.shape[:2]
    elif isinstance(module, nn.Linear):
        module.out_features, module.in_features = module.weight.shape
    elif isinstance(module, nn.BatchNorm2d):
        module.num_features = len(module.weight)


def weights_of(plan, node, choose):
    """PyTorch name -> array, for every weight of a node; `choose` gives each in the plan's layout."""
    return {
        TORCH_NAMES[name]: np.transpose(choose(name, weight), plan["layouts"][f"{node['op']}.{name}"]["torch"])
        for name, weight in node["weights"].items()
    }


def load_all(model, plan, tensors):
    """All weights from the weights file."""
    modules = modules_by_node(model)
    for node in plan["nodes"]:
        if node["weights"]:
            set_weights(modules[node["id"]], weights_of(plan, node, lambda _, weight: tensors[weight["tensor"]]))


def apply(model, plan, tensors):
    """Cuts the intact model: slices what the plan only cuts, takes what it calls new from the weights file."""
    modules = modules_by_node(model)
    new = 0
    for node in plan["nodes"]:

        def choose(name, weight):
            nonlocal new
            if weight["new"]:
                new += 1
                return tensors[weight["tensor"]]
            values = getattr(modules[node["id"]], TORCH_NAMES[name]).detach().numpy()
            values = np.transpose(values, np.argsort(plan["layouts"][f"{node['op']}.{name}"]["torch"]))
            for axis, kept in enumerate(weight["kept"]):
                if kept is not None:
                    values = np.take(values, kept, axis)
            return values

        if node["weights"]:
            set_weights(modules[node["id"]], weights_of(plan, node, choose))
    return new


def logits_of(model, images):
    with torch.no_grad():
        return model.eval()(torch.from_numpy(images).permute(0, 3, 1, 2).float()).numpy()


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plan", type=Path, help="folder of plan.json and weights.safetensors")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--intact", type=Path, help="folder that `lab convert --to safetensors` wrote")
    source.add_argument("--checkpoint", type=Path, help="checkpoint of zoo/train.py")
    parser.add_argument("--images", type=Path, required=True, help=".npy, count x 32 x 32 x 3, pixels 0-255")
    parser.add_argument("--save", type=Path, help="write the pruned model here (torch.save)")
    parser.add_argument("--save-logits", type=Path, help="write its logits here, as JSON")
    args = parser.parse_args()

    plan, tensors = read_plan(args.plan)
    model = ResNet20()
    if args.checkpoint:
        model.load_state_dict(torch.load(args.checkpoint, map_location="cpu")["model"])
    else:
        load_all(model, *read_plan(args.intact))
    images = np.load(args.images)
    before = logits_of(model, images)
    parameters = count(model)

    new = apply(model, plan, tensors)
    after = logits_of(model, images)
    exported = ResNet20()
    load_all(exported, plan, tensors)
    difference = float(np.abs(after - logits_of(exported, images)).max())
    same_class = float((before.argmax(1) == after.argmax(1)).mean())
    print(f"{parameters:,} -> {count(model):,} parameters; {new} weights from the file, the others sliced")
    print(f"{len(images)} images: greatest difference from the exported weights {difference:.2e}; "
          f"{same_class:.1%} keep their class")
    if args.save:
        torch.save(model, args.save)
    if args.save_logits:
        made_by = "docs/examples/apply_plan.py"
        args.save_logits.write_text(json.dumps({"madeBy": made_by, "logits": after.round(6).tolist()}) + "\n")
    if not difference < LARGEST_DIFFERENCE:
        sys.exit(f"The logits differ by {difference}; the plan does not fit this model.")


if __name__ == "__main__":
    main()
