"""Oracle for the transformer ops: /usr/bin/python3 zoo/oracles/transformers.py  (PyTorch 1.13, torchvision 0.14; float64; seeded)

Small cases of every op, and four tiny networks: a ViT and a Swin held against torchvision's own, a
GPT-2 against `nn.TransformerEncoderLayer`, a Llama (RMS norm, rotary positions as complex products,
grouped queries, gated MLP). For the two language models also what pruning makes of them: singleton
scores of neurons and heads from explicit contributions, least-squares weights by numpy.linalg.lstsq, and the
logits of the pruned network, one-shot and sequential; cut features are left out of the sums.

Writes src/engine/fixtures/transformerOps.json and transformers.json.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.swin_transformer import SwinTransformer
from torchvision.models.vision_transformer import VisionTransformer

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "src" / "engine" / "fixtures"
RIDGE = 1e-6
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(2511)

# inputs and weights have two decimals, which JSON holds in few characters and float32 almost exactly
normal = lambda *shape, scale=1.0, centre=0.0: torch.from_numpy(np.round(rng.standard_normal(shape) * scale + centre, 2))
number = lambda v: int(v) if v == int(v) else v
short = lambda a: [number(float(f"{v:.7g}")) for v in np.asarray(a, dtype=np.float64).ravel()]
array = lambda a: {"shape": list(a.shape), "values": short(a)}


# ---- ops

def layer_norm(x, gamma, beta, epsilon):
    return F.layer_norm(x, x.shape[-1:], gamma, beta, epsilon)


def rms_norm(x, gamma, epsilon):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + epsilon) * gamma


def rotary(x, head_dim, frequencies, pairing):
    """Pairs as complex numbers, times exp(i t frequency)."""
    heads = x.unflatten(-1, (-1, head_dim))
    count = len(frequencies)
    turning, rest = heads[..., :2 * count], heads[..., 2 * count:]
    pairs = turning.unflatten(-1, (2, count)).transpose(-1, -2) if pairing == "halves" else turning.unflatten(-1, (count, 2))
    angle = torch.arange(x.shape[-2])[:, None, None] * torch.tensor(frequencies)
    turned = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * torch.polar(torch.ones_like(angle), angle))
    if pairing == "halves":
        turned = turned.transpose(-1, -2)
    return torch.cat([turned.flatten(-2), rest], -1).flatten(-2)


def attend(q, k, v, head_dim, causal=False, scale=None):
    """One query at a time, from the definition."""
    heads, shared = q.shape[-1] // head_dim, k.shape[-1] // head_dim
    out = torch.zeros_like(q)
    for h in range(heads):
        own = slice(h * head_dim, (h + 1) * head_dim)
        other = slice((h * shared // heads) * head_dim, (h * shared // heads + 1) * head_dim)
        for t in range(q.shape[-2]):
            end = t + 1 if causal else k.shape[-2]
            scores = (k[:, :end, other] @ q[:, t, own, None])[..., 0] * (scale or head_dim ** -0.5)
            out[:, t, own] = (scores.softmax(-1)[:, None] @ v[:, :end, other])[:, 0]
    return out


def windowed(q, k, v, head_dim, size, shift, bias):
    """Pixel by pixel: same window of the moved grid, and not parted by the picture's edge."""
    _, height, width, features = q.shape
    place = lambda y, x: ((y - shift[0]) % height // size[0], (x - shift[1]) % width // size[1], y < shift[0], x < shift[1])
    at = lambda y, x: ((y - shift[0]) % height % size[0], (x - shift[1]) % width % size[1])
    # where a window of the moved grid holds both ends of the picture, they do not see each other
    out = torch.zeros_like(q)
    pixels = [(y, x) for y in range(height) for x in range(width)]
    for y, x in pixels:
        seen = [other for other in pixels if place(*other) == place(y, x)]
        for h in range(features // head_dim):
            own = slice(h * head_dim, (h + 1) * head_dim)
            keys = torch.stack([k[:, a, b, own] for a, b in seen], 1)
            values = torch.stack([v[:, a, b, own] for a, b in seen], 1)
            scores = (keys @ q[:, y, x, own, None])[..., 0] * head_dim ** -0.5
            if bias is not None:
                i, j = at(y, x)
                offsets = [(i - at(a, b)[0] + size[0] - 1) * (2 * size[1] - 1) + j - at(a, b)[1] + size[1] - 1 for a, b in seen]
                scores = scores + bias[offsets, h]
            out[:, y, x, own] = (scores.softmax(-1)[:, None] @ values)[:, 0]
    return out


def merged(x, rows, columns):
    """torchvision's order for 2 x 2: (0, 0), (1, 0), (0, 1), (1, 1)"""
    return torch.cat([x[:, a::rows, b::columns] for b in range(columns) for a in range(rows)], -1)


cases = []


def case(name, op, inputs, output, attributes=None, weights=None):
    assert torch.isfinite(output).all() and output.abs().max() > 0, name
    cases.append({"name": name, "op": op, "attributes": attributes or {},
                  "weights": {k: array(w) for k, w in (weights or {}).items() if w is not None},
                  "inputs": [array(x) for x in inputs], "output": array(output)})


x, gamma = normal(2, 5, 6), normal(6)
case("", "rmsNorm", [x], rms_norm(x, gamma, 1e-5), {"epsilon": 1e-5}, {"gamma": gamma})
y = normal(2, 2, 3, 4)
case("no gamma, pictures, wide epsilon", "rmsNorm", [y], rms_norm(y, 1, 0.5), {"epsilon": 0.5})
beta = normal(6)
case("of tokens", "layerNorm", [x], layer_norm(x, gamma, beta, 1e-5), {"epsilon": 1e-5}, {"gamma": gamma, "beta": beta})
w, b = normal(6, 4), normal(4)
case("of tokens", "dense", [x], x @ w + b, {}, {"kernel": w, "bias": b})
table, ids = normal(9, 6), torch.from_numpy(rng.integers(0, 9, (2, 5)))
case("", "embedding", [ids], F.embedding(ids, table), {}, {"table": table})
case("tokens", "unembedding", [x], x @ table.T, {}, {"table": table})
case("a vector", "unembedding", [x[:, 0]], x[:, 0] @ table.T, {}, {"table": table})
case("more than are used", "positions", [x], x + table[:5], {"start": 0}, {"table": table})
case("as many as are used", "positions", [x], x + table[4:], {"start": 0}, {"table": table[4:]})
case("from the third row on", "positions", [x], x + table[2:7], {"start": 2}, {"table": table})
case("one", "prependTokens", [x], torch.cat([table[:1].expand(2, 1, 6), x], 1), {}, {"tokens": table[:1]})
case("two", "prependTokens", [x], torch.cat([table[:2].expand(2, 2, 6), x], 1), {}, {"tokens": table[:2]})
y = normal(2, 6, 4, 3)
case("2 x 2", "patchMerging", [y], merged(y, 2, 2), {"size": [2, 2]})
case("3 x 1", "patchMerging", [y], merged(y, 3, 1), {"size": [3, 1]})
case("2 x 4", "patchMerging", [y], merged(y, 2, 4), {"size": [2, 4]})
x = normal(2, 5, 12)
for pairing in ("halves", "neighbours"):
    for name, frequencies in (("whole heads", [1, 0.1, 0.01]), ("some features", [1, 0.3])):
        case(f"{pairing}, {name}", "rotary", [x], rotary(x, 6, frequencies, pairing), {"headDim": 6, "frequencies": frequencies, "pairing": pairing})

plain = lambda causal, scale=1 / 2: {"headDim": 4, "scale": scale, "causal": causal}
q, k, v = (normal(2, 6, 12) for _ in range(3))
identity = nn.MultiheadAttention(12, 3, bias=False, batch_first=True)
with torch.no_grad():
    identity.in_proj_weight.copy_(torch.eye(12).repeat(3, 1))
    identity.out_proj.weight.copy_(torch.eye(12))
for causal in (False, True):
    y = attend(q, k, v, 4, causal)
    mask = torch.ones(6, 6).triu(1).bool() if causal else None
    torch.testing.assert_close(y, identity(q, k, v, attn_mask=mask, need_weights=False)[0].detach())
    case("causal" if causal else "full", "attention", [q, k, v], y, plain(causal))
case("another scale", "attention", [q, k, v], attend(q, k, v, 4, scale=0.9), plain(False, 0.9))
case("one head", "attention", [q, k, v], attend(q, k, v, 12, scale=0.3), {"headDim": 12, "scale": 0.3, "causal": False})
case("fewer queries than keys", "attention", [q[:, :2], k, v], attend(q[:, :2], k, v, 4), plain(False))
k, v = normal(2, 6, 8), normal(2, 6, 8)
for causal in (False, True):
    q = normal(2, 6, 16)
    case("two queries a key" + (", causal" if causal else ""), "attention", [q, k, v], attend(q, k, v, 4, causal), plain(causal))
q, k, v = (normal(2, 6, 16) for _ in range(3))
case("one key for all queries", "attention", [q, k[..., :4], v[..., :4]], attend(q, k[..., :4], v[..., :4], 4), plain(False))
q, k, v = (normal(2, 4, 6, 6) for _ in range(3))
case("all pixels of a picture", "attention", [q, k, v], attend(*(z.flatten(1, 2) for z in (q, k, v)), 3, scale=0.6).reshape(q.shape), {"headDim": 3, "scale": 0.6, "causal": False})
for name, size, shift in (("windows", [2, 2], [0, 0]), ("shifted windows", [2, 2], [1, 1]), ("wide windows, shifted rows", [4, 2], [1, 0]),
                          ("wide windows, shifted both ways", [2, 3], [1, 2])):
    bias = normal((2 * size[0] - 1) * (2 * size[1] - 1), 2)
    case(name, "attention", [q, k, v], windowed(q, k, v, 3, size, shift, bias),
         {"headDim": 3, "scale": 3 ** -0.5, "causal": False, "window": {"size": size, "shift": shift}}, {"bias": bias})
case("shifted windows without bias", "attention", [q, k, v], windowed(q, k, v, 3, [2, 2], [1, 1], None),
     {"headDim": 3, "scale": 3 ** -0.5, "causal": False, "window": {"size": [2, 2], "shift": [1, 1]}})


# ---- networks: every method writes a node and computes its value

class Net:
    """`kernel_of(id, x)`, where given, makes another kernel for a dense layer; rows of zeros are left-out inputs."""

    def __init__(self, shape, vocabulary=None, kernel_of=None):
        attributes = {"shape": list(shape), **({"vocabulary": vocabulary} if vocabulary else {})}
        self.nodes, self.values, self.kernel_of = [{"id": "input", "op": "input", "inputs": [], "attributes": attributes, "weights": {}}], {}, kernel_of

    def node(self, id, op, inputs, value, attributes=None, weights=None):
        self.nodes.append({"id": id, "op": op, "inputs": list(inputs), "attributes": attributes or {},
                           "weights": {k: array(w.detach()) for k, w in (weights or {}).items() if w is not None}})
        self.values[id] = value.detach()
        return id

    def dense(self, id, x, w, b=None):
        value = self.values[x]
        kernel = w if self.kernel_of is None else self.kernel_of(self, id, value, w)
        return self.node(id, "dense", [x], value @ kernel + (0 if b is None else b), {}, {"kernel": w, "bias": b})

    def norm(self, id, x, gamma, beta, epsilon):
        return self.node(id, "layerNorm", [x], layer_norm(self.values[x], gamma, beta, epsilon), {"epsilon": epsilon}, {"gamma": gamma, "beta": beta})

    def rms(self, id, x, gamma, epsilon):
        return self.node(id, "rmsNorm", [x], rms_norm(self.values[x], gamma, epsilon), {"epsilon": epsilon}, {"gamma": gamma})

    def activation(self, id, x, name):
        function = {"gelu": F.gelu, "geluTanh": lambda z: F.gelu(z, approximate="tanh"), "silu": F.silu, "relu": F.relu}[name]
        return self.node(id, "activation", [x], function(self.values[x]), {"function": name})

    def add(self, id, a, b):
        return self.node(id, "add", [a, b], self.values[a] + self.values[b])

    def multiply(self, id, a, b):
        return self.node(id, "multiply", [a, b], self.values[a] * self.values[b])

    def slice(self, id, x, axis, start, size):
        return self.node(id, "slice", [x], self.values[x].narrow(axis + 1, start, size), {"axis": axis, "start": start, "size": size})

    def attention(self, id, q, k, v, head_dim, causal=False, window=None, bias=None):
        inputs = [self.values[name] for name in (q, k, v)]
        y = windowed(*inputs, head_dim, window["size"], window["shift"], bias) if window else attend(*inputs, head_dim, causal)
        return self.node(id, "attention", [q, k, v], y, {"headDim": head_dim, "scale": head_dim ** -0.5, "causal": causal, **({"window": window} if window else {})}, {"bias": bias})

    def patches(self, id, x, conv):
        w = conv.weight
        y = F.conv2d(x.permute(0, 3, 1, 2), w, conv.bias, conv.stride).permute(0, 2, 3, 1)
        return self.node(id, "conv2d", ["input"], y, {"strides": list(conv.stride), "padding": "valid", "dilations": [1, 1], "groups": 1},
                         {"kernel": w.permute(2, 3, 1, 0), "bias": conv.bias})

    def json(self, name):
        return {"name": name, "nodes": self.nodes, "outputs": [self.nodes[-1]["id"]]}


def fill(module, scale=0.4):
    """Two decimals; norms near the identity."""
    with torch.no_grad():
        for name, p in module.named_parameters():
            norm = p.dim() == 1 and "weight" in name
            p.copy_(normal(*p.shape, scale=0.2 if norm else scale, centre=1.0 if norm else 0.0))
    return module.eval()


def vit():
    model = fill(VisionTransformer(6, 2, 2, 3, 12, 16, num_classes=4))
    x = normal(3, 6, 6, 3)
    net, encoder = Net((6, 6, 3)), model.encoder
    patches = net.patches("patches", x, model.conv_proj)
    tokens = net.node("tokens", "reshape", [patches], net.values[patches].flatten(1, 2), {"shape": [9, 12]})
    tokens = net.node("class_token", "prependTokens", [tokens], torch.cat([model.class_token.expand(3, 1, 12), net.values[tokens]], 1), {}, {"tokens": model.class_token[0]})
    stream = net.node("positions", "positions", [tokens], net.values[tokens] + encoder.pos_embedding, {"start": 0}, {"table": encoder.pos_embedding[0]})
    for i, block in enumerate(encoder.layers):
        name = lambda part: f"block{i}_{part}"
        normed = net.norm(name("norm1"), stream, block.ln_1.weight, block.ln_1.bias, 1e-6)
        mha = block.self_attention
        qkv = [net.dense(name(part), normed, w.T, b) for part, w, b in zip("qkv", mha.in_proj_weight.chunk(3), mha.in_proj_bias.chunk(3))]
        heads = net.attention(name("heads"), *qkv, 4)
        stream = net.add(name("add1"), stream, net.dense(name("out"), heads, mha.out_proj.weight.T, mha.out_proj.bias))
        normed = net.norm(name("norm2"), stream, block.ln_2.weight, block.ln_2.bias, 1e-6)
        hidden = net.activation(name("gelu"), net.dense(name("up"), normed, block.mlp[0].weight.T, block.mlp[0].bias), "gelu")
        stream = net.add(name("add2"), stream, net.dense(name("down"), hidden, block.mlp[3].weight.T, block.mlp[3].bias))
    normed = net.norm("norm", stream, encoder.ln.weight, encoder.ln.bias, 1e-6)
    first = net.slice("first", normed, 0, 0, 1)
    vector = net.node("vector", "flatten", [first], net.values[first].flatten(1))
    net.dense("logits", vector, model.heads.head.weight.T, model.heads.head.bias)
    torch.testing.assert_close(net.values["logits"], model(x.permute(0, 3, 1, 2)).detach())
    return {"network": net.json("vit"), "input": short(x), "logits": short(net.values["logits"])}


def swin():
    model = fill(SwinTransformer([2, 2], 6, [2, 2], [2, 3], [2, 2], 2.0, stochastic_depth_prob=0.0, num_classes=4,
                                 norm_layer=lambda dim: nn.LayerNorm(dim, eps=1e-5)))
    x = normal(2, 16, 16, 3)
    net = Net((16, 16, 3))
    stem, first, merging, second = model.features
    stream = net.patches("patches", x, stem[0])
    stream = net.norm("patches_norm", stream, stem[2].weight, stem[2].bias, 1e-5)
    for s, stage in enumerate((first, merging, second)):
        if stage is merging:
            y = net.node("merge", "patchMerging", [stream], merged(net.values[stream], 2, 2), {"size": [2, 2]})
            stream = net.dense("reduce", net.norm("merge_norm", y, stage.norm.weight, stage.norm.bias, 1e-5), stage.reduction.weight.T)
            continue
        for i, block in enumerate(stage):
            name = lambda part: f"stage{s}_block{i}_{part}"
            attn, width = block.attn, net.values[stream].shape[-1]
            normed = net.norm(name("norm1"), stream, block.norm1.weight, block.norm1.bias, 1e-5)
            qkv = [net.dense(name(part), normed, w.T, b) for part, w, b in zip("qkv", attn.qkv.weight.chunk(3), attn.qkv.bias.chunk(3))]
            window = {"size": [2, 2], "shift": list(attn.shift_size)}
            heads = net.attention(name("heads"), *qkv, width // attn.num_heads, window=window, bias=attn.relative_position_bias_table)
            stream = net.add(name("add1"), stream, net.dense(name("out"), heads, attn.proj.weight.T, attn.proj.bias))
            normed = net.norm(name("norm2"), stream, block.norm2.weight, block.norm2.bias, 1e-5)
            hidden = net.activation(name("gelu"), net.dense(name("up"), normed, block.mlp[0].weight.T, block.mlp[0].bias), "gelu")
            stream = net.add(name("add2"), stream, net.dense(name("down"), hidden, block.mlp[3].weight.T, block.mlp[3].bias))
    normed = net.norm("norm", stream, model.norm.weight, model.norm.bias, 1e-5)
    pooled = net.node("pooled", "globalAveragePool2d", [normed], net.values[normed].mean((1, 2)), {"keepDims": False})
    net.dense("logits", pooled, model.head.weight.T, model.head.bias)
    torch.testing.assert_close(net.values["logits"], model(x.permute(0, 3, 1, 2)).detach())
    return {"network": net.json("swin"), "input": short(x), "logits": short(net.values["logits"])}


# ---- language models, and what pruning makes of them

TOKENS, VOCABULARY = 8, 20
ids = torch.from_numpy(rng.integers(0, VOCABULARY, (6, TOKENS)))


def gpt2_weights():
    layers = nn.ModuleList(nn.TransformerEncoderLayer(12, 3, 18, 0.0, lambda z: F.gelu(z, approximate="tanh"), 1e-5, batch_first=True, norm_first=True) for _ in range(2))
    return fill(nn.ModuleDict({"layers": layers, "norm": nn.LayerNorm(12)})), normal(VOCABULARY, 12), normal(TOKENS + 2, 12, scale=0.5)


GPT2 = gpt2_weights()


def gpt2(kernel_of=None):
    model, table, places = GPT2
    net = Net((TOKENS,), VOCABULARY, kernel_of)
    x = net.node("embedding", "embedding", ["input"], F.embedding(ids, table), {}, {"table": table})
    stream = net.node("positions", "positions", [x], net.values[x] + places[:TOKENS], {"start": 0}, {"table": places})
    for i, block in enumerate(model["layers"]):
        name = lambda part: f"block{i}_{part}"
        mha = block.self_attn
        normed = net.norm(name("norm1"), stream, block.norm1.weight, block.norm1.bias, 1e-5)
        fused = net.dense(name("qkv"), normed, mha.in_proj_weight.T, mha.in_proj_bias)
        q, k, v = (net.slice(name(part), fused, 1, 12 * at, 12) for at, part in enumerate("qkv"))
        heads = net.attention(name("heads"), q, k, v, 4, causal=True)
        stream = net.add(name("add1"), stream, net.dense(name("out"), heads, mha.out_proj.weight.T, mha.out_proj.bias))
        normed = net.norm(name("norm2"), stream, block.norm2.weight, block.norm2.bias, 1e-5)
        hidden = net.activation(name("gelu"), net.dense(name("up"), normed, block.linear1.weight.T, block.linear1.bias), "geluTanh")
        stream = net.add(name("add2"), stream, net.dense(name("down"), hidden, block.linear2.weight.T, block.linear2.bias))
    normed = net.norm("norm", stream, model["norm"].weight, model["norm"].bias, 1e-5)
    net.node("logits", "unembedding", [normed], net.values[normed] @ table.T, {}, {"table": table})
    if kernel_of is None:
        y = F.embedding(ids, table) + places[:TOKENS]
        for block in model["layers"]:
            y = block(y, src_mask=torch.ones(TOKENS, TOKENS).triu(1).bool())
        torch.testing.assert_close(net.values["logits"], (model["norm"](y) @ table.T).detach())
    return net


LLAMA = [{**{part: normal(*shape, scale=0.4) for part, shape in
             {"q": (12, 16), "k": (12, 8), "v": (12, 8), "out": (16, 12), "gate": (12, 18), "up": (12, 18), "down": (18, 12)}.items()},
          "norm1": normal(12, scale=0.2, centre=1), "norm2": normal(12, scale=0.2, centre=1)} for _ in range(2)]
LLAMA_ENDS = normal(VOCABULARY, 12), normal(12, scale=0.2, centre=1), normal(12, VOCABULARY, scale=0.4)


def llama(kernel_of=None):
    table, last_norm, head = LLAMA_ENDS
    net = Net((TOKENS,), VOCABULARY, kernel_of)
    frequencies = [1, 0.01]
    turning = {"headDim": 4, "frequencies": frequencies, "pairing": "halves"}
    stream = net.node("embedding", "embedding", ["input"], F.embedding(ids, table), {}, {"table": table})
    for i, w in enumerate(LLAMA):
        name = lambda part: f"block{i}_{part}"
        normed = net.rms(name("norm1"), stream, w["norm1"], 1e-5)
        q, k, v = (net.dense(name(part), normed, w[part]) for part in "qkv")
        q, k = (net.node(f"{part}_rotary", "rotary", [part], rotary(net.values[part], 4, frequencies, "halves"), turning) for part in (q, k))
        heads = net.attention(name("heads"), q, k, v, 4, causal=True)
        stream = net.add(name("add1"), stream, net.dense(name("out"), heads, w["out"]))
        normed = net.rms(name("norm2"), stream, w["norm2"], 1e-5)
        gate = net.activation(name("silu"), net.dense(name("gate"), normed, w["gate"]), "silu")
        hidden = net.multiply(name("gated"), gate, net.dense(name("up"), normed, w["up"]))
        stream = net.add(name("add2"), stream, net.dense(name("down"), hidden, w["down"]))
    net.dense("logits", net.rms("norm", stream, last_norm, 1e-5), head)
    return net


def lstsq(columns, target, prior, root):
    """argmin |target - columns W|^2 + root^2 |W - prior|^2"""
    system, right = np.vstack([columns, root * np.eye(len(prior))]), np.vstack([target, root * prior])
    return np.linalg.lstsq(system, right, rcond=None)[0]


def pruned(build, sizes, group_names):
    """
    sizes: part -> (components, features of one). Half of each layer's components stay, the best by singleton score.
    A component's features are neighbours.
    """
    intact = build()
    layers, keep, kept_of = {}, {}, {}
    for i in range(2):
        for part, (n, p) in sizes.items():
            id = f"block{i}_{part}"
            node = next(node for node in intact.nodes if node["id"] == id)
            x = intact.values[node["inputs"][0]].flatten(0, 1).numpy()
            w = np.array(node["weights"]["kernel"]["values"]).reshape(node["weights"]["kernel"]["shape"])
            parts = np.stack([x[:, c * p:(c + 1) * p] @ w[c * p:(c + 1) * p] for c in range(n)])
            y = parts.sum(0)
            own, cross, energy = (parts ** 2).sum(1), (parts * y).sum(1), (y ** 2).sum(0)
            score = np.divide(cross ** 2, own, out=np.zeros_like(own), where=own > 0).sum(1) / energy.sum()
            best = np.sort(np.argsort(-score)[:max(1, n // 2)])
            features = np.concatenate([np.arange(c * p, (c + 1) * p) for c in best])
            root = np.sqrt(RIDGE * (x ** 2).sum(0).mean())
            fitted = np.zeros_like(w)
            fitted[features] = lstsq(x[:, features], y, w[features], root)
            layers[id] = {"n": n, "p": p, "energy": short(energy / len(ids)), "singleton": short(score), "leastSquares": short(fitted[features])}
            keep[group_names(i, part)] = best.tolist()
            kept_of[id] = features, fitted
    left_out = lambda id, w: torch.zeros_like(w).index_copy(0, torch.from_numpy(kept_of[id][0]), w[kept_of[id][0]])

    def one_shot(net, id, x, w):
        return torch.from_numpy(kept_of[id][1]) if id in kept_of else w

    def none(net, id, x, w):
        return left_out(id, w) if id in kept_of else w

    def sequential(net, id, x, w):
        if id not in kept_of:
            return w
        features, _ = kept_of[id]
        node = next(node for node in intact.nodes if node["id"] == id)
        stream = next(node for node in intact.nodes if node["op"] == "add" and node["inputs"][1] == id)["inputs"][0]
        target = intact.values[node["inputs"][0]] @ w + intact.values[stream] - net.values[stream]
        rows = x.flatten(0, 1).numpy()[:, features]
        root = np.sqrt(RIDGE * (rows ** 2).sum(0).mean())
        fitted = torch.zeros_like(w)
        fitted[features] = torch.from_numpy(lstsq(rows, target.flatten(0, 1).numpy(), w[features].numpy(), root))
        return fitted

    logits = {"intact": intact.values["logits"]}
    for name, kernel_of in (("none", none), ("oneShot", one_shot), ("sequential", sequential)):
        logits[name] = build(lambda net, id, x, w, f=kernel_of: f(net, id, x, w.detach())).values["logits"]
    error = lambda z: float(((z - logits["intact"]) ** 2).sum() / (logits["intact"] ** 2).sum())
    print({name: round(error(z), 4) for name, z in logits.items()}, keep)
    return {"network": intact.json(build.__name__), "input": short(ids), "layers": layers, "keep": keep, "logits": {name: short(z) for name, z in logits.items()}}


networks = {
    "vit": vit(),
    "swin": swin(),
    "gpt2": pruned(gpt2, {"out": (3, 4), "down": (18, 1)}, lambda i, part: f"block{i}_{'qkv' if part == 'out' else 'up'}"),
    "llama": pruned(llama, {"out": (2, 8), "down": (18, 1)}, lambda i, part: f"block{i}_{'q' if part == 'out' else 'gate'}"),
}
for file, content in (("transformerOps.json", {"cases": cases}), ("transformers.json", networks)):
    (FOLDER / file).write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(file, (FOLDER / file).stat().st_size, "bytes")
