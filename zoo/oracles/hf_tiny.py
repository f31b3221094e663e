"""Tiny language models of random weights in Hugging Face's layout, with the logits that they must give.

    python3 zoo/oracles/hf_tiny.py

Writes src/formats/fixtures/hf/<name>/ with config.json, safetensors, tokenizer.json and oracle.json:
ids, float64 logits from the weights as the file holds them, and texts with their tokens. The forward
passes are written from the papers (Radford et al. 2019; Zhang et al. 2022; Touvron et al. 2023), over
the names and shapes of `GPT2LMHeadModel`, `OPTForCausalLM` and `LlamaForCausalLM`; the library itself
took no part. Needs the novels for the tokenizer: zoo/fetch_novels.sh.
"""
import json
import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import novels  # noqa: E402
import safetensors_file  # noqa: E402
from llama import Llama  # noqa: E402
from tokenizer import Tokenizer, tokenizer_json, train  # noqa: E402

OUT = HERE.parent.parent / "src/formats/fixtures/hf"
VOCABULARY, DIM, HEADS, LAYERS, POSITIONS = 288, 24, 4, 2, 32
TEXTS = ["Call me Ishmael. Some years ago—never mind how long precisely—", 'It is "a truth",\n\n  1851; naïve  \n']

GPT2 = dict(
    model_type="gpt2", architectures=["GPT2LMHeadModel"], vocab_size=VOCABULARY, n_embd=DIM, n_head=HEADS,
    n_layer=LAYERS, n_positions=POSITIONS, n_ctx=POSITIONS, n_inner=None, activation_function="gelu_new",
    layer_norm_epsilon=1e-5, scale_attn_weights=True, bos_token_id=0, eos_token_id=0,
)
OPT = dict(
    model_type="opt", architectures=["OPTForCausalLM"], vocab_size=VOCABULARY, hidden_size=DIM, ffn_dim=64,
    num_attention_heads=HEADS, num_hidden_layers=LAYERS, max_position_embeddings=POSITIONS, word_embed_proj_dim=DIM,
    do_layer_norm_before=True, activation_function="relu", enable_bias=True, layer_norm_elementwise_affine=True,
    tie_word_embeddings=True, bos_token_id=0, eos_token_id=0, pad_token_id=1,
)
LLAMA = dict(
    model_type="llama", architectures=["LlamaForCausalLM"], vocab_size=VOCABULARY, hidden_size=DIM,
    intermediate_size=56, num_attention_heads=HEADS, num_key_value_heads=2, num_hidden_layers=LAYERS,
    max_position_embeddings=POSITIONS, rms_norm_eps=1e-5, rope_theta=500.0, hidden_act="silu", attention_bias=False,
    mlp_bias=False, tie_word_embeddings=True, bos_token_id=0, eos_token_id=0,
)


def drawn(shapes, generator):
    """Matrices of deviation 1.5/√inputs, norms about one, biases about zero: nothing is negligible."""
    state = {}
    for name, shape in shapes.items():
        value = torch.randn(shape, generator=generator, dtype=torch.float64)
        if len(shape) == 2:
            inputs = shape[0] if ".c_" in name else shape[1]
            state[name] = value * (0.7 if "embed" in name or ".w" in name else 1.5 / math.sqrt(inputs))
        else:
            state[name] = 0.2 * value + (1.0 if name.endswith("weight") else 0.0)
    return state


def attention(q, k, v):
    """Causal, by heads; `tokens x dim` each."""
    tokens = len(q)
    q, k, v = (x.view(tokens, HEADS, -1).transpose(0, 1) for x in (q, k, v))
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    scores = scores.masked_fill(torch.ones(tokens, tokens, dtype=torch.bool).triu(1), -math.inf)
    return (scores.softmax(-1) @ v).transpose(0, 1).reshape(tokens, -1)


def gpt2_shapes():
    shapes = {"transformer.wte.weight": (VOCABULARY, DIM), "transformer.wpe.weight": (POSITIONS, DIM)}
    for i in range(LAYERS):
        for name, shape in (
            ("ln_1", (DIM,)), ("attn.c_attn", (DIM, 3 * DIM)), ("attn.c_proj", (DIM, DIM)),
            ("ln_2", (DIM,)), ("mlp.c_fc", (DIM, 4 * DIM)), ("mlp.c_proj", (4 * DIM, DIM)),
        ):
            shapes[f"transformer.h.{i}.{name}.weight"] = shape
            shapes[f"transformer.h.{i}.{name}.bias"] = shape[-1:]
    return shapes | {"transformer.ln_f.weight": (DIM,), "transformer.ln_f.bias": (DIM,)}


def gpt2(w, ids):
    def norm(name, x):
        return F.layer_norm(x, (DIM,), w[f"{name}.weight"], w[f"{name}.bias"], 1e-5)

    def affine(name, x):  # GPT-2 stores inputs x outputs
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    x = w["transformer.wte.weight"][ids] + w["transformer.wpe.weight"][: len(ids)]
    for i in range(LAYERS):
        at = f"transformer.h.{i}"
        q, k, v = affine(f"{at}.attn.c_attn", norm(f"{at}.ln_1", x)).split(DIM, -1)
        x = x + affine(f"{at}.attn.c_proj", attention(q, k, v))
        y = affine(f"{at}.mlp.c_fc", norm(f"{at}.ln_2", x))
        y = 0.5 * y * (1 + torch.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))
        x = x + affine(f"{at}.mlp.c_proj", y)
    return norm("transformer.ln_f", x) @ w["transformer.wte.weight"].T


def opt_shapes():
    at = "model.decoder"
    shapes = {f"{at}.embed_tokens.weight": (VOCABULARY, DIM), f"{at}.embed_positions.weight": (POSITIONS + 2, DIM)}
    for i in range(LAYERS):
        for name, shape in (
            ("self_attn.k_proj", (DIM, DIM)), ("self_attn.v_proj", (DIM, DIM)), ("self_attn.q_proj", (DIM, DIM)),
            ("self_attn.out_proj", (DIM, DIM)), ("self_attn_layer_norm", (DIM,)), ("fc1", (OPT["ffn_dim"], DIM)),
            ("fc2", (DIM, OPT["ffn_dim"])), ("final_layer_norm", (DIM,)),
        ):
            shapes[f"{at}.layers.{i}.{name}.weight"] = shape
            shapes[f"{at}.layers.{i}.{name}.bias"] = shape[:1]
    return shapes | {f"{at}.final_layer_norm.weight": (DIM,), f"{at}.final_layer_norm.bias": (DIM,)}


def opt(w, ids):
    def norm(name, x):
        return F.layer_norm(x, (DIM,), w[f"{name}.weight"], w[f"{name}.bias"], 1e-5)

    def linear(name, x):
        return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    at = "model.decoder"
    # positions start at the third row
    x = w[f"{at}.embed_tokens.weight"][ids] + w[f"{at}.embed_positions.weight"][2 : 2 + len(ids)]
    for i in range(LAYERS):
        layer = f"{at}.layers.{i}"
        y = norm(f"{layer}.self_attn_layer_norm", x)
        q, k, v = (linear(f"{layer}.self_attn.{p}_proj", y) for p in "qkv")
        x = x + linear(f"{layer}.self_attn.out_proj", attention(q, k, v))
        y = linear(f"{layer}.fc1", norm(f"{layer}.final_layer_norm", x)).relu()
        x = x + linear(f"{layer}.fc2", y)
    return norm(f"{at}.final_layer_norm", x) @ w[f"{at}.embed_tokens.weight"].T


def llama(config):
    def forward(w, ids):
        network = Llama(config).double().eval()
        network.load_state_dict(w)
        with torch.no_grad():
            return network(ids[None])[0]

    return forward, {name: tuple(p.shape) for name, p in Llama(config).state_dict().items()}


def write(name, config, shapes, forward, dtype="f32", seed=1, shard=None, saved=lambda state: state, described=None):
    """`saved` turns the state into what the file holds, where that has other names or more in it;
    `described` is the config as written, where that differs."""
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    state = safetensors_file.rounded(drawn(shapes, generator), dtype)
    if shard:
        safetensors_file.write_sharded(folder, state, dtype, shard)
    else:
        safetensors_file.write(folder / "model.safetensors", saved(state), dtype)
    precision = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}[dtype]
    described = described or {"torch_dtype": precision, **config}
    (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n")
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER, ensure_ascii=False) + "\n")
    tokenizer = Tokenizer(folder / "tokenizer.json")
    ids = [tokenizer.encode(TEXTS[0])[:10], [0, 200, 31, 31, 7]]
    exact = {key: value.double() for key, value in state.items()}
    logits = [forward(exact, torch.tensor(row)) for row in ids]
    oracle = {
        "madeBy": "python3 zoo/oracles/hf_tiny.py",
        "ids": ids,
        "logits": [[[round(x, 6) for x in token] for token in row.tolist()] for row in logits],
        "texts": [{"text": text, "ids": tokenizer.encode(text)} for text in TEXTS],
    }
    (folder / "oracle.json").write_text(json.dumps(oracle, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(name, sum(v.numel() for v in state.values()), "parameters; logits", torch.cat(logits).std().item())


def as_on_the_hub(state):
    """`gpt2` itself was saved without its head's prefix and with the causal masks."""
    bare = {name.removeprefix("transformer."): value for name, value in state.items()}
    masks = {f"h.{i}.attn.bias": torch.ones(1, 1, POSITIONS, POSITIONS).tril() for i in range(LAYERS)}
    return bare | masks


TOKENIZER = tokenizer_json(train([c["text"] for c in novels.split()[0][:40]], VOCABULARY))


def main():
    torch.set_num_threads(1)
    write("gpt2", GPT2, gpt2_shapes(), gpt2)
    write("gpt2-hub", GPT2, gpt2_shapes(), gpt2, dtype="f16", seed=2, saved=as_on_the_hub)
    write("opt", OPT, opt_shapes(), opt, seed=3)
    for dtype in ("f32", "f16", "bf16"):
        forward, shapes = llama(LLAMA)
        write("llama" if dtype == "f32" else f"llama-{dtype}", LLAMA, shapes, forward, dtype, seed=4)
    untied = {**LLAMA, "tie_word_embeddings": False, "num_key_value_heads": HEADS}
    forward, shapes = llama(untied)
    # as version 5 of the library writes it
    newer = {k: v for k, v in untied.items() if k not in ("rope_theta", "attention_bias", "mlp_bias")}
    newer |= {"dtype": "bfloat16", "rope_parameters": {"rope_type": "default", "rope_theta": untied["rope_theta"]}}
    write("llama-sharded", untied, shapes, forward, "bf16", seed=5, shard=24_000, described=newer)


if __name__ == "__main__":
    main()
