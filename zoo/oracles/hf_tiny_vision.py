"""Tiny vision transformers of random weights in Hugging Face's layout, with the logits that they must give.

    python3 zoo/oracles/hf_tiny_vision.py

Writes src/formats/fixtures/hf/{vit,swin}/ with config.json, preprocessor_config.json, model.safetensors and
oracle.json: pictures (pixels 0 to 255, rows x columns x channels) and float64 logits. The networks are those of
zoo/transformers.py, whose names are those of `ViTForImageClassification` and `SwinForImageClassification`.
"""
import json
import math
import sys
from pathlib import Path

import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import safetensors_file  # noqa: E402
from models import OFFSET, SCALE  # noqa: E402
from transformers import Swin, ViT  # noqa: E402

OUT = HERE.parent.parent / "src/formats/fixtures/hf"
CLASSES = ["ant", "bee", "cat"]
SHARED = dict(
    image_size=16, num_channels=3, hidden_act="gelu", layer_norm_eps=1e-5, qkv_bias=True,
    id2label={str(i): name for i, name in enumerate(CLASSES)}, label2id={name: i for i, name in enumerate(CLASSES)},
)
VIT = dict(
    model_type="vit", architectures=["ViTForImageClassification"], patch_size=4, hidden_size=12, num_hidden_layers=2,
    num_attention_heads=3, intermediate_size=20, **SHARED,
)
SWIN = dict(
    model_type="swin", architectures=["SwinForImageClassification"], patch_size=2, embed_dim=8, depths=[2, 1],
    num_heads=[2, 4], window_size=4, mlp_ratio=2.5, use_absolute_embeddings=False, **SHARED,
)


def drawn(network, generator):
    """Matrices of deviation 1/√inputs, tables and tokens of one half, norms about one, biases about zero."""
    for name, parameter in network.named_parameters():
        value = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        if "embeddings.cls" in name or "position" in name:
            value *= 0.5
        elif parameter.ndim > 1:
            value /= math.sqrt(parameter[0].numel())
        else:
            value = 0.2 * value + (1.0 if name.endswith("weight") else 0.0)
        parameter.data = value.float().double()
    return network.double().eval()


def write(name, network, config, mean, std, seed):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    network = drawn(network, generator)
    safetensors_file.write(folder / "model.safetensors", network.state_dict())
    (folder / "config.json").write_text(json.dumps({**config, "torch_dtype": "float32"}, indent=2) + "\n")
    processor = {
        "image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": 16, "width": 16},
        "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": mean, "image_std": std,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=2) + "\n")
    pixels = torch.randint(0, 256, (2, 16, 16, 3), generator=generator)
    normalised = (pixels.double() / 255 - torch.tensor(mean).double()) / torch.tensor(std).double()
    with torch.no_grad():
        # the networks normalise pixels in the zoo's own way, which is undone here
        logits = network(((normalised - OFFSET) / SCALE).permute(0, 3, 1, 2))
    oracle = {"madeBy": "python3 zoo/oracles/hf_tiny_vision.py", "pixels": pixels.flatten(1).tolist(), "logits": logits.tolist()}
    (folder / "oracle.json").write_text(json.dumps(oracle, separators=(",", ":")) + "\n")
    print(name, sum(p.numel() for p in network.parameters()), "parameters; logits", logits.tolist())


def main():
    torch.set_num_threads(1)
    write("vit", ViT(VIT, len(CLASSES)), VIT, [0.5, 0.5, 0.5], [0.5, 0.5, 0.5], 1)
    write("swin", Swin(SWIN, len(CLASSES)), SWIN, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 2)


if __name__ == "__main__":
    main()
