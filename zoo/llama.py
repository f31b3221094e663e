"""A decoder-only language model in PyTorch, of plain layers, under the names of `LlamaForCausalLM`.

RMS norm before attention and before the gated MLP, rotary positions by halves, query heads that
share key and value heads, and an output head tied to the embedding. Sources: Touvron et al. 2023
(Llama), Su et al. 2021 (rotary), Shazeer 2020 (SwiGLU), Ainslie et al. 2023 (grouped queries).
"""
import torch
from torch import nn
import torch.nn.functional as F

from transformers import Part, attend, merge_heads, split_heads

NOVELS = dict(
    model_type="llama", architectures=["LlamaForCausalLM"], vocab_size=2048, hidden_size=192, intermediate_size=512,
    num_hidden_layers=6, num_attention_heads=6, num_key_value_heads=2, hidden_act="silu", max_position_embeddings=256,
    rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=True, attention_bias=False, mlp_bias=False,
    bos_token_id=0, eos_token_id=0,
)


class RmsNorm(nn.Module):
    """x / √(mean x² + ε) · weight, in the precision of the weight."""

    def __init__(self, dim, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), eps

    def forward(self, x):
        x = x.to(self.weight.dtype)
        return self.weight * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps)


def rotations(tokens, head_dim, theta, dtype):
    """Cosines and sines, each `tokens x headDim`, the two halves alike."""
    inverse = theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    angle = (torch.arange(tokens)[:, None] * inverse).repeat(1, 2)
    return angle.cos().to(dtype), angle.sin().to(dtype)


def rotate(x, cosine, sine):
    first, second = x.chunk(2, -1)
    return x * cosine + torch.cat([-second, first], -1) * sine


class LlamaBlock(nn.Module):
    def __init__(self, config, dropout):
        super().__init__()
        dim, heads, hidden = (config[k] for k in ("hidden_size", "num_attention_heads", "intermediate_size"))
        self.heads, self.groups, self.dropout = heads, config["num_key_value_heads"], dropout
        shared = dim // heads * self.groups

        def linear(inputs, outputs):
            return nn.Linear(inputs, outputs, bias=False)

        self.self_attn = Part(
            q_proj=linear(dim, dim), k_proj=linear(dim, shared), v_proj=linear(dim, shared), o_proj=linear(dim, dim)
        )
        self.mlp = Part(gate_proj=linear(dim, hidden), up_proj=linear(dim, hidden), down_proj=linear(hidden, dim))
        self.input_layernorm = RmsNorm(dim, config["rms_norm_eps"])
        self.post_attention_layernorm = RmsNorm(dim, config["rms_norm_eps"])

    def attended(self, x, cosine, sine, mask):
        part, sharing = self.self_attn, self.heads // self.groups
        q = rotate(split_heads(part.q_proj(x), self.heads), cosine, sine)
        k = rotate(split_heads(part.k_proj(x), self.groups), cosine, sine)
        k, v = (y.repeat_interleave(sharing, 1) for y in (k, split_heads(part.v_proj(x), self.groups)))
        return part.o_proj(merge_heads(attend(q, k, v, mask)))

    def forward(self, x, cosine, sine, mask):
        y = self.attended(self.input_layernorm(x), cosine, sine, mask)
        x = x + F.dropout(y, self.dropout, self.training)
        y = self.post_attention_layernorm(x)
        y = self.mlp.down_proj(F.silu(self.mlp.gate_proj(y)) * self.mlp.up_proj(y))
        return x + F.dropout(y, self.dropout, self.training)


class Llama(nn.Module):
    def __init__(self, config=NOVELS, dropout=0.0):
        super().__init__()
        self.config, self.dropout = config, dropout
        dim = config["hidden_size"]
        self.model = Part(
            embed_tokens=nn.Embedding(config["vocab_size"], dim),
            layers=nn.ModuleList(LlamaBlock(config, dropout) for _ in range(config["num_hidden_layers"])),
            norm=RmsNorm(dim, config["rms_norm_eps"]),
        )
        if not config["tie_word_embeddings"]:
            self.lm_head = nn.Linear(dim, config["vocab_size"], bias=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(parameter, std=0.02 / ((2 * len(self.model.layers)) ** 0.5 if deep else 1))

    def forward(self, ids):
        """Logits `count x tokens x vocabulary` of ids `count x tokens`."""
        tokens = ids.shape[1]
        x = F.dropout(self.model.embed_tokens(ids), self.dropout, self.training)
        # the rotation and the mask in what autocast computes products in
        computed = torch.get_autocast_cpu_dtype() if torch.is_autocast_cpu_enabled() else x.dtype
        head_dim = self.config["hidden_size"] // self.config["num_attention_heads"]
        cosine, sine = rotations(tokens, head_dim, self.config["rope_theta"], computed)
        mask = torch.full((tokens, tokens), torch.finfo(computed).min, dtype=computed).triu(1)
        for layer in self.model.layers:
            x = layer(x, cosine, sine, mask)
        head = self.model.embed_tokens if self.config["tie_word_embeddings"] else self.lm_head
        return F.linear(self.model.norm(x), head.weight)


@torch.no_grad()
def generate(model, ids, count, temperature, generator):
    """`count` more ids after `ids`, drawn at a temperature (0: always the likeliest)."""
    limit = model.config["max_position_embeddings"]
    for _ in range(count):
        logits = model(torch.tensor([ids[-limit:]]))[0, -1].float()
        if temperature == 0:
            ids = ids + [int(logits.argmax())]
        else:
            chances = (logits / temperature).softmax(0)
            ids = ids + [int(torch.multinomial(chances, 1, generator=generator))]
    return ids
