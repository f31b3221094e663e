"""Logits of pruned language models that the lab exported in Hugging Face's layout.

    npx tsx src/formats/huggingFace/fixtures/writePrunedModels.ts
    python3 zoo/oracles/hf_pruned.py

Reads src/formats/fixtures/hf/pruned-{gpt2,opt,llama}/ by their config.json and model.safetensors alone, as
the classes of the library would: every tensor must have the shape that the config asks for, and none may be
left over. Writes oracle.json with float64 logits beside them. The forward passes of GPT-2 and OPT are those
of hf_tiny.py; Llama's is written here anew, for heads that are narrower than hidden_size / heads.
"""
import json
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))
import hf_tiny  # noqa: E402
from llama import rotate, rotations  # noqa: E402

OUT = HERE.parent.parent / "src/formats/fixtures/hf"
IDS = [[68, 98, 284, 270, 102, 33, 74, 116, 105, 110], [0, 200, 31, 31, 7]]


def read(path):
    """The float32 tensors of a safetensors file, as float64."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", name
        start, end = (8 + length + at for at in entry["data_offsets"])
        tensors[name] = torch.frombuffer(bytearray(data[start:end]), dtype=torch.float32).view(entry["shape"]).double()
    return tensors


def gpt2_shapes(config):
    dim, hidden = config["n_embd"], config["n_inner"]
    shapes = {"transformer.wte": (config["vocab_size"], dim), "transformer.wpe": (config["n_positions"], dim)}
    for i in range(config["n_layer"]):
        at = f"transformer.h.{i}"
        shapes |= {f"{at}.ln_1": (dim,), f"{at}.ln_2": (dim,), f"{at}.attn.c_attn": (dim, 3 * dim),
                   f"{at}.attn.c_proj": (dim, dim), f"{at}.mlp.c_fc": (dim, hidden), f"{at}.mlp.c_proj": (hidden, dim)}
    biased = {name: shape[-1:] for name, shape in shapes.items() if ".w" not in name} | {"transformer.ln_f": (dim,)}
    shapes["transformer.ln_f"] = (dim,)
    return named(shapes, biased)


def opt_shapes(config):
    dim, hidden, at = config["hidden_size"], config["ffn_dim"], "model.decoder"
    shapes = {f"{at}.embed_tokens": (config["vocab_size"], dim),
              f"{at}.embed_positions": (config["max_position_embeddings"] + 2, dim)}
    biased = {}
    for i in range(config["num_hidden_layers"]):
        layer = f"{at}.layers.{i}"
        linear = {f"{layer}.self_attn.{p}": (dim, dim) for p in ("q_proj", "k_proj", "v_proj", "out_proj")}
        linear |= {f"{layer}.fc1": (hidden, dim), f"{layer}.fc2": (dim, hidden)}
        norms = {f"{layer}.self_attn_layer_norm": (dim,), f"{layer}.final_layer_norm": (dim,)}
        shapes |= linear | norms
        biased |= {name: shape[:1] for name, shape in (linear | norms).items()}
    shapes[f"{at}.final_layer_norm"] = biased[f"{at}.final_layer_norm"] = (dim,)
    return named(shapes, biased)


def llama_shapes(config):
    dim, hidden, head_dim = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    queries, shared = config["num_attention_heads"] * head_dim, config["num_key_value_heads"] * head_dim
    shapes, biased = {"model.embed_tokens": (config["vocab_size"], dim), "model.norm": (dim,)}, {}
    for i in range(config["num_hidden_layers"]):
        at = f"model.layers.{i}"
        attention = {f"{at}.self_attn.q_proj": (queries, dim), f"{at}.self_attn.k_proj": (shared, dim),
                     f"{at}.self_attn.v_proj": (shared, dim), f"{at}.self_attn.o_proj": (dim, queries)}
        mlp = {f"{at}.mlp.gate_proj": (hidden, dim), f"{at}.mlp.up_proj": (hidden, dim), f"{at}.mlp.down_proj": (dim, hidden)}
        shapes |= attention | mlp | {f"{at}.input_layernorm": (dim,), f"{at}.post_attention_layernorm": (dim,)}
        for part, setting in ((attention, "attention_bias"), (mlp, "mlp_bias")):
            biased |= {name: shape[:1] for name, shape in part.items()} if config[setting] else {}
    return named(shapes, biased)


def named(weights, biases):
    return {f"{k}.weight": v for k, v in weights.items()} | {f"{k}.bias": v for k, v in biases.items()}


def llama(config):
    heads, shared, head_dim = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]

    def norm(x, weight):
        return weight * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + config["rms_norm_eps"])

    def forward(w, ids):
        def linear(name, x):
            return F.linear(x, w[f"{name}.weight"], w.get(f"{name}.bias"))

        tokens = len(ids)
        cosine, sine = rotations(tokens, head_dim, config["rope_theta"], torch.float64)
        later = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        x = w["model.embed_tokens.weight"][ids]
        for i in range(config["num_hidden_layers"]):
            at = f"model.layers.{i}"
            y = norm(x, w[f"{at}.input_layernorm.weight"])
            q, k, v = (
                linear(f"{at}.self_attn.{p}_proj", y).view(tokens, n, head_dim).transpose(0, 1)
                for p, n in (("q", heads), ("k", shared), ("v", shared))
            )
            q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
            k, v = (z.repeat_interleave(heads // shared, 0) for z in (k, v))
            scores = (q @ k.transpose(1, 2) / math.sqrt(head_dim)).masked_fill(later, -math.inf)
            x = x + linear(f"{at}.self_attn.o_proj", (scores.softmax(-1) @ v).transpose(0, 1).reshape(tokens, -1))
            y = norm(x, w[f"{at}.post_attention_layernorm.weight"])
            y = F.silu(linear(f"{at}.mlp.gate_proj", y)) * linear(f"{at}.mlp.up_proj", y)
            x = x + linear(f"{at}.mlp.down_proj", y)
        return norm(x, w["model.norm.weight"]) @ w["model.embed_tokens.weight"].T

    return forward


FAMILIES = {
    "gpt2": (gpt2_shapes, lambda config: hf_tiny.gpt2),
    "opt": (opt_shapes, lambda config: hf_tiny.opt),
    "llama": (llama_shapes, llama),
}


def main():
    torch.set_num_threads(1)
    for name, (shapes_of, forward_of) in FAMILIES.items():
        folder = OUT / f"pruned-{name}"
        config = json.loads((folder / "config.json").read_text())
        assert "modhifi" not in config
        tensors = read(folder / "model.safetensors")
        found = {key: tuple(value.shape) for key, value in tensors.items()}
        assert found == shapes_of(config), set(found.items()) ^ set(shapes_of(config).items())
        logits = [forward_of(config)(tensors, torch.tensor(row)) for row in IDS]
        oracle = {
            "madeBy": "python3 zoo/oracles/hf_pruned.py", "ids": IDS,
            "logits": [[[round(x, 6) for x in token] for token in row.tolist()] for row in logits],
        }
        (folder / "oracle.json").write_text(json.dumps(oracle, separators=(",", ":")) + "\n")
        print(f"pruned-{name}", sum(v.numel() for v in tensors.values()), "parameters; logits", torch.cat(logits).std().item())


if __name__ == "__main__":
    main()
