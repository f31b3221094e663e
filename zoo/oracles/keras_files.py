"""Fixtures for Keras files: /usr/bin/python3 zoo/oracles/keras_files.py  (h5py 3.7, NumPy 1.24, PyTorch 1.13; seeded)

One network, written as Keras itself lays its files out (keras/src/saving/saving_lib.py and
keras/src/legacy/saving/legacy_h5_format.py; no Keras is run here):
  keras2.h5       HDF5 of Keras 2: weights by layer name, `<layer>/<weight>:0`, inner models in one group
  keras3.h5       the same of Keras 3: calls as {args, kwargs}, other names for some weights
  keras3.keras    zip of Keras 3: weights by class and number, layers/<class>_<n>/vars/<k>
  keras2.keras    zip of Keras 2.15: the calls and settings of Keras 2, the weights laid out as in Keras 3
  keras2_13.keras zip of Keras 2.13: _layer_checkpoint_dependencies, where layers with weights count twice
                  (Keras stores its zips; these two are deflated, as a second packing would)
and expected.json: a batch, and both outputs by PyTorch in float64, under the rules of Keras 2 and of
Keras 3, which disagree on hard_sigmoid. Writes src/formats/fixtures/keras/.
"""
import io
import json
import pathlib
import re
import zipfile

import h5py
import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "formats" / "fixtures" / "keras"
rng = np.random.default_rng(29)


def draw(*shape, low=-0.5, high=0.5):
    return rng.uniform(low, high, shape).astype(np.float32)


def norm(channels, scale=True):
    """gamma (unless scale is off), beta, mean, variance, in the order in which Keras makes them"""
    gamma = {"gamma": draw(channels, low=0.5, high=1.5)} if scale else {}
    return {**gamma, "beta": draw(channels), "moving_mean": draw(channels), "moving_variance": draw(channels, low=0.5, high=1.5)}


# ---- the network: (name, class, settings, names of inputs, weights in Keras's order)
def layer(name, cls, inputs, config=None, weights=None, layers=None, inner_outputs=None):
    return {"name": name, "class": cls, "inputs": inputs, "config": config or {}, "weights": weights or {}, "layers": layers, "outputs": inner_outputs}


BLOCK = [
    layer("block_in", "InputLayer", [], {"shape": [6, 5, 6]}),
    layer("conv", "Conv2D", ["block_in"], {"filters": 6, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "dilation_rate": [2, 1], "groups": 2, "activation": "linear", "use_bias": True},
          {"kernel": draw(3, 3, 3, 6), "bias": draw(6)}),
    layer("norm", "LayerNormalization", ["conv"], {"axis": [3], "epsilon": 1e-3, "center": True, "scale": True}, {"gamma": draw(6, low=0.5, high=1.5), "beta": draw(6)}),
    layer("leaky", "LeakyReLU", ["norm"], {"slope": 0.1}),
    layer("sum", "Add", ["leaky", "block_in"]),
]
UP = [
    layer("enlarge", "Conv2DTranspose", [], {"filters": 4, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same", "output_padding": None, "dilation_rate": [1, 1], "activation": "linear", "use_bias": True},
          {"kernel": draw(3, 3, 4, 6), "bias": draw(4)}),
    layer("group_norm", "GroupNormalization", [], {"groups": 2, "axis": -1, "epsilon": 1e-3, "center": True, "scale": True}, {"gamma": draw(4, low=0.5, high=1.5), "beta": draw(4)}),
    layer("prelu", "PReLU", [], {"shared_axes": [1, 2]}, {"alpha": draw(1, 1, 4)}),
]
MODEL = [
    layer("image", "InputLayer", [], {"shape": [12, 10, 3]}),
    layer("rescaling", "Rescaling", ["image"], {"scale": [0.02, 0.03, 0.01], "offset": -0.5}),
    layer("normalization", "Normalization", ["rescaling"], {"axis": [-1], "mean": None, "variance": None, "invert": False},
          {"mean": draw(3), "variance": draw(3, low=0.5, high=1.5), "count": np.int64(7)}),
    layer("stem", "Conv2D", ["normalization"], {"filters": 6, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same", "dilation_rate": [1, 1], "groups": 1, "activation": "linear", "use_bias": False},
          {"kernel": draw(3, 3, 3, 6)}),
    layer("stem_norm", "BatchNormalization", ["stem"], {"axis": [3], "momentum": 0.99, "epsilon": 1e-3, "center": True, "scale": False}, norm(6, scale=False)),
    layer("stem_act", "Activation", ["stem_norm"], {"activation": "swish"}),
    layer("drop", "Dropout", ["stem_act"], {"rate": 0.2, "seed": None}),
    layer("block", "Functional", ["drop"], layers=BLOCK, inner_outputs=["sum"]),
    layer("pad", "ZeroPadding2D", ["block"], {"padding": [[1, 0], [0, 1]]}),
    layer("depthwise", "DepthwiseConv2D", ["pad"], {"kernel_size": [2, 2], "strides": [1, 1], "padding": "valid", "depth_multiplier": 2, "dilation_rate": [1, 1], "activation": "linear", "use_bias": True},
          {"depthwise_kernel": draw(2, 2, 6, 2), "bias": draw(12)}),
    layer("depthwise_norm", "BatchNormalization", ["depthwise"], {"axis": [3], "momentum": 0.99, "epsilon": 1e-2, "center": True, "scale": True}, norm(12)),
    layer("relu6", "ReLU", ["depthwise_norm"], {"max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}),
    layer("separable", "SeparableConv2D", ["relu6"], {"filters": 6, "kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "depth_multiplier": 1, "dilation_rate": [1, 1], "activation": "gelu", "use_bias": True},
          {"depthwise_kernel": draw(3, 3, 12, 1), "pointwise_kernel": draw(1, 1, 12, 6), "bias": draw(6)}),
    layer("squeeze", "GlobalAveragePooling2D", ["separable"], {"keepdims": True}),
    layer("reduce", "Conv2D", ["squeeze"], {"filters": 3, "kernel_size": [1, 1], "strides": [1, 1], "padding": "valid", "dilation_rate": [1, 1], "groups": 1, "activation": "relu", "use_bias": True},
          {"kernel": draw(1, 1, 6, 3), "bias": draw(3).astype(np.float16)}),
    layer("expand", "Conv2D", ["reduce"], {"filters": 6, "kernel_size": [1, 1], "strides": [1, 1], "padding": "valid", "dilation_rate": [1, 1], "groups": 1, "activation": "hard_sigmoid", "use_bias": True},
          {"kernel": draw(1, 1, 3, 6), "bias": draw(6)}),
    layer("gate", "Multiply", ["separable", "expand"]),
    # x + 3.0 and · (1 / 6): what Keras makes of Python's operators
    layer("plus", "op:add", ["gate"], {"number": 3.0}),
    layer("capped", "ReLU", ["plus"], {"max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}),
    layer("times", "op:multiply", ["capped"], {"number": 1 / 6}),
    layer("up", "Sequential", ["times"], layers=UP),
    layer("bilinear", "UpSampling2D", ["gate"], {"size": [2, 2], "interpolation": "bilinear"}),
    layer("joined", "Concatenate", ["up", "bilinear"], {"axis": 3}),
    layer("mask", "Conv2D", ["joined"], {"filters": 2, "kernel_size": [1, 1], "strides": [1, 1], "padding": "valid", "dilation_rate": [1, 1], "groups": 1, "activation": "sigmoid", "use_bias": True},
          {"kernel": draw(1, 1, 10, 2), "bias": draw(2)}),
    layer("pool", "MaxPooling2D", ["joined"], {"pool_size": [3, 3], "strides": [2, 2], "padding": "same"}),
    layer("average", "GlobalAveragePooling2D", ["pool"], {"keepdims": False}),
    layer("scores", "Dense", ["average"], {"units": 4, "activation": "softmax", "use_bias": True}, {"kernel": draw(10, 4), "bias": draw(4)}),
]
OUTPUTS = ["scores", "mask"]
INPUT_SHAPE = [12, 10, 3]


def flat(layers=MODEL, prefix=""):
    for entry in layers:
        yield prefix + entry["name"], entry
        if entry["layers"]:
            yield from flat(entry["layers"], f"{prefix}{entry['name']}/")


WEIGHTS = {f"{name}/{weight}": value for name, entry in flat() for weight, value in entry["weights"].items()}


# ---- what it computes, NCHW in float64
def forward(batch, keras):
    w = {name: torch.tensor(np.asarray(value, dtype=np.float64)) for name, value in WEIGHTS.items()}
    vec = lambda name: w[name].reshape(1, -1, 1, 1)
    kernel = lambda name: w[name].permute(3, 2, 0, 1)
    hard_sigmoid = (lambda x: torch.clamp(0.2 * x + 0.5, 0, 1)) if keras == 2 else (lambda x: torch.clamp(x / 6 + 0.5, 0, 1))

    def same(x, size, stride=1, dilation=(1, 1), value=0.0):
        pads = []
        for axis in (3, 2):
            extent = (size - 1) * dilation[axis - 2] + 1
            out = -(-x.shape[axis] // stride)
            total = max((out - 1) * stride + extent - x.shape[axis], 0)
            pads += [total // 2, total - total // 2]
        return F.pad(x, pads, value=value)

    def batch_norm(x, name, eps):
        scale = w.get(f"{name}/gamma", torch.ones_like(w[f"{name}/beta"])) / torch.sqrt(w[f"{name}/moving_variance"] + eps)
        return (x - vec(f"{name}/moving_mean")) * scale.reshape(1, -1, 1, 1) + vec(f"{name}/beta")

    x = torch.tensor(batch, dtype=torch.float64).permute(0, 3, 1, 2)
    x = x * torch.tensor([0.02, 0.03, 0.01], dtype=torch.float64).reshape(1, 3, 1, 1) - 0.5
    x = (x - vec("normalization/mean")) / torch.sqrt(vec("normalization/variance"))
    x = batch_norm(F.conv2d(same(x, 3, 2), kernel("stem/kernel"), stride=2), "stem_norm", 1e-3)
    x = x * torch.sigmoid(x)
    y = F.conv2d(same(x, 3, 1, (2, 1)), kernel("block/conv/kernel"), w["block/conv/bias"], dilation=(2, 1), groups=2)
    y = y.permute(0, 2, 3, 1)
    y = F.layer_norm(y, (6,), w["block/norm/gamma"], w["block/norm/beta"], 1e-3).permute(0, 3, 1, 2)
    x = F.leaky_relu(y, 0.1) + x
    x = F.pad(x, [0, 1, 1, 0])
    depthwise = w["depthwise/depthwise_kernel"].permute(2, 3, 0, 1).reshape(12, 1, 2, 2)  # channel c, then k
    x = batch_norm(F.conv2d(x, depthwise, w["depthwise/bias"], groups=6), "depthwise_norm", 1e-2)
    x = torch.clamp(x, 0, 6)
    x = F.conv2d(same(x, 3), w["separable/depthwise_kernel"].permute(2, 3, 0, 1).reshape(12, 1, 3, 3), groups=12)
    x = F.gelu(F.conv2d(x, kernel("separable/pointwise_kernel"), w["separable/bias"]))
    s = torch.relu(F.conv2d(x.mean((2, 3), keepdim=True), kernel("reduce/kernel"), w["reduce/bias"]))
    gate = x * hard_sigmoid(F.conv2d(s, kernel("expand/kernel"), w["expand/bias"]))
    t = torch.clamp(gate + 3.0, 0, 6) * (1 / 6)
    # 3 × 3 by 2: one row and column too many, of which none comes off at the top (half, rounded down)
    u = F.conv_transpose2d(t, w["up/enlarge/kernel"].permute(3, 2, 0, 1), w["up/enlarge/bias"], stride=2)[:, :, :-1, :-1]
    u = F.group_norm(u, 2, w["up/group_norm/gamma"], w["up/group_norm/beta"], 1e-3)
    u = torch.where(u > 0, u, u * w["up/prelu/alpha"].reshape(1, 4, 1, 1))
    joined = torch.cat([u, F.interpolate(gate, scale_factor=2, mode="bilinear", align_corners=False)], 1)
    mask = torch.sigmoid(F.conv2d(joined, kernel("mask/kernel"), w["mask/bias"]))
    pooled = F.max_pool2d(same(joined, 3, 2, value=-np.inf), 3, 2)
    scores = torch.softmax(pooled.mean((2, 3)) @ w["scores/kernel"] + w["scores/bias"], 1)
    return scores.numpy(), mask.permute(0, 2, 3, 1).numpy()


# ---- configurations
KERAS3_NAMES = {"swish": "silu"}


def settings(entry, keras):
    config = dict(entry["config"])
    cls = entry["class"]
    policy = "float32" if keras == 2 else {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
    if cls == "InputLayer":
        shape = [None, *config.pop("shape")]
        named = {"batch_input_shape": shape, "sparse": False, "ragged": False} if keras == 2 else {"batch_shape": shape, "sparse": False, "ragged": False}
        return {**named, "dtype": "float32", "name": entry["name"]}
    if "slope" in config:
        slope = config.pop("slope")
        config["alpha" if keras == 2 else "negative_slope"] = slope
    if keras == 3 and config.get("activation") in KERAS3_NAMES:
        config["activation"] = KERAS3_NAMES[config["activation"]]
    if "kernel_size" in config or "pool_size" in config or cls in ("ZeroPadding2D", "UpSampling2D", "GlobalAveragePooling2D"):
        config["data_format"] = "channels_last"
    return {"name": entry["name"], "trainable": True, "dtype": policy, **config}


def keras_tensor(name):
    return {"class_name": "__keras_tensor__", "config": {"shape": [None], "dtype": "float32", "keras_history": [name, 0, 0]}}


def inbound(entry, keras, classes):
    """Keras counts the calls of an inner Functional model from 1, in both versions"""
    use = lambda name: 1 if keras == 2 and classes[name] == "Functional" else 0
    number = entry["config"].get("number")
    if not entry["inputs"]:
        return []
    if keras == 3:
        tensors = [keras_tensor(name) for name in entry["inputs"]]
        for tensor, name in zip(tensors, entry["inputs"]):
            tensor["config"]["keras_history"][1] = 1 if classes[name] == "Functional" else 0
        args = [*tensors, number] if number is not None else [tensors] if len(tensors) > 1 else tensors
        return [{"args": args, "kwargs": {} if entry["class"] != "Dropout" else {"training": False}}]
    if number is not None:
        return [[entry["inputs"][0], use(entry["inputs"][0]), 0, {"y": number, "name": None}]]
    return [[[name, use(name), 0, {}] for name in entry["inputs"]]]


MODULES = {"Functional": "keras.src.models.functional", "Sequential": "keras"}


def layer_json(entry, keras, legacy, classes):
    cls, config = entry["class"], None
    module = MODULES.get(cls, "keras.layers")
    if cls == "Functional":
        config = functional(entry["name"], entry["layers"], entry["outputs"], keras, legacy)
    elif cls == "Sequential":
        layers = [layer_json(inner, keras, legacy, {}) for inner in entry["layers"]]
        config = {"name": entry["name"], "trainable": True, "layers": layers}
    elif cls.startswith("op:") and keras == 3:
        cls, module = cls[3:].capitalize(), "keras.src.ops.numpy"
        config = {"name": entry["name"]}
    elif cls.startswith("op:"):
        config = {"name": entry["name"], "trainable": True, "dtype": "float32", "function": {"op:add": "__operators__.add", "op:multiply": "math.multiply"}[cls]}
        cls = "TFOpLambda"
    else:
        config = settings(entry, keras)
    written = {"class_name": cls, "config": config}
    if not legacy:
        written = {"module": module, **written, "registered_name": "Functional" if cls == "Functional" else None, "build_config": {"input_shape": [None]}}
    if classes:
        written.update(name=entry["name"], inbound_nodes=inbound(entry, keras, classes))
    return written


def functional(name, layers, outputs, keras, legacy):
    classes = {entry["name"]: entry["class"] for entry in layers}
    references = [[output, 0, 0] for output in outputs]
    inputs = [[layers[0]["name"], 0, 0]]
    return {
        "name": name, "trainable": True, "layers": [layer_json(entry, keras, legacy, classes) for entry in layers],
        "input_layers": inputs[0] if keras == 3 else inputs, "output_layers": references[0] if keras == 3 and len(outputs) == 1 else references,
    }


def model_json(keras, legacy):
    written = {"class_name": "Functional", "config": functional("fixture", MODEL, OUTPUTS, keras, legacy)}
    return written if legacy else {"module": MODULES["Functional"], **written, "registered_name": "Functional", "build_config": {"input_shape": None}}


# ---- weights
def stored_name(cls, weight, keras):
    return "kernel" if keras == 3 and cls == "DepthwiseConv2D" and weight == "depthwise_kernel" else weight


def legacy_names(entry, keras, scope=""):
    """names and values of a layer's weights, an inner model's trainable ones first"""
    if not entry["layers"]:
        end = ":0" if keras == 2 else ""
        return [(f"{scope}{entry['name']}/{stored_name(entry['class'], name, keras)}{end}", value) for name, value in entry["weights"].items()]
    inner_scope = f"{entry['name']}/" if keras == 3 and entry["class"] == "Sequential" else ""
    found = [pair for inner in entry["layers"] for pair in legacy_names(inner, keras, inner_scope)]
    return sorted(found, key=lambda pair: "moving_" in pair[0])


# how keras2.h5 stores some of its weights: other types, compressed
STORED = {"mask/kernel:0": {"dtype": "<f8"}, "mask/bias:0": {"dtype": ">f4"}, "reduce/bias:0": {"dtype": "<f2"},
          "stem/kernel:0": {"compression": "gzip", "shuffle": True}}


def write_h5(keras):
    held = io.BytesIO()
    version = {2: "2.15.0", 3: "3.9.2"}[keras]
    with h5py.File(held, "w") as file:
        file.attrs["keras_version"] = version.encode() if keras == 2 else version
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(model_json(keras, legacy=True)).encode("utf8")
        group = file.create_group("model_weights")
        # operators are layers in Keras 2 alone
        names = [entry["name"] for entry in MODEL if keras == 2 or not entry["class"].startswith("op:")]
        group.attrs["layer_names"] = [name.encode("utf8") for name in names]
        group.attrs["backend"] = b"tensorflow"
        group.attrs["keras_version"] = version.encode("utf8")
        for entry in sorted(MODEL, key=lambda one: one["name"]):
            if entry["name"] not in names:
                continue
            weights = legacy_names(entry, keras)
            part = group.create_group(entry["name"])
            part.attrs["weight_names"] = [name.encode("utf8") for name, _ in weights]
            for name, value in weights:
                part.create_dataset(name, data=value, **({"dtype": np.asarray(value).dtype} if name not in STORED else STORED[name]))
        group.create_group("top_level_model_weights").attrs["weight_names"] = []
    return held.getvalue()


def snake_case(name):
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def write_vars(file, layers, path, container, named, twice):
    counts = {}
    for entry in layers:
        if entry["class"].startswith("op:") and container == "layers":
            continue
        name = snake_case("TFOpLambda" if entry["class"].startswith("op:") else entry["class"])
        has_weights = bool(entry["weights"]) or bool(entry["layers"])
        count = counts.get(name, 0)
        # in the old container a layer with weights is listed a second time, and the number used up
        counts[name] = count + (2 if twice and has_weights else 1)
        inner = f"{path}{container}/{name}{f'_{count}' if count else ''}"
        group = file.create_group(f"{inner}/vars")
        if named:
            group.attrs["name"] = entry["name"]
        for k, value in enumerate(entry["weights"].values()):
            group[str(k)] = value
        if entry["class"] == "Dropout":
            file.create_group(f"{inner}/seed_generator/vars")["0"] = np.array([1, 2], dtype=np.uint32)
        if entry["layers"]:
            write_vars(file, entry["layers"], f"{inner}/", container, named, twice)


def write_keras(keras, version, container="layers", named=False, twice=False, packed=zipfile.ZIP_STORED):
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        write_vars(file, MODEL, "", container, named, twice)
        file.create_group("vars")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        def add(name, content):
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, compress_type=packed)

        add("metadata.json", json.dumps({"keras_version": version, "date_saved": "2024-01-01@00:00:00"}))
        add("config.json", json.dumps(model_json(keras, legacy=False)))
        add("model.weights.h5", weights.getvalue())
    return held.getvalue()


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    batch = rng.uniform(0, 255, (2, *INPUT_SHAPE)).round(3)
    expected = {"batch": batch.ravel().tolist(), "shape": [2, *INPUT_SHAPE]}
    for keras in (2, 3):
        scores, mask = forward(batch, keras)
        expected[f"keras{keras}"] = {"scores": scores.ravel().tolist(), "mask": mask.ravel().tolist()}
    (OUT / "expected.json").write_text(json.dumps(expected) + "\n")
    files = {
        "keras2.h5": write_h5(2),
        "keras3.h5": write_h5(3),
        "keras3.keras": write_keras(3, "3.9.2", named=True),
        "keras2.keras": write_keras(2, "2.15.0", packed=zipfile.ZIP_DEFLATED),
        "keras2_13.keras": write_keras(2, "2.13.1", container="_layer_checkpoint_dependencies", twice=True, packed=zipfile.ZIP_DEFLATED),
    }
    for name, content in files.items():
        (OUT / name).write_bytes(content)
        print(name, len(content))
