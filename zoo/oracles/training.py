"""Oracles for src/engine/training: /usr/bin/python3 zoo/oracles/training.py  (PyTorch 1.13; float64; seeded)

Gradients of every op's weights by autograd from a random gradient of its value, and what a small network's
weights are after a few steps of torch.optim.SGD: norms frozen and by batch statistics, labels and a teacher's
logits, descent and ascent. Pictures are NHWC in the file, kernels as src/network/network.ts has them.
Writes src/engine/training/fixtures/training.json.
"""
import json
import pathlib

import torch
from torch.nn import functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "engine" / "training" / "fixtures" / "training.json"
torch.set_default_dtype(torch.float64)
torch.manual_seed(7)


def weight(*shape, scale=0.5, centre=0.0):
    return (1000 * (centre + scale * (2 * torch.rand(*shape) - 1))).round() / 1000


def flat(t):
    return {"shape": list(t.shape), "values": [float(f"{v:.8g}") for v in t.detach().reshape(-1).tolist()]}


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def case(op, attributes, weights, x, value, of=None, whole=False):
    """`value(weights, x)` is differentiated; `of`: whose gradients (default: all weights); `whole`: with its value and x's gradient."""
    weights = {name: w.clone().requires_grad_(True) for name, w in weights.items()}
    x = x.clone().requires_grad_(True)
    y = value(weights, x)
    gradient = weight(*y.shape)
    y.backward(gradient)
    return {
        "op": op, "attributes": attributes, "weights": {n: flat(w) for n, w in weights.items()},
        "x": flat(x), "gradient": flat(gradient),
        "expected": {n: flat(weights[n].grad) for n in (of or weights)},
        **({"value": flat(y), "xGradient": flat(x.grad)} if whole else {}),
    }


def conv(strides, border, dilations, groups, size=(3, 2), n=4, m=6, picture=(7, 6), bias=True):
    kernel = weight(*size, n // groups, m)
    weights = {"kernel": kernel, **({"bias": weight(m)} if bias else {})}

    def value(w, x):
        (top, bottom), (left, right) = border
        padded = F.pad(nchw(x), (left, right, top, bottom))
        return nhwc(F.conv2d(padded, w["kernel"].permute(3, 2, 0, 1), w.get("bias"), strides, 0, dilations, groups))

    attributes = {"strides": strides, "padding": border, "dilations": dilations, "groups": groups}
    return case("conv2d", attributes, weights, weight(3, *picture, n, scale=1), value)


def depthwise(strides, border, dilations, multiplier, n=3, size=(3, 2)):
    weights = {"kernel": weight(*size, n, multiplier), "bias": weight(n * multiplier)}

    def value(w, x):
        (top, bottom), (left, right) = border
        padded = F.pad(nchw(x), (left, right, top, bottom))
        kernel = w["kernel"].permute(2, 3, 0, 1).reshape(n * multiplier, 1, *size)
        return nhwc(F.conv2d(padded, kernel, w["bias"], strides, 0, dilations, n))

    return case("depthwiseConv2d", {"strides": strides, "padding": border, "dilations": dilations}, weights, weight(2, 6, 7, n, scale=1), value)


def transposed(strides, cropping, n=4, m=3, size=(3, 3)):
    weights = {"kernel": weight(*size, m, n), "bias": weight(m)}

    def value(w, x):
        whole = F.conv_transpose2d(nchw(x), w["kernel"].permute(3, 2, 0, 1), None, strides)
        (top, bottom), (left, right) = cropping
        return nhwc(whole[:, :, top:whole.shape[2] - bottom, left:whole.shape[3] - right]) + w["bias"]

    return case("transposedConv2d", {"strides": strides, "cropping": cropping}, weights, weight(2, 4, 3, n, scale=1), value)


def cases():
    yield conv([1, 1], [[0, 0], [0, 0]], [1, 1], 1)
    yield conv([2, 1], [[1, 2], [0, 1]], [1, 1], 1)
    yield conv([1, 1], [[2, 2], [1, 1]], [2, 2], 1, bias=False)
    yield conv([2, 2], [[1, 1], [1, 0]], [1, 1], 2)
    yield conv([1, 1], [[1, 1], [1, 0]], [1, 1], 4, m=8)
    yield conv([1, 1], [[0, 0], [0, 0]], [1, 1], 1, size=(1, 1), n=9, m=17)
    yield depthwise([1, 1], [[1, 1], [1, 0]], [1, 1], 1)
    yield depthwise([2, 2], [[1, 1], [0, 1]], [1, 1], 2)
    yield depthwise([1, 1], [[2, 2], [0, 0]], [2, 1], 1)
    yield transposed([2, 2], [[0, 1], [1, 0]])
    yield transposed([1, 1], [[1, 1], [1, 1]])
    dense = {"kernel": weight(5, 4), "bias": weight(4)}
    yield case("dense", {}, dense, weight(6, 5, scale=1), lambda w, x: x @ w["kernel"] + w["bias"])
    yield case("dense", {}, dense, weight(2, 3, 4, 5, scale=1), lambda w, x: x @ w["kernel"] + w["bias"])
    norm = {"gamma": weight(6, centre=1), "beta": weight(6)}
    stored = {"mean": weight(6), "variance": weight(6, scale=0.4, centre=0.6)}
    for shape in [(3, 4, 5, 6), (7, 6)]:
        yield case("batchNorm", {"epsilon": 1e-3}, {**norm, **stored}, weight(*shape, scale=1, centre=0.5),
                   lambda w, x: w["gamma"] * (x - w["mean"]) / torch.sqrt(w["variance"] + 1e-3) + w["beta"], ["gamma", "beta"])
    yield case("layerNorm", {"epsilon": 1e-3}, norm, weight(2, 3, 4, 6, scale=1),
               lambda w, x: F.layer_norm(x, [6], w["gamma"], w["beta"], 1e-3))
    yield case("groupNorm", {"groups": 2, "epsilon": 1e-3}, norm, weight(2, 3, 4, 6, scale=1),
               lambda w, x: nhwc(F.group_norm(nchw(x), 2, w["gamma"], w["beta"], 1e-3)))
    for shape in [(1, 1, 6), (3, 1, 6), (3, 4, 6)]:
        yield case("prelu", {}, {"alpha": weight(*shape)}, weight(2, 3, 4, 6, scale=1),
                   lambda w, x: torch.where(x > 0, x, w["alpha"] * x))


def batch_norm():
    """By the batch's own statistics, on the way there and back."""
    weights = {"gamma": weight(6, centre=1), "beta": weight(6)}

    def value(w, x):
        rows = x.reshape(-1, 6)
        return F.batch_norm(rows, None, None, w["gamma"], w["beta"], True, 0.1, 1e-3).reshape(x.shape)

    return case("batchNorm", {"epsilon": 1e-3}, weights, weight(3, 4, 5, 6, scale=1, centre=3), value, whole=True)


def trajectory(norms, target, direction, steps=4, momentum=0.9, decay=0.02, rate=0.05, temperature=2.0):
    """conv (with bias) - norm - relu6 - strided conv - norm - global mean - dense, all pictures in every step."""
    w = {
        "conv1.kernel": weight(3, 3, 3, 5), "conv1.bias": weight(5),
        "norm1.gamma": weight(5, centre=1), "norm1.beta": weight(5),
        "conv2.kernel": weight(3, 3, 5, 4), "norm2.gamma": weight(4, centre=1), "norm2.beta": weight(4),
        "logits.kernel": weight(4, 3, scale=1), "logits.bias": weight(3),
    }
    stored = {f"norm{k}.{name}": weight(n, scale=0.4, centre=c) for k, n in ((1, 5), (2, 4)) for name, c in (("mean", 0), ("variance", 1))}
    initial = {n: flat(t) for n, t in {**w, **stored}.items()}
    images = weight(10, 6, 6, 3, scale=1)
    labels = torch.arange(10) % 3
    teacher = weight(10, 3, scale=2)
    w = {n: t.clone().requires_grad_(True) for n, t in w.items()}
    kernels = [t for n, t in w.items() if n.endswith("kernel")]
    others = [t for n, t in w.items() if not n.endswith("kernel")]
    optimiser = torch.optim.SGD([{"params": kernels, "weight_decay": decay}, {"params": others}], lr=rate, momentum=momentum)

    def norm(k, x):
        return F.batch_norm(x, stored[f"norm{k}.mean"], stored[f"norm{k}.variance"], w[f"norm{k}.gamma"], w[f"norm{k}.beta"],
                            norms == "batch", 0.1, 1e-3)

    losses = []
    for _ in range(steps):
        x = F.conv2d(nchw(images), w["conv1.kernel"].permute(3, 2, 0, 1), w["conv1.bias"], padding=1)
        x = F.relu6(norm(1, x))
        x = norm(2, F.conv2d(x, w["conv2.kernel"].permute(3, 2, 0, 1), None, stride=2))
        logits = x.mean((2, 3)) @ w["logits.kernel"] + w["logits.bias"]
        if target == "labels":
            loss = F.cross_entropy(logits, labels)
        else:
            loss = temperature ** 2 * F.kl_div(F.log_softmax(logits / temperature, 1), F.softmax(teacher / temperature, 1), reduction="batchmean")
        losses.append(loss.item())
        optimiser.zero_grad()
        (-loss if direction == "ascend" else loss).backward()
        optimiser.step()
    return {
        "norms": norms, "target": target, "direction": direction, "steps": steps, "momentum": momentum, "decay": decay, "rate": rate,
        "temperature": temperature, "images": flat(images), "labels": labels.tolist(), "teacher": flat(teacher),
        "initial": initial, "final": {n: flat(t) for n, t in {**w, **stored}.items()}, "losses": losses,
    }


if __name__ == "__main__":
    OUT.write_text(json.dumps({
        "ops": list(cases()),
        "batchNorm": batch_norm(),
        "trajectories": [trajectory("frozen", "labels", "descend"), trajectory("batch", "labels", "descend"),
                         trajectory("frozen", "teacher", "descend"), trajectory("frozen", "labels", "ascend", steps=2)],
    }, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size)
