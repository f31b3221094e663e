"""Oracle for gradients through transformers: /usr/bin/python3 zoo/oracles/gradients.py  (PyTorch 1.13; float64; autograd)

The four tiny networks of src/engine/fixtures/transformers.json, run node by node in PyTorch from each op's definition, on the
inputs that stand beside them. Loss: cross-entropy of the class (pictures; labels below) or of the next token (decoders), mean over
the tokens of a window and over windows. For every dense layer the gradient of its kernel, and of every window the sum over
its tokens of value times gradient, feature by feature of what the layer reads: what the Taylor rules are made of.

Writes src/engine/criteria/fixtures/transformerGradients.json.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2] / "src" / "engine"
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
number = lambda v: int(v) if v == int(v) else v
short = lambda a: [number(float(f"{v:.7g}")) for v in np.asarray(a.detach(), dtype=np.float64).ravel()]


def tensor(weight):
    return torch.tensor(weight["values"], dtype=torch.float64).reshape(weight["shape"])


def normed(x, attributes, weights, centred):
    x = x - x.mean(-1, keepdim=True) if centred else x
    y = x / torch.sqrt((x * x).mean(-1, keepdim=True) + attributes["epsilon"])
    y = y * weights["gamma"] if "gamma" in weights else y
    return y + weights["beta"] if "beta" in weights else y


def turned(x, attributes):
    """Pairs of features as 2 x 2 rotations; 'halves'."""
    size, count = attributes["headDim"], len(attributes["frequencies"])
    assert attributes["pairing"] == "halves" and 2 * count == size
    angle = torch.arange(x.shape[1])[:, None] * torch.tensor(attributes["frequencies"], dtype=torch.float64)
    heads = x.unflatten(-1, (-1, size))
    a, b = heads[..., :count], heads[..., count:]
    cos, sin = angle.cos()[:, None], angle.sin()[:, None]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)


def attend(q, k, v, attributes, weights):
    """All tokens against all, with what is added to the scores written out pair by pair."""
    size = attributes["headDim"]
    shape, tokens = q.shape, int(np.prod(q.shape[1:-1]))
    q, k, v = (x.reshape(x.shape[0], tokens, -1, size).transpose(1, 2) for x in (q, k, v))
    k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], 1) for x in (k, v))
    scores = q @ k.transpose(-1, -2) * attributes["scale"]
    if attributes["causal"]:
        scores = scores.masked_fill(torch.ones(tokens, tokens).triu(1).bool(), -torch.inf)
    if "window" in attributes:
        (rows, columns), shift = attributes["window"]["size"], attributes["window"]["shift"]
        height, width = shape[1:3]
        bias, seen = torch.zeros(q.shape[1], tokens, tokens), torch.zeros(tokens, tokens).bool()
        place = lambda y, x: ((y - shift[0]) % height // rows, (x - shift[1]) % width // columns, y < shift[0], x < shift[1])
        at = lambda y, x: ((y - shift[0]) % height % rows, (x - shift[1]) % width % columns)
        for one in range(tokens):
            for other in range(tokens):
                a, b = divmod(one, width), divmod(other, width)
                if place(*a) != place(*b):
                    continue
                seen[one, other] = True
                down, right = (i - j for i, j in zip(at(*a), at(*b)))
                bias[:, one, other] = weights["bias"][(down + rows - 1) * (2 * columns - 1) + right + columns - 1]
        scores = (scores + bias).masked_fill(~seen, -torch.inf)
    return (scores.softmax(-1) @ v).transpose(1, 2).reshape(shape)


def value(node, weights, inputs):
    op, attributes = node["op"], node["attributes"]
    x = inputs[0]
    if op == "dense":
        y = x @ weights["kernel"]
        return y + weights["bias"] if "bias" in weights else y
    if op == "conv2d":
        y = F.conv2d(x.permute(0, 3, 1, 2), weights["kernel"].permute(3, 2, 0, 1), weights["bias"], stride=tuple(attributes["strides"]))
        return y.permute(0, 2, 3, 1)
    if op == "embedding":
        return F.embedding(x.long(), weights["table"])
    if op == "unembedding":
        return x @ weights["table"].T
    if op == "positions":
        return x + weights["table"][attributes["start"]:attributes["start"] + x.shape[1]]
    if op == "prependTokens":
        return torch.cat([weights["tokens"].expand(x.shape[0], -1, -1), x], 1)
    if op == "patchMerging":
        rows, columns = attributes["size"]
        return torch.cat([x[:, a::rows, b::columns] for b in range(columns) for a in range(rows)], -1)
    if op in ("layerNorm", "rmsNorm"):
        return normed(x, attributes, weights, op == "layerNorm")
    if op == "activation":
        kind = attributes["function"]
        return {"gelu": F.gelu, "geluTanh": lambda t: F.gelu(t, approximate="tanh"), "silu": F.silu}[kind](x)
    if op == "rotary":
        return turned(x, attributes)
    if op == "attention":
        return attend(*inputs, attributes, weights)
    if op == "add":
        return inputs[0] + inputs[1]
    if op == "multiply":
        return inputs[0] * inputs[1]
    if op == "reshape":
        return x.reshape(x.shape[0], *attributes["shape"])
    if op == "flatten":
        return x.flatten(1)
    if op == "slice":
        return x.narrow(attributes["axis"] + 1, attributes["start"], attributes["size"])
    if op == "globalAveragePool2d":
        return x.mean((1, 2))
    raise ValueError(op)


def measured(one):
    nodes = one["network"]["nodes"]
    shape = nodes[0]["attributes"]["shape"]
    inputs = torch.tensor(one["input"], dtype=torch.float64).reshape(-1, *shape)
    windows, text = len(inputs), "vocabulary" in nodes[0]["attributes"]
    values, kernels, reads = {"input": inputs}, {}, {}
    for node in nodes[1:]:
        weights = {name: tensor(weight) for name, weight in node["weights"].items()}
        read = [values[name] for name in node["inputs"]]
        if node["op"] == "dense":
            # a copy of its own for each reader, whose gradient is of that reading alone
            reads[node["id"]] = read[0] = read[0] * 1
            read[0].requires_grad_() if read[0].is_leaf else read[0].retain_grad()
            kernels[node["id"]] = weights["kernel"].requires_grad_()
        values[node["id"]] = value(node, weights, read)
    logits = values[one["network"]["outputs"][0]]
    known = torch.tensor(one["logits"]["intact"] if isinstance(one["logits"], dict) else one["logits"])
    torch.testing.assert_close(logits.flatten(), known.to(torch.float64), rtol=1e-5, atol=1e-6)
    if text:
        labels = torch.cat([inputs[:, 1:].long(), (inputs[:, :1].long() * 7 + 3) % logits.shape[-1]], 1)
    else:
        labels = torch.arange(windows) % logits.shape[-1]
    loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.flatten())
    loss.backward()
    # autograd has the mean over windows; the Taylor rule wants each window's own loss
    effects = {name: (x * x.grad * windows).reshape(windows, -1, x.shape[-1]).sum(1) for name, x in reads.items()}
    return {"labels": labels.flatten().tolist(), "loss": loss.item(),
            "kernels": {name: short(w.grad) for name, w in kernels.items()},
            "effects": {name: short(effect) for name, effect in effects.items()}}


networks = json.loads((ROOT / "fixtures" / "transformers.json").read_text())
found = {name: measured(one) for name, one in networks.items()}
out = ROOT / "criteria" / "fixtures" / "transformerGradients.json"
out.write_text(json.dumps(found, separators=(",", ":")) + "\n")
print({name: (one["loss"], len(one["kernels"])) for name, one in found.items()}, out.stat().st_size)
