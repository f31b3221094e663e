"""The zoo's vision transformers in PyTorch, of plain layers, under Hugging Face's names.

`state_dict()` of a network is what `ViTForImageClassification` or `SwinForImageClassification` saves
(exact GELU, pre-norm), so a safetensors file of it needs no renaming. Pictures enter as pixels from
0 to 255 and are normalised as in models.py.

Sources: Dosovitskiy et al. 2021 (ViT), Liu et al. 2021 (Swin).
"""
import torch
from torch import nn
import torch.nn.functional as F

from models import OFFSET, SCALE

EPSILON = 1e-5


class Part(nn.Module):
    """Layers and parameters under the given names, for names such as `attention.output.dense`."""

    def __init__(self, /, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


class Norm(nn.LayerNorm):
    """Layer norm in the precision of its weights, which autocast leaves alone."""

    def __init__(self, dim):
        super().__init__(dim, eps=EPSILON)

    def forward(self, x):
        return super().forward(x.to(self.weight.dtype))


def attend(q, k, v, bias=None):
    """softmax(q kᵀ / √headDim + bias) v for `… x heads x tokens x headDim`."""
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    return (scores if bias is None else scores + bias.to(scores.dtype)).softmax(-1) @ v


def split_heads(x, heads):
    """`… x tokens x dim` as `… x heads x tokens x headDim`."""
    return x.unflatten(-1, (heads, -1)).transpose(-2, -3)


def merge_heads(x):
    return x.transpose(-2, -3).flatten(-2)


def init_weights(network):
    """Normal of deviation 0.02, cut at two; biases zero; norms stay one and zero."""
    for layer in network.modules():
        if isinstance(layer, (nn.Linear, nn.Embedding)):
            nn.init.trunc_normal_(layer.weight, std=0.02, a=-0.04, b=0.04)
        if isinstance(layer, nn.Linear) and layer.bias is not None:
            nn.init.zeros_(layer.bias)


class VisionBlock(nn.Module):
    """Pre-norm attention and an MLP with exact GELU; `inner` is the name that holds q, k and v."""

    def __init__(self, dim, heads, hidden, inner):
        super().__init__()
        self.heads, self.inner = heads, inner
        projections = Part(query=nn.Linear(dim, dim), key=nn.Linear(dim, dim), value=nn.Linear(dim, dim))
        self.attention = Part(**{inner: projections, "output": Part(dense=nn.Linear(dim, dim))})
        self.intermediate = Part(dense=nn.Linear(dim, hidden))
        self.output = Part(dense=nn.Linear(hidden, dim))
        self.layernorm_before, self.layernorm_after = Norm(dim), Norm(dim)

    def attended(self, x, bias=None):
        part = getattr(self.attention, self.inner)
        q, k, v = (split_heads(layer(x), self.heads) for layer in (part.query, part.key, part.value))
        return self.attention.output.dense(merge_heads(attend(q, k, v, bias)))

    def mlp(self, x):
        return self.output.dense(F.gelu(self.intermediate.dense(self.layernorm_after(x))))

    def forward(self, x):
        x = x + self.attended(self.layernorm_before(x))
        return x + self.mlp(x)


class ViT(nn.Module):
    """A class token, learned positions and full attention over the 64 patches of 4 x 4 pixels."""

    CONFIG = dict(
        model_type="vit", architectures=["ViTForImageClassification"], image_size=32, patch_size=4, num_channels=3,
        hidden_size=128, num_hidden_layers=6, num_attention_heads=4, intermediate_size=256, hidden_act="gelu",
        layer_norm_eps=EPSILON, qkv_bias=True,
    )

    def __init__(self, config=CONFIG, classes=10):
        super().__init__()
        dim, patch = config["hidden_size"], config["patch_size"]
        tokens = (config["image_size"] // patch) ** 2
        self.vit = Part(
            embeddings=Part(
                cls_token=nn.Parameter(torch.zeros(1, 1, dim)),
                position_embeddings=nn.Parameter(torch.zeros(1, tokens + 1, dim)),
                patch_embeddings=Part(projection=nn.Conv2d(3, dim, patch, patch)),
            ),
            encoder=Part(layer=nn.ModuleList(
                VisionBlock(dim, config["num_attention_heads"], config["intermediate_size"], "attention")
                for _ in range(config["num_hidden_layers"])
            )),
            layernorm=Norm(dim),
        )
        self.classifier = nn.Linear(dim, classes)
        init_weights(self)

    def forward(self, pixels, keep=1.0):
        """Logits; `keep < 1` leaves out random patches of each picture (training only)."""
        part = self.vit.embeddings
        x = part.patch_embeddings.projection(pixels * SCALE + OFFSET).flatten(2).transpose(1, 2)
        x = x + part.position_embeddings[:, 1:]
        if keep < 1:
            kept = torch.rand(x.shape[:2]).argsort(1)[:, : round(keep * x.shape[1])]
            x = x.gather(1, kept[..., None].expand(-1, -1, x.shape[2]))
        token = part.cls_token + part.position_embeddings[:, :1]
        x = torch.cat([token.expand(len(x), -1, -1), x], 1)
        for block in self.vit.encoder.layer:
            x = block(x)
        return self.classifier(self.vit.layernorm(x)[:, 0])


class SwinBlock(VisionBlock):
    """Attention inside windows, with a learned bias a relative position; odd blocks shift them."""

    def __init__(self, dim, heads, hidden, side, window, shift):
        super().__init__(dim, heads, hidden, "self")
        self.window, self.shift = window, shift
        part = self.attention.self
        part.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        at = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")).flatten(1)
        offset = at[:, :, None] - at[:, None, :] + window - 1  # query minus key, rows then columns
        index = offset[0] * (2 * window - 1) + offset[1]
        part.register_buffer("relative_position_index", index)
        regions = torch.zeros(1, side, side, 1)
        for i, rows in enumerate((slice(-window), slice(-window, -shift), slice(-shift, None)) if shift else ()):
            for j, columns in enumerate((slice(-window), slice(-window, -shift), slice(-shift, None))):
                regions[:, rows, columns] = 3 * i + j
        region = self.windows(regions)[0, :, :, 0]  # windows x positions
        mask = (region[:, None] != region[:, :, None]).float() * -100
        self.register_buffer("mask", mask[:, None], persistent=False)

    def windows(self, x):
        """`count x side x side x dim` as `count x windows x window² x dim`."""
        x = x.unflatten(2, (-1, self.window)).unflatten(1, (-1, self.window))
        return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)

    def forward(self, x):
        count, side, _, dim = x.shape
        part, tokens, per_side = self.attention.self, self.window**2, side // self.window
        y = self.layernorm_before(x)
        if self.shift:
            y = y.roll((-self.shift, -self.shift), (1, 2))
        bias = part.relative_position_bias_table[part.relative_position_index.flatten()]
        bias = bias.view(tokens, tokens, self.heads).permute(2, 0, 1)
        if self.shift:
            bias = bias + self.mask
        y = self.attended(self.windows(y), bias)
        y = y.view(count, per_side, per_side, self.window, self.window, dim).transpose(2, 3).reshape(x.shape)
        if self.shift:
            y = y.roll((self.shift, self.shift), (1, 2))
        x = x + y.to(x.dtype)
        return x + self.mlp(x).to(x.dtype)


class PatchMerging(nn.Module):
    """Four neighbours side by side, normalised, then projected to twice the width."""

    def __init__(self, dim):
        super().__init__()
        self.norm, self.reduction = Norm(4 * dim), nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x):
        squares = x.unflatten(2, (-1, 2)).unflatten(1, (-1, 2))  # count x rows x 2 x columns x 2 x dim
        return self.reduction(self.norm(squares.permute(0, 1, 3, 4, 2, 5).flatten(3)))


class Swin(nn.Module):
    """Windows of 4 x 4 tokens, three stages (16 x 16, 8 x 8 and 4 x 4 tokens), mean pooling."""

    CONFIG = dict(
        model_type="swin", architectures=["SwinForImageClassification"], image_size=32, patch_size=2, num_channels=3,
        embed_dim=48, depths=[2, 2, 2], num_heads=[3, 6, 12], window_size=4, mlp_ratio=2.0, hidden_act="gelu",
        layer_norm_eps=EPSILON, qkv_bias=True, use_absolute_embeddings=False,
    )

    def __init__(self, config=CONFIG, classes=10):
        super().__init__()
        dim, patch, window = config["embed_dim"], config["patch_size"], config["window_size"]
        side, stages = config["image_size"] // patch, nn.ModuleList()
        projection = nn.Conv2d(3, dim, patch, patch)
        embeddings = Part(patch_embeddings=Part(projection=projection), norm=Norm(dim))
        for stage, (depth, heads) in enumerate(zip(config["depths"], config["num_heads"])):
            blocks = nn.ModuleList(
                SwinBlock(dim, heads, int(dim * config["mlp_ratio"]), side, window,
                          window // 2 if i % 2 and side > window else 0)
                for i in range(depth)
            )
            stages.append(Part(blocks=blocks))
            if stage < len(config["depths"]) - 1:
                stages[-1].downsample = PatchMerging(dim)
                dim, side = dim * 2, side // 2
        self.swin = Part(embeddings=embeddings, encoder=Part(layers=stages), layernorm=Norm(dim))
        self.classifier = nn.Linear(dim, classes)
        init_weights(self)

    def forward(self, pixels):
        part = self.swin.embeddings
        x = part.norm(part.patch_embeddings.projection(pixels * SCALE + OFFSET).permute(0, 2, 3, 1))
        for stage in self.swin.encoder.layers:
            for block in stage.blocks:
                x = block(x)
            x = stage.downsample(x) if hasattr(stage, "downsample") else x
        return self.classifier(self.swin.layernorm(x).mean((1, 2)))


VISION = {"vit-cifar10": ViT, "swin-cifar10": Swin}
