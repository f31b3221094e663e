"""Oracle for src/engine/operators.ts: /usr/bin/python3 zoo/oracles/ops.py  (NumPy 1.24, PyTorch 1.13; float64; seeded)

For every op of src/network/network.ts a few small cases: attributes, weights, inputs and the value
that PyTorch gives, NHWC with the batch first. Where PyTorch lacks an op (uneven padding, cropping,
resizing with other coordinates) it is written out in NumPy from the formula in network.ts, and held
against PyTorch wherever the two overlap. Writes src/engine/fixtures/ops.json.
"""
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "engine" / "fixtures" / "ops.json"
torch.set_num_threads(1)
rng = np.random.default_rng(2511)
IMAGES = 2
cases = []

# inputs and weights have two decimals, which JSON holds in few characters
normal = lambda *shape, scale=1.0, centre=0.0: np.round(rng.standard_normal(shape) * scale + centre, 2)
uniform = lambda low, high, *shape: np.round(rng.uniform(low, high, shape), 2)
nchw = lambda x: torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))
nhwc = lambda y: np.moveaxis(y.numpy(), 1, -1)
as_torch = lambda a: None if a is None else torch.from_numpy(np.ascontiguousarray(a))
number = lambda v: int(v) if v == int(v) else v
short = lambda a: [number(float(f"{v:.6g}")) for v in np.asarray(a, dtype=np.float64).ravel()]
array = lambda a: {"shape": list(a.shape), "values": short(a)}


def case(name, op, inputs, output, attributes=None, weights=None):
    assert np.isfinite(output).all() and np.abs(output).max() > 0, name
    assert all(len(x) == len(output) for x in inputs), name
    cases.append({"name": name, "op": op, "attributes": attributes or {},
                  "weights": {k: array(w) for k, w in (weights or {}).items() if w is not None},
                  "inputs": [array(x) for x in inputs], "output": array(output)})


# ---- windows

def border_of(padding, sizes, kernel, strides, dilations):
    """[[top, bottom], [left, right]]; `same` as TensorFlow has it, the odd row after"""
    if padding == "valid":
        return [[0, 0], [0, 0]]
    if padding != "same":
        return padding
    total = [max(0, (math.ceil(n / s) - 1) * s + (k - 1) * d + 1 - n)
             for n, k, s, d in zip(sizes, kernel, strides, dilations)]
    return [[t // 2, t - t // 2] for t in total]


def padded(x, border, value=0.0):
    (top, bottom), (left, right) = border
    return F.pad(nchw(x), (left, right, top, bottom), value=value)


def conv(name, size, channels, outputs, kernel, strides=(1, 1), padding="same", dilations=(1, 1), groups=1, bias=True, images=1):
    x = normal(images, *size, channels)
    w = normal(*kernel, channels // groups, outputs, scale=0.5)
    b = normal(outputs) if bias else None
    border = border_of(padding, size, kernel, strides, dilations)
    y = F.conv2d(padded(x, border), as_torch(w.transpose(3, 2, 0, 1)), as_torch(b), strides, 0, dilations, groups)
    case(name, "conv2d", [x], nhwc(y), {"strides": list(strides), "padding": padding, "dilations": list(dilations),
                                        "groups": groups}, {"kernel": w, "bias": b})


conv("same, odd and even size", (7, 6), 3, 4, (3, 3), images=2)
conv("no bias", (5, 5), 2, 3, (3, 3), bias=False)
conv("stride 2, same, odd and even size", (7, 6), 3, 4, (3, 3), (2, 2), images=2)
conv("strides 2 and 1, same, kernel 2 x 3", (7, 6), 3, 4, (2, 3), (2, 1))
conv("stride wider than the kernel, same", (7, 8), 3, 4, (2, 2), (3, 3))
conv("stride 2, valid, kernel 5 x 3", (9, 8), 3, 4, (5, 3), (2, 2), "valid")
conv("stride 2, even padding of 1", (8, 8), 3, 4, (3, 3), (2, 2), [[1, 1], [1, 1]])
conv("uneven padding", (5, 4), 3, 4, (3, 3), (1, 1), [[2, 0], [1, 3]])
conv("uneven padding, stride 2", (6, 7), 3, 4, (3, 3), (2, 2), [[0, 1], [1, 0]])
conv("dilation 2, same", (7, 6), 3, 4, (3, 3), dilations=(2, 2))
conv("dilations 2 and 3, valid", (8, 9), 3, 4, (3, 3), padding="valid", dilations=(2, 3))
conv("dilation 2, padding", (6, 5), 3, 4, (3, 3), padding=[[2, 2], [2, 1]], dilations=(2, 2))
conv("stride 2 and dilation 2, padding", (9, 8), 3, 4, (3, 3), (2, 2), [[2, 2], [2, 2]], (2, 2))
conv("stride 2 and dilation 3, same", (11, 10), 2, 3, (3, 2), (2, 2), "same", (3, 3))
conv("strides 2 and 1, dilations 1 and 2, same", (7, 8), 2, 3, (3, 3), (2, 1), "same", (1, 2))
conv("1 x 1", (4, 5), 6, 5, (1, 1), padding="valid", images=2)
conv("1 x 1, stride 2", (7, 6), 6, 5, (1, 1), (2, 2), "same")
conv("1 x 1, padding", (4, 5), 3, 4, (1, 1), padding=[[1, 1], [0, 2]], images=2)
conv("kernel as large as the map", (4, 5), 3, 4, (4, 5), padding="valid")
conv("2 groups", (6, 5), 4, 6, (3, 3), groups=2, images=2)
conv("4 groups, stride 2, padding", (7, 6), 8, 4, (3, 3), (2, 2), [[1, 1], [1, 1]], groups=4, images=2)
conv("8 groups of 4 inputs", (3, 4), 32, 16, (2, 2), groups=8, bias=False)
conv("2 groups of 16 inputs", (3, 3), 32, 6, (2, 2), groups=2)
conv("6 groups of 5 inputs", (2, 4), 30, 12, (1, 3), groups=6)
conv("3 groups, stride 2 and dilation 2", (7, 5), 6, 9, (3, 2), (2, 2), "same", (2, 2), 3)
conv("a group for every channel, two outputs each", (6, 7), 4, 8, (3, 3), (2, 2), groups=4, images=2)


def depthwise(name, size, channels, kernel, strides=(1, 1), padding="same", dilations=(1, 1), multiplier=1, bias=True, images=1):
    x = normal(images, *size, channels)
    w = normal(*kernel, channels, multiplier, scale=0.5)
    b = normal(channels * multiplier) if bias else None
    border = border_of(padding, size, kernel, strides, dilations)
    filters = w.reshape(*kernel, -1).transpose(2, 0, 1)[:, None]
    y = F.conv2d(padded(x, border), as_torch(filters), as_torch(b), strides, 0, dilations, channels)
    case(name, "depthwiseConv2d", [x], nhwc(y), {"strides": list(strides), "padding": padding,
                                                 "dilations": list(dilations)}, {"kernel": w, "bias": b})


depthwise("same", (7, 6), 3, (3, 3), images=2)
depthwise("4 channels, same", (6, 7), 4, (3, 3))
depthwise("stride 2, same, odd and even size", (7, 6), 3, (3, 3), (2, 2))
depthwise("4 channels, stride 2, same", (10, 9), 4, (3, 3), (2, 2), images=2)
depthwise("strides 1 and 2, valid, kernel 2 x 5, no bias", (6, 9), 3, (2, 5), (1, 2), "valid", bias=False)
depthwise("stride 2, padding of a padded network", (7, 8), 4, (3, 3), (2, 2), [[0, 1], [0, 1]])
depthwise("uneven padding", (5, 4), 3, (3, 3), padding=[[2, 0], [1, 3]], images=2)
depthwise("kernel 7 x 7, padding 3", (6, 7), 4, (7, 7), padding=[[3, 3], [3, 3]])
depthwise("dilation 2, same", (7, 6), 3, (3, 3), dilations=(2, 2))
depthwise("dilation 2, padding", (7, 8), 4, (3, 3), padding=[[2, 2], [2, 2]], dilations=(2, 2))
depthwise("stride 2 and dilation 2, padding", (9, 8), 3, (3, 3), (2, 2), [[2, 2], [2, 2]], (2, 2))
depthwise("multiplier 2", (6, 5), 3, (3, 3), multiplier=2, images=2)
depthwise("multiplier 3, stride 2", (7, 6), 4, (3, 3), (2, 2), multiplier=3)


def transposed(name, size, channels, outputs, kernel, strides, cropping=((0, 0), (0, 0)), bias=True, as_pytorch=None, images=1):
    """as_pytorch: (padding, output_padding) of ConvTranspose2d that mean the same"""
    x = normal(images, *size, channels)
    w = normal(*kernel, outputs, channels, scale=0.5)
    b = normal(outputs) if bias else None
    filters = as_torch(w.transpose(3, 2, 0, 1))
    full = nhwc(F.conv_transpose2d(nchw(x), filters, None, strides))
    grown = np.pad(full, [(0, 0), *[[max(0, -c) for c in side] for side in cropping], (0, 0)])
    (top, bottom), (left, right) = [[max(0, c) for c in side] for side in cropping]
    y = grown[:, top:grown.shape[1] - bottom, left:grown.shape[2] - right] + (b if bias else 0)
    if as_pytorch:
        np.testing.assert_allclose(y, nhwc(F.conv_transpose2d(nchw(x), filters, as_torch(b), strides, *as_pytorch)), atol=1e-12)
    case(name, "transposedConv2d", [x], y, {"strides": list(strides), "cropping": [list(c) for c in cropping]},
         {"kernel": w, "bias": b})


transposed("k 2, stride 2", (3, 4), 3, 4, (2, 2), (2, 2), as_pytorch=(0, 0), images=2)
transposed("k 3, stride 2, whole, no bias", (4, 3), 3, 2, (3, 3), (2, 2), bias=False)
transposed("k 3, stride 2, cropped", (4, 3), 3, 4, (3, 3), (2, 2), ((1, 1), (1, 1)), as_pytorch=(1, 0))
transposed("k 3, stride 2, cropped, output padding", (4, 3), 3, 4, (3, 3), (2, 2), ((1, 0), (1, 0)), as_pytorch=(1, 1))
transposed("k 2, stride 2, output padding beyond the kernel", (3, 4), 3, 4, (2, 2), (2, 2), ((0, -1), (0, -1)), as_pytorch=(0, 1))
transposed("k 4, stride 2, cropped", (3, 4), 4, 3, (4, 4), (2, 2), ((1, 1), (1, 1)), as_pytorch=(1, 0), images=2)
transposed("k 5, stride 2, cropped unevenly", (4, 4), 2, 3, (5, 5), (2, 2), ((2, 1), (1, 2)))
transposed("k 3, stride 1, cropped", (4, 5), 3, 4, (3, 3), (1, 1), ((1, 1), (1, 1)), as_pytorch=(1, 0))
transposed("k 2, stride 3, output padding", (3, 3), 2, 3, (2, 2), (3, 3), ((0, -1), (0, -1)), as_pytorch=(0, 1))
transposed("k 3 x 4, strides 1 and 2", (4, 3), 3, 2, (3, 4), (1, 2), ((1, 1), (0, 1)))
transposed("zeros added in front and behind", (3, 3), 2, 3, (3, 3), (2, 2), ((-1, 0), (-3, -5)))
transposed("cropped by more than a kernel", (5, 4), 2, 3, (3, 2), (2, 1), ((4, 3), (2, 1)))

# ---- dense and norms

for name, shape, bias in [("vectors", (5,), True), ("vectors, no bias", (7,), False), ("rows", (3, 5), True), ("pixels", (3, 2, 6), True)]:
    x, w, b = normal(IMAGES, *shape), normal(shape[-1], 4, scale=0.5), normal(4) if bias else None
    case(name, "dense", [x], F.linear(as_torch(x), as_torch(w.T), as_torch(b)).numpy(), weights={"kernel": w, "bias": b})


def batch_norm(name, shape, scaled=True):
    x, c = normal(IMAGES, *shape), shape[-1]
    weights = {"gamma": uniform(0.5, 1.5, c) if scaled else None, "beta": normal(c) if scaled else None,
               "mean": normal(c), "variance": uniform(0.2, 2, c)}
    t = {k: as_torch(w) for k, w in weights.items()}
    y = F.batch_norm(nchw(x), t["mean"], t["variance"], t["gamma"], t["beta"], False, 0, 1e-3)
    case(name, "batchNorm", [x], nhwc(y), {"epsilon": 1e-3}, weights)


batch_norm("of a map", (4, 5, 6))
batch_norm("of a map, without gamma and beta", (3, 4, 5), False)
batch_norm("of a vector", (6,))


def layer_norm(name, shape, scaled=True, centre=0.0):
    x, c = normal(IMAGES, *shape, centre=centre), shape[-1]
    gamma, beta = (uniform(0.5, 1.5, c), normal(c)) if scaled else (None, None)
    y = F.layer_norm(as_torch(x), (c,), as_torch(gamma), as_torch(beta), 1e-6).numpy()
    case(name, "layerNorm", [x], y, {"epsilon": 1e-6}, {"gamma": gamma, "beta": beta})


layer_norm("of a map", (4, 3, 6))
layer_norm("of a vector, without gamma and beta", (7,), False)
layer_norm("of rows far from zero", (3, 5), True, 100.0)


def group_norm(name, shape, groups, scaled=True):
    x, c = normal(IMAGES, *shape), shape[-1]
    gamma, beta = (uniform(0.5, 1.5, c), normal(c)) if scaled else (None, None)
    y = F.group_norm(nchw(x), groups, as_torch(gamma), as_torch(beta), 1e-5)
    case(name, "groupNorm", [x], nhwc(y), {"groups": groups, "epsilon": 1e-5}, {"gamma": gamma, "beta": beta})


group_norm("2 groups", (4, 3, 6), 2)
group_norm("1 group, without gamma and beta", (3, 4, 4), 1, False)
group_norm("a group for every channel", (4, 4, 5), 5)
group_norm("of a vector", (8,), 2)

# ---- elementwise

points = np.concatenate([np.linspace(-12, 12, 25), [-3.5, -0.51, -0.02, 0.03, 0.49, 2.75, 6.01]]).round(2)
points = np.stack([points, rng.permutation(points)]).reshape(IMAGES, 4, 2, 4)
p = torch.from_numpy(points)
ACTIVATIONS = [
    ("linear", {}, p), ("relu", {}, F.relu(p)), ("relu6", {}, F.relu6(p)),
    ("leakyRelu", {}, F.leaky_relu(p, 0.01)), ("leakyRelu", {"alpha": 0.2}, F.leaky_relu(p, 0.2)),
    ("elu", {}, F.elu(p)), ("elu", {"alpha": 0.4}, F.elu(p, 0.4)), ("elu", {"alpha": 1.7}, F.elu(p, 1.7)),
    ("selu", {}, F.selu(p)), ("gelu", {}, F.gelu(p)), ("geluTanh", {}, F.gelu(p, approximate="tanh")),
    ("silu", {}, F.silu(p)), ("hardSwish", {}, F.hardswish(p)), ("hardSigmoid", {}, F.hardsigmoid(p)),
    ("hardSigmoid", {"alpha": 0.2, "beta": 0.5}, torch.clip(0.2 * p + 0.5, 0, 1)),
    ("hardSigmoid", {"alpha": 0.25, "beta": 0.4}, torch.clip(0.25 * p + 0.4, 0, 1)),
    ("sigmoid", {}, torch.sigmoid(p)), ("tanh", {}, torch.tanh(p)), ("softplus", {}, F.softplus(p, threshold=100)),
    ("softmax", {}, torch.softmax(p, -1)),
]
for name, parameters, y in ACTIVATIONS:
    case(", ".join([name, *[f"{k} {v}" for k, v in parameters.items()]]), "activation", [points], y.numpy(), {"function": name, **parameters})
x = normal(IMAGES, 9, scale=2)
case("leakyRelu of a vector", "activation", [x], F.leaky_relu(as_torch(x), 0.3).numpy(), {"function": "leakyRelu", "alpha": 0.3})
case("softmax of a vector", "activation", [x], torch.softmax(as_torch(x), -1).numpy(), {"function": "softmax"})

x = normal(IMAGES, 4, 3, 5)
for name, shape in [("a slope for every channel", (1, 1, 5)), ("one slope", (1, 1, 1)), ("a slope for every value", (4, 3, 5)),
                    ("slopes along rows and channels", (4, 1, 5)), ("slopes along columns", (1, 3, 1))]:
    alpha = uniform(-0.3, 0.6, *shape)
    y = np.where(x > 0, x, alpha * x)
    if shape == (1, 1, 5):
        np.testing.assert_allclose(y, nhwc(F.prelu(nchw(x), as_torch(alpha.ravel()))), atol=1e-12)
    case(name, "prelu", [x], y, weights={"alpha": alpha})
x, alpha = normal(IMAGES, 6), uniform(-0.3, 0.6, 6)
case("of a vector", "prelu", [x], F.prelu(as_torch(x), as_torch(alpha)).numpy(), weights={"alpha": alpha})


def elementwise(name, op, *shapes):
    """The sample's axes align from the last on, below the batch."""
    inputs = [normal(IMAGES, *shape) for shape in shapes]
    rank = max(len(shape) for shape in shapes)
    y, *rest = [x.reshape(IMAGES, *[1] * (rank - len(s)), *s) for x, s in zip(inputs, shapes)]
    for x in rest:
        y = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply}[op](y, x)
    case(name, op, inputs, y)


for op in ("add", "subtract", "multiply"):
    elementwise("one shape", op, (3, 4, 5), (3, 4, 5))
    elementwise("channels of a map", op, (3, 4, 5), (1, 1, 5))
    elementwise("a vector and a map, as many images as rows", op, (5,), (2, 4, 5))
    elementwise("rows and columns", op, (3, 1, 2), (1, 4, 1))
elementwise("three inputs", "add", (3, 4, 5), (3, 4, 5), (3, 4, 5))
elementwise("three inputs, broadcast", "multiply", (3, 4, 2), (4, 1), (3, 1, 1))

x = normal(IMAGES, 3, 4, 2)
case("", "rescaling", [x], x * 0.25 - 1.5, {"scale": 0.25, "offset": -1.5})
case("", "dropout", [x], x, {"rate": 0.5})

# ---- pooling


def pool(name, op, size, channels, window, strides, padding, images=1):
    x = normal(images, *size, channels, centre=-2 if op == "maxPool2d" else 1)  # so that a zero of the padding would show
    border = border_of(padding, size, window, strides, (1, 1))
    if op == "maxPool2d":
        y = F.max_pool2d(padded(x, border, -math.inf), window, strides)
    else:
        sums, counts = [F.avg_pool2d(padded(v, border), window, strides) for v in (x, np.ones_like(x))]
        y = sums / counts
        (top, bottom), (left, right) = border
        if top == bottom and left == right:
            torch.testing.assert_close(y, F.avg_pool2d(nchw(x), window, strides, (top, left), count_include_pad=False))
    case(name, op, [x], nhwc(y), {"poolSize": list(window), "strides": list(strides), "padding": padding})


for op in ("maxPool2d", "averagePool2d"):
    pool("2, stride 2, valid, odd size", op, (7, 6), 3, (2, 2), (2, 2), "valid")
    pool("3, stride 2, same, odd and even size", op, (7, 6), 4, (3, 3), (2, 2), "same", images=2)
    pool("3 x 2, stride 1, same", op, (5, 4), 2, (3, 2), (1, 1), "same")
    pool("3, stride 2, even padding of 1", op, (8, 7), 3, (3, 3), (2, 2), [[1, 1], [1, 1]])
    pool("3, stride 2, rounded up", op, (6, 6), 2, (3, 3), (2, 2), [[0, 1], [0, 1]])
    pool("3, stride 1, uneven padding", op, (4, 5), 2, (3, 3), (1, 1), [[2, 0], [1, 2]])
    pool("1, stride 2", op, (5, 6), 3, (1, 1), (2, 2), "valid")
    pool("the whole map", op, (4, 5), 3, (4, 5), (4, 5), "valid", images=2)

for size in [(4, 3, 5), (1, 1, 6), (9, 8, 2)]:
    x = normal(IMAGES, *size, centre=-0.5)
    for keep in (False, True):
        name = " x ".join(map(str, size)) + (", axes kept" if keep else "")
        case(name, "globalAveragePool2d", [x], x.mean((1, 2), keepdims=keep), {"keepDims": keep})
        case(name, "globalMaxPool2d", [x], x.max((1, 2), keepdims=keep), {"keepDims": keep})

# ---- layout


def concat(name, axis, *shapes):
    inputs = [normal(IMAGES, *shape) for shape in shapes]
    case(name, "concat", inputs, np.concatenate(inputs, axis + 1), {"axis": axis})


concat("channels", 2, (3, 4, 2), (3, 4, 5), (3, 4, 1))
concat("rows", 0, (3, 4, 2), (2, 4, 2))
concat("columns", 1, (3, 4, 2), (3, 1, 2))
concat("vectors", 0, (3,), (5,))

x = normal(IMAGES, 4, 3, 6)
for name, axis, start, size in [("channels", 2, 1, 4), ("the last row", 0, 3, 1), ("columns", 1, 0, 2)]:
    case(name, "slice", [x], np.take(x, range(start, start + size), axis + 1), {"axis": axis, "start": start, "size": size})
v = normal(IMAGES, 8)
case("of a vector", "slice", [v], v[:, 3:8], {"axis": 0, "start": 3, "size": 5})
case("", "flatten", [x], x.reshape(IMAGES, -1))
case("to four axes", "reshape", [x], x.reshape(IMAGES, 4, 3, 2, 3), {"shape": [4, 3, 2, 3]})
case("vector to map", "reshape", [v], v.reshape(IMAGES, 2, 1, 4), {"shape": [2, 1, 4]})
case("channels first", "permute", [x], x.transpose(0, 3, 1, 2), {"order": [2, 0, 1]})
case("the last two", "permute", [x], x.transpose(0, 1, 3, 2), {"order": [0, 2, 1]})
case("as it is", "permute", [x], x, {"order": [0, 1, 2]})
y = x.reshape(IMAGES, 4, 3, 2, 3)
case("a channel shuffle", "permute", [y], y.transpose(0, 1, 2, 4, 3), {"order": [0, 1, 3, 2]})
case("", "zeroPad2d", [x], np.pad(x, [(0, 0), (2, 0), (1, 3), (0, 0)]), {"padding": [[2, 0], [1, 3]]})
case("", "crop2d", [x], x[:, 1:4, 2:3], {"cropping": [[1, 0], [2, 0]]})

# ---- resizing


def coordinate(o, before, after, rule):
    if rule == "halfPixel":
        return (o + 0.5) * before / after - 0.5
    if rule == "asymmetric":
        return o * before / after
    return o * (before - 1) / (after - 1) if after > 1 else 0.0


def nearest_index(o, before, after, rule):
    if rule == "halfPixel":
        return (2 * o + 1) * before // (2 * after)
    if rule == "asymmetric":
        return o * before // after
    return (2 * o * (before - 1) + after - 1) // (2 * (after - 1)) if after > 1 else 0  # a half rounds up


def resized(x, axis, after, interpolation, rule):
    before = x.shape[axis]
    slices = []
    for o in range(after):
        if interpolation == "nearest":
            slices.append(np.take(x, nearest_index(o, before, after, rule), axis))
            continue
        at = min(max(coordinate(o, before, after, rule), 0), before - 1)
        low = int(at)
        part = at - low
        slices.append(np.take(x, low, axis) * (1 - part) + np.take(x, min(low + 1, before - 1), axis) * part)
    return np.stack(slices, axis)


PYTORCH = {("bilinear", "halfPixel"): {"mode": "bilinear", "align_corners": False},
           ("bilinear", "alignCorners"): {"mode": "bilinear", "align_corners": True},
           ("nearest", "asymmetric"): {"mode": "nearest"},
           ("nearest", "halfPixel"): {"mode": "nearest-exact"}}
SIZES = [((3, 4), (6, 8)), ((4, 3), (7, 8)), ((7, 8), (3, 4)), ((5, 4), (5, 12)), ((6, 5), (4, 7)), ((4, 3), (1, 1)), ((1, 1), (3, 2))]
for interpolation in ("nearest", "bilinear"):
    for rule in ("halfPixel", "asymmetric", "alignCorners"):
        for before, after in SIZES:
            x = normal(*(IMAGES, *before, 2) if before == (4, 3) else (1, *before, 1))
            y = resized(resized(x, 1, after[0], interpolation, rule), 2, after[1], interpolation, rule)
            if (interpolation, rule) in PYTORCH:
                np.testing.assert_allclose(y, nhwc(F.interpolate(nchw(x), after, **PYTORCH[interpolation, rule])), atol=1e-12)
            case(f"{interpolation}, {rule}, {before[0]} x {before[1]} to {after[0]} x {after[1]}", "resize2d", [x], y,
                 {"size": list(after), "interpolation": interpolation, "coordinates": rule})
# a quotient is whole here, and its float32 is below
for rule, before, after in [("asymmetric", 26, 22), ("halfPixel", 26, 11), ("asymmetric", 30, 49)]:
    x = normal(1, 1, before, 1)
    case(f"nearest, {rule}, {before} to {after} columns", "resize2d", [x], resized(x, 2, after, "nearest", rule),
         {"size": [1, after], "interpolation": "nearest", "coordinates": rule})

OUT.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
print(OUT.name, OUT.stat().st_size, "bytes,", len(cases), "cases of", len({c["op"] for c in cases}), "ops")
