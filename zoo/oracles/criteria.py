"""Oracles for src/pruning/criteria: python3 zoo/oracles/criteria.py  (NumPy 1.24, PyTorch 1.13; float64; seeded)

A small network with a residual stream (two producers, two consumers), a depthwise convolution in an
inner group, and a group without norms before a dense layer, on random pictures. Scores do not come
from the Gram formulas under test: contributions are convolved one by one, removals are tried one by
one and refitted by numpy.linalg.lstsq, and DFPC's bound is what a network of absolute values carries
forwards. Writes src/pruning/criteria/fixtures/criteria.json, weights as they are in the network (float32,
kernels [kh, kw, in, out]), patches' Grams component-major.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "pruning" / "criteria" / "fixtures" / "criteria.json"
RIDGE = 1e-6
SIDE, SAMPLES = 6, 90
rng = np.random.default_rng(41)


def rounded(a):
    return a.astype(np.float32).astype(np.float64)


def conv_weight(out, inputs, size):
    return rounded(rng.standard_normal((out, inputs, size, size)) / np.sqrt(inputs * size * size))


def norm_weight(channels):
    return {
        "gamma": rounded(rng.normal(0.3, 0.8, channels)), "beta": rounded(rng.normal(0.3, 0.2, channels)),
        "mean": rounded(rng.normal(0, 0.2, channels)), "variance": rounded(rng.uniform(0.3, 1.5, channels)),
    }


EPSILON = rounded(np.array(1e-3)).item()
W = {
    "stem": conv_weight(4, 3, 3), "inner": conv_weight(5, 4, 3), "depthwise": conv_weight(5, 1, 3),
    "project": conv_weight(4, 5, 1), "plain": conv_weight(6, 4, 3), "logits": rounded(rng.standard_normal((3, 6 * 9)) / 5),
}
B = {"plain": rounded(rng.normal(0, 0.1, 6)), "logits": rounded(rng.normal(0, 0.1, 3))}
N = {"stem_norm": norm_weight(4), "inner_norm": norm_weight(5), "depthwise_norm": norm_weight(5), "project_norm": norm_weight(4)}


def conv(x, name, groups=1):
    w = torch.from_numpy(W[name])
    bias = torch.from_numpy(B[name]) if name in B else None
    return F.conv2d(x, w, bias, padding=w.shape[-1] // 2, groups=groups)


def norm(x, name):
    v = {k: torch.from_numpy(a) for k, a in N[name].items()}
    return F.batch_norm(x, v["mean"], v["variance"], v["gamma"], v["beta"], eps=EPSILON)


def forward(x):
    """Inputs of every layer that is scored."""
    stream = torch.relu(norm(conv(x, "stem"), "stem_norm"))
    hidden = torch.relu(norm(conv(stream, "inner"), "inner_norm"))
    deep = torch.relu(norm(conv(hidden, "depthwise", 5), "depthwise_norm"))
    stream2 = torch.relu(norm(conv(deep, "project"), "project_norm") + stream)
    plain = torch.relu(conv(stream2, "plain"))
    return {"inner": stream, "project": deep, "plain": stream2, "logits": F.avg_pool2d(plain, 2)}


inputs = {k: v.numpy() for k, v in forward(torch.from_numpy(rng.standard_normal((SAMPLES, 3, SIDE, SIDE)))).items()}


def patches(name):
    """Component-major patches, (n p) x (samples positions) / sqrt(samples), and the m x np weights."""
    x, w = inputs[name], W[name]
    if name == "logits":
        rows = np.moveaxis(x.reshape(SAMPLES, 6, 9), 0, 2).reshape(54, SAMPLES)
        return rows / np.sqrt(SAMPLES), w, 6, 9
    size = w.shape[-1]
    columns = F.unfold(torch.from_numpy(x), size, padding=size // 2).numpy()
    return (np.moveaxis(columns, 1, 0).reshape(columns.shape[1], -1) / np.sqrt(SAMPLES),
            w.reshape(len(w), -1), w.shape[1], size * size)


def contributions(name):
    """A_ci, (m, n, samples positions), each convolved by itself."""
    x, w = inputs[name], W[name]
    if name == "logits":
        x, w = x, w.reshape(3, 6, 3, 3)
    pad = 0 if name == "logits" else w.shape[-1] // 2
    return np.stack([[
        F.conv2d(torch.from_numpy(x[:, i:i + 1]), torch.from_numpy(w[c:c + 1, i:i + 1]), padding=pad).numpy().ravel() / np.sqrt(SAMPLES)
        for i in range(w.shape[1])] for c in range(len(w))])


CONSUMERS = {"stem": ["inner", "plain"], "inner": ["project"], "plain": ["logits"]}
PRODUCERS = {"stem": ["stem", "project"], "inner": ["inner"], "plain": ["plain"]}


def total_energy(name):
    return (contributions(name).sum(1) ** 2).sum()


def thinet(group):
    parts = [(contributions(name), total_energy(name)) for name in CONSUMERS[group]]
    channels, removed, steps = parts[0][0].shape[1], [], []
    lost = lambda T: sum((A[:, T].sum(1) ** 2).sum() / e for A, e in parts)
    while len(removed) < channels:
        left = [i for i in range(channels) if i not in removed]
        best = min(left, key=lambda i: lost(removed + [i]))
        steps.append({"channel": best, "cost": lost(removed + [best]) - (lost(removed) if removed else 0)})
        removed.append(best)
    return steps


def refit(target, features):
    """Least squares of the rows of `target` by the rows of `features`: coefficients, residuals."""
    if len(features) == 0:
        return np.zeros((len(target), 0)), target
    coefficients = np.linalg.lstsq(features.T, target.T, rcond=None)[0].T
    return coefficients, target - coefficients @ features


def damped(rows):
    """Rows whose inner products are those of `rows` plus a ridge."""
    ridge = RIDGE * np.mean((rows ** 2).sum(1))
    return np.hstack([rows, np.sqrt(ridge) * np.eye(len(rows))])


def obc(group):
    layers = []
    for name in CONSUMERS[group]:
        X, w, n, p = patches(name)
        layers.append({"X": damped(X), "w": w.copy(), "p": p, "e": total_energy(name)})
    left, steps = list(range(n)), []

    def without(layer, i):
        keep = [f for j in left if j != i for f in range(j * layer["p"], (j + 1) * layer["p"])]
        coefficients, residual = refit(layer["w"] @ layer["X"], layer["X"][keep])
        w = np.zeros_like(layer["w"])
        w[:, keep] = coefficients
        return w, (residual ** 2).sum() / layer["e"]

    while left:
        costs = {i: sum(without(layer, i)[1] for layer in layers) for i in left}
        best = min(left, key=costs.get)
        for layer in layers:
            layer["w"] = without(layer, best)[0]
        steps.append({"channel": best, "cost": costs[best]})
        left.remove(best)
    return steps


def reap(group):
    layers = []
    for name in CONSUMERS[group]:
        X, w, n, p = patches(name)
        maps = X.reshape(n, -1) / np.sqrt(p)  # a channel's map, as often as the kernel visits each pixel
        layers.append({"maps": damped(maps), "w": w.reshape(len(w), n, p).copy(), "e": total_energy(name)})
    left, steps = list(range(n)), []

    def without(layer, i):
        others = [j for j in left if j != i]
        mix, residual = refit(layer["maps"][i:i + 1], layer["maps"][others])
        return others, mix, (residual ** 2).sum() * (layer["w"][:, i] ** 2).sum() / layer["e"]

    while left:
        costs = {i: sum(without(layer, i)[2] for layer in layers) for i in left}
        best = min(left, key=costs.get)
        for layer in layers:
            others, mix, _ = without(layer, best)
            layer["w"][:, others] += mix[0][None, :, None] * layer["w"][:, best:best + 1]
        steps.append({"channel": best, "cost": costs[best]})
        left.remove(best)
    return steps


def singleton(group):
    scores = 0
    for name in CONSUMERS[group]:
        A = contributions(name)
        Y = A.sum(1)
        explained = [sum((Y[c] ** 2).sum() - (refit(Y[c:c + 1], A[c, i:i + 1])[1] ** 2).sum() for c in range(len(A)))
                     for i in range(A.shape[1])]
        scores = scores + np.array(explained) / (Y ** 2).sum()
    return scores.tolist()


def filters(name):
    return torch.from_numpy(W[name].reshape(len(W[name]), -1))


def fpgm(group):
    sums = [torch.cdist(filters(p), filters(p), compute_mode="donot_use_mm_for_euclid_dist").sum(1) for p in PRODUCERS[group]]
    return sum(s / s.mean() for s in sums).tolist()


def norms(group, p):
    return sum(torch.linalg.vector_norm(filters(name), p, dim=1) for name in PRODUCERS[group]).tolist()


NORMS = {"stem": ["stem_norm", "project_norm"], "inner": ["inner_norm", "depthwise_norm"]}


def bn_scale(group):
    return sum(np.abs(N[name]["gamma"]) for name in NORMS[group]).tolist() if group in NORMS else norms(group, 2)


def dfpc(group):
    """A network of absolute values, on constant pictures that wrap around: what one channel alone brings to its consumers."""
    absolute = lambda x, name, groups=1: F.conv2d(
        F.pad(x, (W[name].shape[-1] // 2,) * 4, mode="circular"), torch.from_numpy(np.abs(W[name])), groups=groups)

    def scale(x, name):
        factor = np.abs(N[name]["gamma"]) / np.sqrt(N[name]["variance"] + EPSILON)
        return x * torch.from_numpy(factor)[None, :, None, None]

    one = lambda name: torch.ones(1, W[name].shape[1], SIDE, SIDE, dtype=torch.float64)
    pixel = lambda y: y[0, :, 2, 2].sum().item()
    scores = []
    for k in range(len(W[PRODUCERS[group][0]])):
        only = lambda x: x * torch.eye(x.shape[1], dtype=torch.float64)[k][None, :, None, None]
        if group == "stem":
            stem = scale(only(absolute(one("stem"), "stem")), "stem_norm")
            project = scale(only(absolute(one("project"), "project")), "project_norm")
            scores.append(pixel(absolute(stem, "inner")) + pixel(absolute(stem + project, "plain")))
        elif group == "inner":
            hidden = scale(only(absolute(one("inner"), "inner")), "inner_norm")
            scores.append(pixel(absolute(scale(absolute(hidden, "depthwise", 5), "depthwise_norm"), "project")))
        else:
            plain = F.avg_pool2d(only(absolute(one("plain"), "plain")), 2)
            scores.append((plain.reshape(-1) @ torch.from_numpy(np.abs(W["logits"])).T).sum().item())
    return scores


def kernel(name):
    w = W[name]
    if name == "logits":  # flattened row by row, channels last
        values = w.reshape(3, 6, 9).transpose(2, 1, 0)
        return {"shape": [54, 3], "values": values.ravel().tolist()}
    values = w.transpose(2, 3, 0, 1) if name == "depthwise" else w.transpose(2, 3, 1, 0)
    return {"shape": list(values.shape), "values": values.ravel().tolist()}


def gram(name):
    X = patches(name)[0]
    return (X @ X.T).ravel().tolist()


data = {
    "side": SIDE, "epsilon": EPSILON,
    "kernels": {name: kernel(name) for name in W},
    "biases": {name: b.tolist() for name, b in B.items()},
    "norms": {name: {k: v.tolist() for k, v in weights.items()} for name, weights in N.items()},
    "grams": {name: gram(name) for name in inputs},
    "scores": {
        rule.__name__: {group: rule(group) for group in PRODUCERS} for rule in (singleton, fpgm, dfpc)
    } | {
        "bnScale": {group: bn_scale(group) for group in PRODUCERS},
        "l1": {group: norms(group, 1) for group in PRODUCERS}, "l2": {group: norms(group, 2) for group in PRODUCERS},
    },
    "removals": {rule.__name__: {group: rule(group) for group in PRODUCERS} for rule in (thinet, reap, obc)},
}
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps(data, separators=(",", ":")) + "\n")
print(OUT.name, OUT.stat().st_size, "bytes")
for rule, groups in data["removals"].items():
    print(rule, {group: [(step["channel"], f"{step['cost']:.3g}") for step in steps] for group, steps in groups.items()})
