"""Oracle for the whole of src/engine: python3 zoo/oracles/pipeline.py  (NumPy 1.24, PyTorch 1.13; float64; seeded)

A small residual network with fixed weights and pictures. From explicit contributions in float64
(every A_ci convolved by itself, every fit by numpy.linalg.lstsq) it computes each consumer
layer's singleton scores, the fidelity of the top-k, delta*, the least-squares weights, and the
logits of the pruned network: without compensation, one-shot and sequential, by scale and by
least squares. No Gram, no shift structure, no surgery: cut channels are left out of the sums.
Writes src/engine/fixtures/pipeline.json.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "engine" / "fixtures" / "pipeline.json"
RIDGE = 1e-6
rng = np.random.default_rng(417)
single = lambda a: np.asarray(a, dtype=np.float32).astype(np.float64)

# ---- the network: name -> (op, inputs, ...); weights (out, in, kh, kw), exact in float32
GROUPS = {"stem": ("stem", "conv2"), "conv1": ("conv1",), "conv3": ("conv3",), "conv4": ("conv4", "shortcut")}
CHANNELS = {"stem": 6, "conv1": 5, "conv3": 7, "conv4": 8}
GROUP_OF_OUTPUT = {node: group for group, members in GROUPS.items() for node in members}
GROUP_OF_INPUT = {"conv1": "stem", "conv2": "conv1", "conv3": "stem", "shortcut": "stem", "conv4": "conv3", "logits": "conv4"}
EPSILON = 1e-3
CONVS = {"stem": (3, 6, 3, 1), "conv1": (6, 5, 3, 1), "conv2": (5, 6, 3, 1),
         "conv3": (6, 7, 3, 2), "conv4": (7, 8, 3, 1), "shortcut": (6, 8, 1, 2)}
W, BIAS, STRIDE = {}, {}, {}
for name, (n, m, k, stride) in CONVS.items():
    W[name] = single(rng.standard_normal((m, n, k, k)) * np.sqrt(2 / (n * k * k)))
    STRIDE[name] = stride
BIAS["conv3"] = single(rng.standard_normal(7) * 0.3)
W["logits"], BIAS["logits"] = single(rng.standard_normal((4, 8, 1, 1)) / 2), single(rng.standard_normal(4))
STRIDE["logits"] = 1
NORM = {name: {"gamma": single(rng.uniform(0.5, 1.5, m)), "beta": single(rng.standard_normal(m) * 0.3),
               "mean": single(rng.standard_normal(m) * 0.3), "variance": single(rng.uniform(0.4, 1.5, m))}
        for name, (_, m, _, _) in CONVS.items()}

shared, own = rng.standard_normal((24, 1, 8, 8)), rng.standard_normal((24, 3, 8, 8))
pictures = np.clip(np.round(128 + 60 * (0.7 * shared + own)), 0, 255)
scale, offset = single(1 / 64), -2.0


def same(x, k, stride):
    """TensorFlow's padding: the odd row of zeros goes after."""
    total = [max(0, (-(-side // stride) - 1) * stride + k - side) for side in x.shape[2:]]
    (t, b), (l, r) = [(a // 2, a - a // 2) for a in total]
    return F.pad(torch.from_numpy(np.ascontiguousarray(x)), (l, r, t, b))


def conv(x, w, stride):
    return F.conv2d(same(x, w.shape[2], stride), torch.from_numpy(np.ascontiguousarray(w)), stride=stride).numpy()


def patches(x, k, stride):
    """(positions, n p), component-major"""
    columns = F.unfold(same(x, k, stride), k, stride=stride).numpy()
    return np.moveaxis(columns, 1, 2).reshape(-1, columns.shape[1])


def norm_scale(name):
    return NORM[name]["gamma"] / np.sqrt(NORM[name]["variance"] + EPSILON)


def run(keep, kernel_of):
    """
    All values by node, of the kept channels alone. kernel_of(name, x, values): the consumer's
    kernel on kept inputs, before its outputs are cut.
    """
    values = {}
    kept = lambda name: keep[GROUP_OF_OUTPUT[name]] if name in GROUP_OF_OUTPUT else slice(None)
    per_channel = lambda v, name: v[kept(name)][None, :, None, None]

    def layer(name, x, relu):
        w = kernel_of(name, x, values)[kept(name)]
        y = conv(x, w, STRIDE[name])
        values[name] = y
        if name in BIAS:
            y = y + per_channel(BIAS[name], name)
        if name in NORM:
            s = norm_scale(name)
            y = y * per_channel(s, name) + per_channel(NORM[name]["beta"] - NORM[name]["mean"] * s, name)
        values[name + "_norm"] = y
        return np.maximum(0, y) if relu else y

    x = layer("stem", pictures * scale + offset, True)
    values["stem_relu"] = x
    y = layer("conv2", layer("conv1", x, True), False)
    x = np.maximum(0, y + x)
    y = layer("conv4", layer("conv3", x, True), False)
    x = np.maximum(0, y + layer("shortcut", x, False))
    values["logits_in"] = x.mean((2, 3), keepdims=True)
    return layer("logits", values["logits_in"], False)[:, :, 0, 0], values


def lstsq(columns, target, prior, penalty):
    """argmin |target - columns v|^2 + |penalty (v - prior)|^2, and its value"""
    system, right = np.vstack([columns, np.diag(penalty)]), np.concatenate([target, penalty * prior])
    v = np.linalg.lstsq(system, right, rcond=None)[0]
    return v, ((right - system @ v) ** 2).sum()


def contributions(name, x, w):
    """(m, n, positions * images)"""
    return np.stack([np.stack([conv(x[:, i:i + 1], w[c:c + 1, i:i + 1], STRIDE[name]).ravel()
                               for i in range(w.shape[1])]) for c in range(w.shape[0])])


def fit(name, x, w, target, method, reference):
    """
    New kernel for inputs x whose contributions come closest to target (images, m, h, w).
    reference: the patches whose mean energy the ridge is relative to.
    """
    root = np.sqrt(RIDGE * (reference ** 2).sum(0).mean())
    fitted = w.copy()
    A, X = (contributions(name, x, w), None) if method == "scale" else (None, patches(x, w.shape[2], STRIDE[name]))
    deltas = []
    for c in range(w.shape[0]):
        y = target[:, c].ravel()
        if method == "scale":
            norms = np.sqrt((w[c] ** 2).sum((1, 2)))
            delta, _ = lstsq(A[c].T, y, np.ones(len(norms)), root * norms)
            deltas.append(delta)
            fitted[c] = w[c] * delta[:, None, None]
        else:
            prior = w[c].ravel()
            fitted[c] = lstsq(X, y, prior, np.full(len(prior), root))[0].reshape(w[c].shape)
    return fitted, deltas


inputs = {}
def intact_kernel(name, x, values):
    inputs[name] = x
    return W[name]

everything = {group: np.arange(count) for group, count in CHANNELS.items()}
intact_logits, intact = run(everything, intact_kernel)

layers, scores = {}, {group: np.zeros(count) for group, count in CHANNELS.items()}
for name, group in GROUP_OF_INPUT.items():
    A = contributions(name, inputs[name], W[name])
    Y = A.sum(1)
    energy = (Y ** 2).sum(1)
    no_ridge = lambda k: (np.ones(k), np.zeros(k))
    s = np.array([[1 - lstsq(A[c, [i]].T, Y[c], *no_ridge(1))[1] / energy[c] for i in range(A.shape[1])] for c in range(A.shape[0])])
    singleton = energy @ s / energy.sum()
    order = np.argsort(-singleton, kind="stable")
    root = np.sqrt(RIDGE * (patches(inputs[name], W[name].shape[2], STRIDE[name]) ** 2).sum(0).mean())
    curve = []
    for k in range(1, len(order) + 1):
        C = order[:k]
        norms = np.sqrt((W[name][:, C] ** 2).sum((2, 3)))
        curve.append(1 - sum(lstsq(A[c, C].T, Y[c], np.ones(k), root * norms[c])[1] for c in range(len(Y))) / energy.sum())
    layers[name] = {"energy": (energy / len(pictures)).tolist(), "singleton": singleton.tolist(),
                    "order": order.tolist(), "curve": np.maximum.accumulate(np.maximum(0, curve)).tolist()}
    scores[group] += singleton

width = {"stem": 3, "conv1": 3, "conv3": 4, "conv4": 4}  # half of each, as Math.round has it
keep = {group: np.sort(np.argsort(-scores[group], kind="stable")[:width[group]]) for group in CHANNELS}
sliced = lambda name: W[name][:, keep[GROUP_OF_INPUT[name]]] if name in GROUP_OF_INPUT else W[name]


def one_shot(method):
    kernels = {}
    for name, group in GROUP_OF_INPUT.items():
        target = conv(inputs[name], W[name], STRIDE[name])
        reference = patches(inputs[name], W[name].shape[2], STRIDE[name])
        kernels[name], deltas = fit(name, inputs[name][:, keep[group]], sliced(name), target, method, reference)
        if method == "scale":
            layers[name]["delta"] = np.array(deltas).tolist()
        else:
            layers[name]["leastSquares"] = kernels[name].reshape(len(kernels[name]), -1).tolist()
    return run(keep, lambda name, *_: kernels.get(name, W[name]))[0]


def sequential(method):
    def kernel_of(name, x, values):
        if name not in GROUP_OF_INPUT:
            return W[name]
        kept = keep[GROUP_OF_OUTPUT[name]] if name in GROUP_OF_OUTPUT else np.arange(len(W[name]))
        target = intact[name][:, kept]
        # what the rest of the residual stream lacks by now, in units of this layer's output
        other = {"conv2": "stem_relu", "shortcut": "conv4_norm"}.get(name)
        if other:
            missing = intact[other][:, kept] - values[other]
            target = target + missing / norm_scale(name)[kept][None, :, None, None]
        fitted = np.zeros_like(sliced(name))
        reference = patches(x, W[name].shape[2], STRIDE[name])
        fitted[kept] = fit(name, x, sliced(name)[kept], target, method, reference)[0]
        return fitted
    return run(keep, kernel_of)[0]


logits = {"intact": intact_logits, "none": run(keep, lambda name, *_: sliced(name))[0]}
for method in ("scale", "leastSquares"):
    logits["oneShot/" + method] = one_shot(method)
    logits["sequential/" + method] = sequential(method)
error = lambda z: ((z - intact_logits) ** 2).sum() / (intact_logits ** 2).sum()
print({name: round(error(z), 4) for name, z in logits.items()}, {g: k.tolist() for g, k in keep.items()})

# ---- as the lab holds a network: NHWC, kernels (kh, kw, in, out)
short = lambda a: [float(str(v)) for v in np.asarray(a, dtype=np.float32).ravel()]
weight = lambda a: {"shape": list(a.shape), "values": short(a)}
nodes = []
def node(id, op, inputs, attributes=None, weights=None):
    nodes.append({"id": id, "op": op, "inputs": inputs, "attributes": attributes or {}, "weights": weights or {}})
    return id
def conv_norm(name, source):
    weights = {"kernel": weight(W[name].transpose(2, 3, 1, 0))}
    if name in BIAS:
        weights["bias"] = weight(BIAS[name])
    node(name, "conv2d", [source], {"strides": [STRIDE[name]] * 2, "padding": "same", "dilations": [1, 1], "groups": 1}, weights)
    return node(name + "_norm", "batchNorm", [name], {"epsilon": EPSILON}, {k: weight(v) for k, v in NORM[name].items()})
relu = lambda id, source: node(id, "activation", [source], {"function": "relu"})
node("input", "input", [], {"shape": [8, 8, 3]})
node("rescaling", "rescaling", ["input"], {"scale": float(scale), "offset": offset})
relu("stem_relu", conv_norm("stem", "rescaling"))
conv_norm("conv2", relu("conv1_relu", conv_norm("conv1", "stem_relu")))
relu("block1", node("add1", "add", ["conv2_norm", "stem_relu"]))
conv_norm("conv4", relu("conv3_relu", conv_norm("conv3", "block1")))
conv_norm("shortcut", "block1")
relu("block2", node("add2", "add", ["conv4_norm", "shortcut_norm"]))
node("pool", "globalAveragePool2d", ["block2"], {"keepDims": False})
node("logits", "dense", ["pool"], {}, {"kernel": weight(W["logits"][:, :, 0, 0].T), "bias": weight(BIAS["logits"])})

rounded = lambda v: [rounded(e) for e in v] if isinstance(v, list) else float(f"{v:.9g}") if isinstance(v, float) else v
data = {
    "network": {"name": "pipeline", "nodes": nodes, "outputs": ["logits"]},
    "pictures": pictures.transpose(0, 2, 3, 1).astype(int).ravel().tolist(),
    "keep": {group: kept.tolist() for group, kept in keep.items()},
    "layers": {name: {k: rounded(v) for k, v in layer.items()} for name, layer in layers.items()},
    "logits": {name: rounded(z.ravel().tolist()) for name, z in logits.items()},
}
OUT.write_text(json.dumps(data, separators=(",", ":")) + "\n")
print(OUT.name, OUT.stat().st_size, "bytes")
