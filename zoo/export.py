"""Writes a trained checkpoint as a TensorFlow.js layers model with its card and README.

    python3 zoo/export.py resnet20-cifar10

`public/models/<id>/` gets `model.json` (functional, Keras 2 dialect), shards of at most 4 MB,
`card.json` and `README.md`; `src/formats/fixtures/<id>.logits.json` gets PyTorch's logits of
eight test images, for the tests. Accuracy is measured anew, in float32, on all test images.
Everything that is said of the model comes from the checkpoint; run it again when training ends.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch

import cifar10
from models import MODELS, OFFSET, SCALE
from train import accuracy

HERE = Path(__file__).parent
LARGEST_SHARD = 4_000_000
NAMES = {"resnet20-cifar10": "ResNet-20 on CIFAR-10", "vgg-cifar10": "VGG-6 on CIFAR-10",
         "mobilenetv2-cifar10": "MobileNetV2 on CIFAR-10"}
CITATION = (
    "Alex Krizhevsky, Learning Multiple Layers of Features from Tiny Images, "
    "technical report, University of Toronto, 2009"
)


class LayersModel:
    """Collects Keras 2 layers and their weights; counts MACs and parameters as it goes."""

    def __init__(self, name, side):
        self.name, self.layers, self.weights = name, [], []
        self.sides, self.macs, self.parameters = {}, 0, 0
        self.add("input", "InputLayer", [], side, batch_input_shape=[None, side, side, 3], sparse=False)

    def add(self, name, class_name, inputs, side=None, **config):
        self.sides[name] = side if side is not None else self.sides[inputs[0]]
        nodes = [[[i, 0, 0, {}] for i in inputs]] if inputs else []
        config = {"name": name, "trainable": True, "dtype": "float32", **config}
        self.layers.append(
            {"class_name": class_name, "name": name, "inbound_nodes": nodes, "config": config}
        )
        return name

    def weight(self, layer, name, tensor, trainable=True):
        values = np.ascontiguousarray(tensor.detach().numpy(), dtype="<f4")
        assert np.all(np.isfinite(values)), f"{layer}/{name} is not finite"
        self.weights.append((f"{layer}/{name}", values))
        self.parameters += values.size if trainable else 0

    def conv_norm(self, part, x):
        """The convolution, then its norm; `part` is a ConvNorm of zoo/models.py."""
        conv, norm = part.conv, part.norm
        side = self.sides[x] // part.stride
        common = dict(
            kernel_size=[part.kernel] * 2, strides=[part.stride] * 2, padding="same",
            data_format="channels_last", dilation_rate=[1, 1], activation="linear", use_bias=False,
        )
        if part.depthwise:
            self.add(part.name, "DepthwiseConv2D", [x], side, depth_multiplier=1, **common)
            self.weight(part.name, "depthwise_kernel", conv.weight.permute(2, 3, 0, 1))
        else:
            self.add(part.name, "Conv2D", [x], side, filters=conv.out_channels, **common)
            self.weight(part.name, "kernel", conv.weight.permute(2, 3, 1, 0))
        self.macs += side * side * conv.weight.numel()
        name = f"{part.name}_norm"
        self.add(
            name, "BatchNormalization", [part.name], axis=-1, momentum=0.99,
            epsilon=norm.eps, center=True, scale=True,
        )
        self.weight(name, "gamma", norm.weight)
        self.weight(name, "beta", norm.bias)
        self.weight(name, "moving_mean", norm.running_mean, trainable=False)
        self.weight(name, "moving_variance", norm.running_var, trainable=False)
        return name

    def relu(self, name, x):
        return self.add(name, "Activation", [x], activation="relu")

    def block(self, part, x):
        """A residual block; `part` is a Block of zoo/models.py."""
        y = self.relu(f"{part.first.name}_relu", self.conv_norm(part.first, x))
        y = self.conv_norm(part.second, y)
        shortcut = self.conv_norm(part.shortcut, x) if part.shortcut else x
        return self.relu(f"{part.name}_relu", self.add(f"{part.name}_add", "Add", [y, shortcut]))

    def conv_norm_relu6(self, part, x):
        """The convolution, its norm and a ReLU up to 6."""
        y = self.conv_norm(part, x)
        return self.add(f"{part.name}_relu", "ReLU", [y], max_value=6.0, negative_slope=0.0, threshold=0.0)

    def inverted_residual(self, part, x):
        """`part` is an InvertedResidual of zoo/models.py."""
        y = self.conv_norm_relu6(part.expand, x) if part.expand else x
        y = self.conv_norm(part.project, self.conv_norm_relu6(part.depthwise, y))
        return self.add(f"{part.name}_add", "Add", [y, x]) if part.residual else y

    def head(self, linear, x):
        pooled = self.add("pool", "GlobalAveragePooling2D", [x], data_format="channels_last")
        self.add("logits", "Dense", [pooled], units=linear.out_features, activation="linear", use_bias=True)
        self.weight("logits", "kernel", linear.weight.T)
        self.weight("logits", "bias", linear.bias)
        self.macs += linear.weight.numel()

    def write(self, folder):
        data = b"".join(values.tobytes() for _, values in self.weights)
        shards = [data[i : i + LARGEST_SHARD] for i in range(0, len(data), LARGEST_SHARD)]
        files = [f"group1-shard{i}of{len(shards)}.bin" for i in range(1, len(shards) + 1)]
        for old in folder.glob("group1-shard*.bin"):
            old.unlink()
        for file, shard in zip(files, shards):
            (folder / file).write_bytes(shard)
        config = {
            "name": self.name,
            "layers": self.layers,
            "input_layers": [["input", 0, 0]],
            "output_layers": [["logits", 0, 0]],
        }
        manifest = [
            {"name": name, "shape": list(values.shape), "dtype": "float32"} for name, values in self.weights
        ]
        model = {
            "format": "layers-model",
            "generatedBy": "zoo/export.py",
            "convertedBy": None,
            "modelTopology": {
                "keras_version": "2.15.0",
                "backend": "tensorflow",
                "model_config": {"class_name": "Functional", "config": config},
            },
            "weightsManifest": [{"paths": files, "weights": manifest}],
        }
        (folder / "model.json").write_text(json.dumps(model) + "\n")
        return len(data)


def layers_model(name, network):
    """The LayersModel of a network of zoo/models.py, layer by layer in execution order."""
    model = LayersModel(name.replace("-", "_"), 32)
    x = model.add("rescaling", "Rescaling", ["input"], scale=SCALE, offset=OFFSET)
    if name == "resnet20-cifar10":
        x = model.relu("stem_relu", model.conv_norm(network.stem, x))
        for block in network.blocks:
            x = model.block(block, x)
    elif name == "mobilenetv2-cifar10":
        x = model.conv_norm_relu6(network.stem, x)
        for block in network.blocks:
            x = model.inverted_residual(block, x)
        x = model.conv_norm_relu6(network.last, x)
    else:
        for i, convs in enumerate(network.stages):
            if i > 0:
                x = model.add(
                    f"stage{i}_pool", "MaxPooling2D", [x], model.sides[x] // 2, pool_size=[2, 2],
                    strides=[2, 2], padding="valid", data_format="channels_last",
                )
            for conv in convs:
                x = model.relu(f"{conv.name}_relu", model.conv_norm(conv, x))
    model.head(network.head, x)
    return model


README = """# {name}

A {class_name} of `zoo/models.py`: {parameters:,} parameters, {macs:,} multiply-accumulates an
image, {bytes:,} bytes of float32 weights. It takes pixels from 0 to 255, `[32, 32, 3]`, RGB,
normalises them itself, and gives the logits of {classes}.

**Test accuracy: {accuracy:.2%}** of {test_images:,} test images, in float32.

## How it was made

    bash zoo/fetch.sh
    {train_command}
    {export_command}

Seed {seed}; {epochs_done} of {epochs} epochs done; {seconds:.0f} s of training on CPU cores.
{watched}

| epoch | loss | test accuracy |
|---|---|---|
{curve}

## Licence

The weights are under the project's MIT licence. They were trained on CIFAR-10, collected by
Alex Krizhevsky, Vinod Nair and Geoffrey Hinton, who ask to cite: {citation}.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--data", type=Path, default=HERE / ".data/cifar10")
    parser.add_argument("--checkpoints", type=Path, default=HERE / ".checkpoints")
    parser.add_argument("--fixture-images", type=int, default=8)
    args = parser.parse_args()
    torch.set_num_threads(1)

    saved = torch.load(args.checkpoints / f"{args.model}.pt", map_location="cpu")
    network = MODELS[args.model]()
    network.load_state_dict(saved["model"])
    network.eval()
    curve, arguments = saved["curve"], saved["arguments"]

    _, (test, test_labels) = cifar10.load(args.data)
    images = torch.from_numpy(test.copy()).permute(0, 3, 1, 2)
    measured = accuracy(network, images, torch.from_numpy(test_labels.astype(np.int64)))

    root = HERE.parent
    folder = root / "public/models" / args.model
    folder.mkdir(parents=True, exist_ok=True)
    model = layers_model(args.model, network)
    assert model.parameters == sum(p.numel() for p in network.parameters())
    size = model.write(folder)

    # more than one where training went on with more epochs
    train_commands = [
        " ".join(
            ["python3 zoo/train.py", run["model"]]
            + [f"--{key} {value}" for key, value in run.items() if key != "model"]
        )
        for run in saved.get("runs", [arguments])
    ]
    watched = (
        "The test accuracy after each epoch was only watched, never used to choose an epoch."
        if len(train_commands) == 1
        else "Training was continued by each later command after the test accuracy of the one before had been\n"
        "seen (below what a shipped model must reach); within a run no epoch was chosen by it."
    )
    export_command = f"python3 zoo/export.py {args.model}"
    card = {
        "id": args.model,
        "name": NAMES[args.model],
        "task": "image classification",
        "dataset": "cifar10",
        "classes": cifar10.CLASSES,
        "input": {"shape": [32, 32, 3], "range": [0, 255], "layout": "NHWC", "channels": "RGB"},
        "output": {"layer": "logits", "kind": "logits"},
        "provenance": {
            "script": "zoo/train.py",
            "command": " && ".join(train_commands),
            "exportCommand": export_command,
            "seed": arguments["seed"],
            "epochs": arguments["epochs"],
            "epochsDone": len(curve),
        },
        "licence": {
            "weights": "MIT",
            "data": f"CIFAR-10 by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton; cite {CITATION}.",
        },
        "accuracy": {"testImages": len(test), "accuracy": measured, "by": f"PyTorch {torch.__version__}, float32"},
        "parameters": model.parameters,
        "macs": model.macs,
        "bytes": size,
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    rows = [f"| {c['epoch']} | {c['loss']:.4f} | {c['testAccuracy']:.2%} |" for c in curve]
    (folder / "README.md").write_text(
        README.format(
            name=NAMES[args.model], class_name=type(network).__name__, parameters=model.parameters,
            macs=model.macs, bytes=size, classes=", ".join(cifar10.CLASSES), accuracy=measured,
            test_images=len(test), train_command="\n    ".join(train_commands), watched=watched, export_command=export_command,
            seed=arguments["seed"], epochs_done=len(curve), epochs=arguments["epochs"],
            seconds=sum(c["seconds"] for c in curve), curve="\n".join(rows), citation=CITATION,
        )
    )

    indices = np.random.default_rng(0).choice(len(test), args.fixture_images, replace=False).tolist()
    with torch.no_grad():
        logits = network.double()(images[indices].double())
    fixture = {
        "madeBy": export_command,
        "model": args.model,
        "testImages": indices,
        "labels": test_labels[indices].tolist(),
        "logits": logits.tolist(),
    }
    fixtures = root / "src/formats/fixtures"
    fixtures.mkdir(parents=True, exist_ok=True)
    (fixtures / f"{args.model}.logits.json").write_text(json.dumps(fixture) + "\n")
    print(f"{args.model}: accuracy {measured:.4f}, {model.parameters} parameters, {model.macs} MACs, {size} bytes")


if __name__ == "__main__":
    main()
