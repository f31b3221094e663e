"""Oracle for src/engine/criteria: python3 zoo/oracles/networkCriteria.py  (NumPy 1.24, PyTorch 1.13; float64; seeded)

A small network (residual block, max pool, strided conv, depthwise conv with relu6, linear 1 x 1 conv, two
dense layers) with fixed weights and pictures, and the scores of every rule that runs the network, by
routes other than the lab's: SynFlow from the weights' own gradients; NISP from explicit layer matrices
and the closed form of Inf-FS; HRank from torch.linalg.matrix_rank; Taylor from autograd; interval bounds
from positive and negative parts of explicit matrices; nonlinear reconstruction over all positions;
COAR's regression in closed form over the lab's own sequence of random numbers.
Writes src/engine/criteria/fixtures/networkCriteria.json.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "engine" / "criteria" / "fixtures" / "networkCriteria.json"
rng = np.random.default_rng(2718)
single = lambda a: np.asarray(a, dtype=np.float32).astype(np.float64)
EPSILON, SEED = 1e-3, 11

# ---- the network; weights (out, in, kh, kw), exact in float32
SHAPES = {"stem": (6, 3, 3, 3), "conv1": (5, 6, 3, 3), "conv2": (6, 5, 3, 3), "conv3": (7, 6, 3, 3),
          "depthwise": (7, 1, 3, 3), "conv4": (8, 7, 1, 1), "hidden": (6, 8, 1, 1), "logits": (4, 6, 1, 1)}
STRIDE = {name: 2 if name == "conv3" else 1 for name in SHAPES}
W = {name: single(rng.standard_normal(s) * np.sqrt(2 / np.prod(s[1:]))) for name, s in SHAPES.items()}
BIAS = {"conv1": single(rng.standard_normal(5) * 0.3), "hidden": single(rng.standard_normal(6) * 0.3), "logits": single(rng.standard_normal(4) * 0.3)}
NORM = {name: {"gamma": single(rng.uniform(0.5, 1.5, SHAPES[name][0]) * rng.choice([-1, 1], SHAPES[name][0], p=[0.2, 0.8])),
               "beta": single(rng.standard_normal(SHAPES[name][0]) * 0.4),
               "mean": single(rng.standard_normal(SHAPES[name][0]) * 0.3),
               "variance": single(rng.uniform(0.4, 1.5, SHAPES[name][0]))}
        for name in ("stem", "conv1", "conv2", "conv3", "depthwise", "conv4")}
# two channels that the bounds prove dead, one that they prove linear
NORM["stem"]["beta"][1] = single(-60)
NORM["conv1"]["gamma"][2] = single(0)
NORM["conv1"]["beta"][2] = single(-0.5)
NORM["conv1"]["beta"][4] = single(400)
GROUP_OF_INPUT = {"conv1": "stem", "conv2": "conv1", "conv3": "stem", "conv4": "conv3", "hidden": "conv4", "logits": "hidden"}
CHANNELS = {"stem": 6, "conv1": 5, "conv3": 7, "conv4": 8, "hidden": 6}
SCALE, OFFSET = single(1 / 64), -2.0

smooth = rng.standard_normal((6, 3, 8, 8)).cumsum(2).cumsum(3)
pictures = np.clip(np.round(128 + 25 * smooth), 0, 255)
pictures[4] = pictures[4][:, :1]  # rows all alike
pictures[5] = 90
labels = [0, 3, 1, 2, 2, 0]

tensor = lambda a: torch.from_numpy(np.ascontiguousarray(a))
wide = lambda v: tensor(v)[None, :, None, None]


def same(x, k, stride):
    """TensorFlow's padding: the odd row of zeros goes after."""
    total = [max(0, (-(-side // stride) - 1) * stride + k - side) for side in x.shape[2:]]
    (t, b), (l, r) = [(a // 2, a - a // 2) for a in total]
    return F.pad(x, (l, r, t, b))


def conv(name, x, w):
    return F.conv2d(same(x, w.shape[2], STRIDE[name]), w, stride=STRIDE[name], groups=7 if name == "depthwise" else 1)


norm_scale = lambda name: NORM[name]["gamma"] / np.sqrt(NORM[name]["variance"] + EPSILON)
norm_shift = lambda name: NORM[name]["beta"] - NORM[name]["mean"] * norm_scale(name)


def forward(x, read=lambda name, x: x, taps=None, kernels=None):
    """Logits; read(name, x): what layer `name` gets instead of x; kernels: instead of W."""
    def layer(name, x):
        x = read(name, x)
        y = conv(name, x, kernels[name] if kernels else tensor(W[name]))
        if name in BIAS:
            y = y + wide(BIAS[name])
        if name in NORM:
            y = y * wide(norm_scale(name)) + wide(norm_shift(name))
        if taps is not None:
            taps[name + "_in"], taps[name] = x, y
        return y

    keep = (lambda name, v: taps.__setitem__(name, v) or v) if taps is not None else lambda name, v: v
    x = keep("stem_relu", F.relu(layer("stem", x * SCALE + OFFSET)))
    y = layer("conv2", keep("conv1_relu", F.relu(layer("conv1", x))))
    x = keep("block_relu", F.relu(keep("sum", y + x)))
    x = keep("conv3_relu", F.relu(layer("conv3", F.max_pool2d(x, 2))))
    x = keep("depthwise_relu", layer("depthwise", x).clamp(0, 6))
    x = layer("conv4", x).mean((2, 3), keepdim=True)
    x = keep("hidden_relu", F.relu(layer("hidden", x)))
    return layer("logits", x)[:, :, 0, 0]


X = tensor(pictures)
scores = {}

# ---- SynFlow: theta * dR/dtheta of the network of absolute values, summed over the weights that read a channel
theta = {name: tensor(np.abs(w)).requires_grad_() for name, w in W.items()}
absolute = lambda name, x: conv(name, x, theta[name]) * (wide(np.abs(norm_scale(name))) if name in NORM else 1)
x = absolute("stem", torch.ones(1, 3, 8, 8, dtype=torch.float64) * SCALE)
x = absolute("conv2", absolute("conv1", x)) + x
x = absolute("conv4", absolute("depthwise", absolute("conv3", F.max_pool2d(x, 2)))).mean((2, 3), keepdim=True)
absolute("logits", absolute("hidden", x)).sum().backward()
scores["synflow"] = {group: np.zeros(count) for group, count in CHANNELS.items()}
for name, group in GROUP_OF_INPUT.items():
    scores["synflow"][group] += (theta[name] * theta[name].grad).sum((0, 2, 3)).detach().numpy()

# ---- NISP: closed form of Inf-FS on the final responses, then |W|^T s by explicit matrices
taps = {}
logits = forward(X, taps=taps)
responses = taps["logits_in"][:, :, 0, 0].numpy()


def inf_fs(f):
    deviation = f.std(0)
    ranks = np.array([[(np.sum(v < a) + np.sum(v <= a) - 1) / 2 for a in v] for v in f.T])
    centred = ranks - ranks.mean(1, keepdims=True)
    length = np.sqrt((centred ** 2).sum(1))
    live = deviation > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        spearman = centred @ centred.T / np.outer(length, length)
    apart = np.where(np.outer(live, live), 1 - np.abs(spearman), 0)
    np.fill_diagonal(apart, 0)
    spread = (np.maximum.outer(deviation, deviation) - deviation.min()) / (deviation.max() - deviation.min())
    a = 0.5 * spread + 0.5 * apart
    r = 0.9 / np.abs(np.linalg.eigvalsh(a)).max()
    energy = (np.linalg.inv(np.eye(len(a)) - r * a) - np.eye(len(a))).sum(1)
    return energy / energy.sum()


def matrix(shape, function):
    """The matrix of a linear function of (channels, h, w)"""
    size = int(np.prod(shape))
    return function(torch.eye(size, dtype=torch.float64).reshape(size, *shape)).reshape(size, -1).numpy().T


plain = lambda name: (lambda x: (conv(name, x, tensor(np.abs(W[name]))) * (wide(np.abs(norm_scale(name))) if name in NORM else 1)).detach())
back = lambda shape, s, function: (matrix(shape, function).T @ s.ravel()).reshape(shape)
per_channel = lambda s: s.sum((1, 2))
s_hidden = inf_fs(responses)
s_pooled = back((8, 1, 1), s_hidden, plain("hidden"))
s_conv4 = back((8, 4 // 2, 4 // 2), s_pooled, lambda x: x.mean((2, 3)))
s_depthwise = back((7, 2, 2), s_conv4, plain("conv4"))
s_conv3 = back((7, 2, 2), s_depthwise, plain("depthwise"))
s_pool = back((6, 4, 4), s_conv3, plain("conv3"))
s_block = back((6, 8, 8), s_pool, lambda x: F.avg_pool2d(x, 2))
s_conv1 = back((5, 8, 8), s_block, plain("conv2"))
s_stem = back((6, 8, 8), s_conv1, plain("conv1"))
scores["nisp"] = {"stem": per_channel(s_stem) + per_channel(s_pool), "conv1": per_channel(s_conv1),
                  "conv3": per_channel(s_depthwise), "conv4": per_channel(s_pooled), "hidden": s_hidden}

# ---- HRank
single_taps = {}
forward(X, taps=single_taps)
share = lambda name: (torch.linalg.matrix_rank(single_taps[name].float()).double().mean(0) / min(single_taps[name].shape[2:])).numpy()
scores["hrank"] = {"stem": (share("stem_relu") + share("block_relu")) / 2, "conv1": share("conv1_relu"),
                   "conv3": (share("conv3_relu") + share("depthwise_relu")) / 2, "conv4": share("conv4"),
                   "hidden": (single_taps["hidden_relu"] != 0).double().mean((0, 2, 3)).numpy()}

# ---- Taylor: |sum a dL/da| per picture, a gate at every read
gates = {name: torch.ones(len(pictures), CHANNELS[group], 1, 1, dtype=torch.float64, requires_grad=True) for name, group in GROUP_OF_INPUT.items()}
F.cross_entropy(forward(X, lambda name, x: x * gates[name] if name in gates else x), torch.tensor(labels), reduction="sum").backward()
change = {group: np.zeros((len(pictures), count)) for group, count in CHANNELS.items()}
for name, group in GROUP_OF_INPUT.items():
    change[group] += gates[name].grad[:, :, 0, 0].numpy()
scores["taylor"] = {group: np.abs(c).mean(0) for group, c in change.items()}

# ---- LLM-Pruner: |w dL/dw| weight by weight, L the mean over the pictures, summed over the kernels that make or read a channel
kernels = {name: tensor(w).requires_grad_() for name, w in W.items()}
F.cross_entropy(forward(X, kernels=kernels), torch.tensor(labels)).backward()
MADE = {"stem": "stem", "conv2": "stem", "conv1": "conv1", "conv3": "conv3", "conv4": "conv4", "hidden": "hidden"}
scores["llmPruner"] = {group: np.zeros(count) for group, count in CHANNELS.items()}
for name, w in kernels.items():
    if name == "depthwise":
        continue
    importance = (w * w.grad).abs().detach().numpy()
    if name in MADE:
        scores["llmPruner"][MADE[name]] += importance.sum((1, 2, 3))
    if name in GROUP_OF_INPUT:
        scores["llmPruner"][GROUP_OF_INPUT[name]] += importance.sum((0, 2, 3))

# ---- interval bounds: lower = W+ l + W- u, upper = W+ u + W- l
def interval(name, lo, hi):
    shape = lo.shape
    m = matrix(shape, lambda x: conv(name, x, tensor(W[name])))
    out = conv(name, torch.zeros(1, *shape, dtype=torch.float64), tensor(W[name])).shape[1:]
    plus, minus = np.maximum(m, 0), np.minimum(m, 0)
    lo, hi = (plus @ lo.ravel() + minus @ hi.ravel()).reshape(out), (plus @ hi.ravel() + minus @ lo.ravel()).reshape(out)
    if name in BIAS:
        lo, hi = lo + BIAS[name][:, None, None], hi + BIAS[name][:, None, None]
    if name in NORM:
        s, t = norm_scale(name)[:, None, None], norm_shift(name)[:, None, None]
        lo, hi = np.minimum(lo * s, hi * s) + t, np.maximum(lo * s, hi * s) + t
    return lo, hi


relu = lambda b: tuple(np.maximum(0, e) for e in b)
pool = lambda e: F.max_pool2d(tensor(e)[None], 2)[0].numpy()
spread = lambda b: np.array([0 if u <= 0 else 1 if l >= 0 else u / (u - l) for l, u in zip(b[0].min((1, 2)), b[1].max((1, 2)))])
stable = lambda b, most=np.inf: [int(b[0].size), int((b[1] <= 0).sum()), int(((b[0] >= 0) & (b[1] <= most)).sum())]
b_stem = interval("stem", np.full((3, 8, 8), OFFSET), np.full((3, 8, 8), 255 * SCALE + OFFSET))
b_conv1 = interval("conv1", *relu(b_stem))
b_conv2 = interval("conv2", *relu(b_conv1))
b_sum = tuple(a + b for a, b in zip(b_conv2, relu(b_stem)))
b_conv3 = interval("conv3", *(pool(e) for e in relu(b_sum)))
b_depthwise = interval("depthwise", *relu(b_conv3))
b_conv4 = interval("conv4", *(np.minimum(6, e) for e in relu(b_depthwise)))
b_hidden = interval("hidden", *(e.mean((1, 2), keepdims=True) for e in b_conv4))
scores["stableRelu"] = {"stem": np.maximum(spread(b_stem), spread(b_sum)), "conv1": spread(b_conv1),
                        "conv3": np.maximum(spread(b_conv3), spread(b_depthwise)), "conv4": np.ones(8), "hidden": spread(b_hidden)}
units = {"stem_relu": stable(b_stem), "conv1_relu": stable(b_conv1), "block_relu": stable(b_sum),
         "conv3_relu": stable(b_conv3), "depthwise_relu": stable(b_depthwise, 6), "hidden_relu": stable(b_hidden)}

# ---- nonlinear reconstruction, greedy, over all pictures, positions and outputs
BEFORE = {"conv1": "conv1", "conv2": "sum", "conv3": "conv3", "conv4": "conv4", "hidden": "hidden", "logits": "logits"}
PHI = {name: (lambda z: z) if name in ("conv4", "logits") else lambda z: np.maximum(0, z) for name in BEFORE}
scores["nonlinear"] = {}
for group, count in CHANNELS.items():
    readers = []
    for name in (n for n, g in GROUP_OF_INPUT.items() if g == group):
        # a linear response is the layer's own output, before its norm
        linear = name in ("conv4", "logits")
        z = taps[BEFORE[name]].numpy()
        if linear and name in NORM:
            z = (z - norm_shift(name)[:, None, None]) / norm_scale(name)[:, None, None]
        s = norm_scale(name)[:, None, None] if name in NORM and not linear else 1
        x = taps[name + "_in"]
        parts = [conv(name, x[:, i:i + 1], tensor(W[name][:, i:i + 1])).numpy() * s for i in range(count)]
        readers.append((PHI[name], z, parts))
    alive, order = list(range(count)), np.zeros(count)
    removed = []
    for step in range(count):
        def error(i):
            return sum(((phi(z - sum(parts[j] for j in removed + [i])) - phi(z)) ** 2).sum() / (phi(z) ** 2).sum() for phi, z, parts in readers)
        errors = {i: error(i) for i in alive}
        best = min(alive, key=errors.get)
        order[best] = step
        alive.remove(best)
        removed.append(best)
    scores["nonlinear"][group] = order


# ---- COAR: the lab's generator (sfc32, seeded by MurmurHash3's finaliser), ridge in closed form
def generator(seed):
    M = 0xFFFFFFFF
    state = [seed & M]
    def mix():
        state[0] = (state[0] + 0x9E3779B9) & M
        z = state[0]
        z = ((z ^ (z >> 16)) * 0x85EBCA6B) & M
        z = ((z ^ (z >> 13)) * 0xC2B2AE35) & M
        return z ^ (z >> 16)
    a, b, c, counter = mix(), mix(), mix(), 1
    while True:
        total = (a + b + counter) & M
        counter = (counter + 1) & M
        a, b, c = b ^ (b >> 9), (c + (c << 3)) & M, (((c << 21) | (c >> 11)) + total) & M
        yield total / 2 ** 32


ABLATED, ABLATIONS, RIDGE = 0.05, 1024, 0.1
n = sum(CHANNELS.values())
random = generator(SEED)
masks = np.array([[1.0 if next(random) < ABLATED else 0.0 for _ in range(n)] for _ in range(ABLATIONS)])
first = dict(zip(CHANNELS, np.cumsum([0] + list(CHANNELS.values())[:-1])))
which = np.arange(ABLATIONS) % len(pictures)
ablated = forward(X[which], lambda name, x: x * (1 - tensor(masks[:, first[GROUP_OF_INPUT[name]]:][:, :x.shape[1]]))[:, :, None, None] if name in GROUP_OF_INPUT else x).numpy()
top = logits.argmax(1).numpy()
margin = lambda z, t: z[t] - np.delete(z, t).max()
y = np.array([margin(ablated[k], top[i]) - margin(logits[i].numpy(), top[i]) for k, i in enumerate(which)])
A = masks - masks.mean(0)
effect = np.linalg.solve(A.T @ A + RIDGE * n * ABLATED * (1 - ABLATED) * np.eye(n), A.T @ (y - y.mean()))
scores["coar"] = {group: -effect[f:f + CHANNELS[group]] for group, f in first.items()}

for rule, by_group in scores.items():
    print(rule, {g: np.round(s, 3).tolist() for g, s in by_group.items()})
print(units)

# ---- as the lab holds a network: NHWC, kernels (kh, kw, in, out)
short = lambda a: [float(str(v)) for v in np.asarray(a, dtype=np.float32).ravel()]
weight = lambda a: {"shape": list(a.shape), "values": short(a)}
nodes = []
def node(id, op, inputs, attributes=None, weights=None):
    nodes.append({"id": id, "op": op, "inputs": inputs, "attributes": attributes or {}, "weights": weights or {}})
    return id
def layer(name, source):
    weights = {"kernel": weight(W[name].transpose(2, 3, 1, 0) if name != "depthwise" else W[name].transpose(2, 3, 0, 1))}
    if name in BIAS:
        weights["bias"] = weight(BIAS[name])
    attributes = {"strides": [STRIDE[name]] * 2, "padding": "same", "dilations": [1, 1]}
    if name == "depthwise":
        node(name, "depthwiseConv2d", [source], attributes, weights)
    elif SHAPES[name][2] == 1 and name != "conv4":
        node(name, "dense", [source], {}, {**weights, "kernel": weight(W[name][:, :, 0, 0].T)})
    else:
        node(name, "conv2d", [source], {**attributes, "groups": 1}, weights)
    return node(name + "_norm", "batchNorm", [name], {"epsilon": EPSILON}, {k: weight(v) for k, v in NORM[name].items()}) if name in NORM else name
relu = lambda id, source, name="relu": node(id, "activation", [source], {"function": name})
node("input", "input", [], {"shape": [8, 8, 3]})
node("rescaling", "rescaling", ["input"], {"scale": float(SCALE), "offset": OFFSET})
relu("stem_relu", layer("stem", "rescaling"))
layer("conv2", relu("conv1_relu", layer("conv1", "stem_relu")))
relu("block_relu", node("sum", "add", ["conv2_norm", "stem_relu"]))
node("pool", "maxPool2d", ["block_relu"], {"poolSize": [2, 2], "strides": [2, 2], "padding": "valid"})
relu("depthwise_relu", layer("depthwise", relu("conv3_relu", layer("conv3", "pool"))), "relu6")
node("mean", "globalAveragePool2d", [layer("conv4", "depthwise_relu")], {"keepDims": False})
layer("logits", relu("hidden_relu", layer("hidden", "mean")))

data = {
    "network": {"name": "networkCriteria", "nodes": nodes, "outputs": ["logits"]},
    "pictures": pictures.transpose(0, 2, 3, 1).astype(int).ravel().tolist(),
    "labels": labels,
    "seed": SEED,
    "scores": {rule: {g: [float(f"{v:.9g}") for v in s] for g, s in by_group.items()} for rule, by_group in scores.items()},
    "stableUnits": units,
}
OUT.write_text(json.dumps(data, separators=(",", ":")) + "\n")
print(OUT.name, OUT.stat().st_size, "bytes")
