"""Writes a trained transformer in Hugging Face's layout, with its card, README and oracle logits.

    python3 zoo/export_transformers.py vit-cifar10

`public/models/<id>/` gets config.json, model.safetensors (float32; the language model float16),
preprocessor_config.json or tokenizer.json, card.json and README.md; `src/formats/fixtures/<id>.logits.json`
gets PyTorch's float64 logits, from the weights as the file holds them. What the card says is measured
anew, in float32 and with those weights: accuracy on all test images, perplexity on the held-out chapters.
"""
import argparse
import json
import math
import shutil
from pathlib import Path

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

import cifar10
import novels
import safetensors_file
from export import CITATION
from llama import Llama, NOVELS, generate
from models import OFFSET, SCALE
from readme_transformers import language_readme, vision_readme
from tokenizer import Tokenizer
from train import accuracy
from train_lm import WINDOW, negative_log_likelihood, token_stream
from transformers import VISION

HERE = Path(__file__).parent
NAMES = {"vit-cifar10": "ViT on CIFAR-10", "swin-cifar10": "Swin on CIFAR-10", "novels-lm": "Novels LM"}
DERIVED = "relative_position_index"  # follows from the window's size
STRIDE = WINDOW // 2
PROMPTS = ["It was a", "The whale", '"My dear Mr. Darcy,']


class Macs(TorchFunctionMode):
    """Counts the multiply-accumulates of convolutions, linear layers and matrix products."""

    count = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if name in ("linear", "conv2d"):
            self.count += out.numel() * args[1][0].numel()
        elif name in ("matmul", "__matmul__"):
            self.count += out.numel() * args[0].shape[-1]
        return out


def macs_of(network, inputs):
    with torch.no_grad(), Macs() as counted:
        network(inputs)
    return counted.count


def stored(network, dtype):
    """What the file holds, and the network with exactly those weights."""
    state = {name: value for name, value in network.state_dict().items() if not name.endswith(DERIVED)}
    state = safetensors_file.rounded(state, dtype)
    network.load_state_dict({name: value.float() for name, value in state.items()}, strict=False)
    return state, network.eval()


def command(script, arguments):
    options = " ".join(f"--{key.replace('_', '-')} {value}" for key, value in arguments.items() if key != "model")
    return " ".join(part for part in (f"python3 zoo/{script}", arguments.get("model"), options) if part)


def card_of(name, saved, script, bytes_, network, macs, **said):
    arguments, curve = saved["arguments"], saved["curve"]
    return {
        "id": name,
        "name": NAMES[name],
        **said,
        "provenance": {
            "script": f"zoo/{script}",
            "command": " && ".join(command(script, run) for run in saved.get("runs", [arguments])),
            "exportCommand": f"python3 zoo/export_transformers.py {name}",
            "seed": arguments["seed"],
            "epochs": arguments["epochs"],
            "epochsDone": len(curve),
        },
        "parameters": sum(p.numel() for p in network.parameters()),
        "macs": macs,
        "bytes": bytes_,
    }


def write_json(path, value, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, **options) + "\n")


def export_vision(name, saved, root, data):
    folder = root / "public/models" / name
    folder.mkdir(parents=True, exist_ok=True)
    network = VISION[name]()
    network.load_state_dict(saved["model"])
    state, network = stored(network, "f32")
    _, (test, labels) = cifar10.load(data)
    images = torch.from_numpy(test.copy()).permute(0, 3, 1, 2)
    measured = accuracy(network, images, torch.from_numpy(labels.astype(np.int64)))

    size = safetensors_file.write(folder / "model.safetensors", state)
    classes = {str(i): label for i, label in enumerate(cifar10.CLASSES)}
    config = {
        **network.CONFIG, "id2label": classes, "label2id": {label: int(i) for i, label in classes.items()},
        "torch_dtype": "float32",
    }
    write_json(folder / "config.json", config, indent=2)
    # (pixel / 255 − mean) / std = pixel · SCALE + OFFSET
    std = 1 / (255 * SCALE)
    processor = {
        "image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": 32, "width": 32},
        "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": [-OFFSET * std] * 3, "image_std": [std] * 3,
    }
    write_json(folder / "preprocessor_config.json", processor, indent=2)
    card = card_of(
        name, saved, "train_vision.py", size, network, macs_of(network, torch.zeros(1, 3, 32, 32)),
        task="image classification", dataset="cifar10", classes=cifar10.CLASSES,
        input={"shape": [32, 32, 3], "range": [0, 255], "layout": "NHWC", "channels": "RGB"},
        output={"layer": "logits", "kind": "logits"},
        licence={
            "weights": "MIT",
            "data": f"CIFAR-10 by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton; cite {CITATION}.",
        },
        accuracy={"testImages": len(test), "accuracy": measured, "by": f"PyTorch {torch.__version__}, float32"},
    )
    write_json(folder / "card.json", card, indent=2)
    (folder / "README.md").write_text(vision_readme(card, saved, network))

    indices = np.random.default_rng(0).choice(len(test), 8, replace=False).tolist()
    with torch.no_grad():
        logits = network.double()(images[indices].double()).tolist()
    fixture = {
        "madeBy": card["provenance"]["exportCommand"], "model": name, "testImages": indices,
        "labels": labels[indices].tolist(), "logits": logits,
    }
    write_json(root / f"src/formats/fixtures/{name}.logits.json", fixture)
    print(f"{name}: accuracy {measured:.4f}, {card['parameters']} parameters, {card['macs']} MACs, {size} bytes")


def export_language(name, saved, root, tokenizer_path):
    folder = root / "public/models" / name
    folder.mkdir(parents=True, exist_ok=True)
    network = Llama(NOVELS)
    network.load_state_dict(saved["model"])
    state, network = stored(network, "f16")
    tokenizer = Tokenizer(tokenizer_path)
    _, held_out = novels.split()
    ids = token_stream(tokenizer, held_out)
    bytes_ = sum(len(c["text"].encode()) for c in held_out)
    nats = negative_log_likelihood(network, ids, STRIDE)
    measured = {
        "heldOutTokens": len(ids) - 1, "heldOutBytes": bytes_, "window": WINDOW, "stride": STRIDE,
        "perplexity": math.exp(nats / (len(ids) - 1)), "bitsPerByte": nats / math.log(2) / bytes_,
        "by": f"PyTorch {torch.__version__}, float32 with the float16 weights",
    }
    size = safetensors_file.write(folder / "model.safetensors", state, "f16")
    write_json(folder / "config.json", {**NOVELS, "torch_dtype": "float16"}, indent=2)
    shutil.copy(tokenizer_path, folder / "tokenizer.json")
    card = card_of(
        name, saved, "train_lm.py", size, network, macs_of(network, ids[None, :WINDOW]) // WINDOW,
        task="language modelling", dataset="novels",
        input={"kind": "tokens", "vocabulary": NOVELS["vocab_size"], "context": WINDOW},
        output={"layer": "logits", "kind": "next-token logits"},
        licence={"weights": "MIT", "data": "Moby-Dick (CC0) and Jane Austen's novels, all in the public domain."},
        perplexity=measured,
    )
    write_json(folder / "card.json", card, indent=2)
    samples = [
        tokenizer.decode(generate(network, [0] + tokenizer.encode(prompt), 90, 0.8, torch.Generator().manual_seed(1)))
        for prompt in PROMPTS
    ]
    (folder / "README.md").write_text(language_readme(card, saved, samples))

    rows = [ids[:48], ids[1000:1032]]
    with torch.no_grad():
        exact = network.double()
        logits = [exact(row[None])[0, -3:] for row in rows]
    fixture = {
        "madeBy": card["provenance"]["exportCommand"], "model": name, "ids": [row.tolist() for row in rows],
        "text": held_out[0]["text"][:300], "textIds": tokenizer.encode(held_out[0]["text"][:300]),
        "lastLogits": [[[round(x, 6) for x in token] for token in row.tolist()] for row in logits],
    }
    write_json(root / f"src/formats/fixtures/{name}.logits.json", fixture)
    print(f"{name}: perplexity {measured['perplexity']:.2f}, {measured['bitsPerByte']:.4f} bits a byte, {size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", choices=[*VISION, "novels-lm"])
    parser.add_argument("--data", type=Path, default=HERE / ".data/cifar10")
    parser.add_argument("--checkpoints", type=Path, default=HERE / ".checkpoints")
    parser.add_argument("--root", type=Path, default=HERE.parent, help="the repository, or a trial's folder")
    args = parser.parse_args()
    torch.set_num_threads(1)
    saved = torch.load(args.checkpoints / f"{args.model}.pt", map_location="cpu")
    if args.model in VISION:
        export_vision(args.model, saved, args.root, args.data)
    else:
        export_language(args.model, saved, args.root, args.checkpoints / "novels-tokenizer.json")


if __name__ == "__main__":
    main()
