"""Trains a vision transformer of the zoo on CIFAR-10 with the CPU, taught by a network of the zoo.

    python3 zoo/train_vision.py vit-cifar10 --epochs 40 --seed 1

AdamW with a linear warm-up of 5 % of the steps and a cosine decay to zero; random crops, flips and
light mixup. The loss is mostly the divergence from the teacher's softened prediction for the very
same augmented pictures (Hinton et al. 2015; Touvron et al. 2021; Beyer et al. 2022), which small
transformers on small data gain from most. A ViT starts from attention that looks at like and near
patches (mimetic initialisation, Trockman & Kolter 2023) and sees a random half of the patches in the
first part of training, which halves the cost (Liu et al. 2023, PatchDropout).

Runs in bfloat16 under autocast with float32 weights, the accuracy of the curve too; `export_transformers.py`
measures the final one in float32. Stopped runs continue from their last epoch; called again with more
epochs, training goes on at the rate that the longer schedule has at that point, as in train.py.
"""
import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import cifar10
import shipped
from models import MODELS
from train import accuracy, augment
from transformers import VISION, ViT

HERE = Path(__file__).parent
TEMPERATURE = 2.0


def grid_positions(side, dim):
    """Sines and cosines of row and column, `side² x dim` (half for each)."""
    frequency = 10000 ** (-torch.arange(dim // 4) / (dim // 4))
    angle = torch.arange(side)[:, None] * frequency
    axis = torch.cat([angle.sin(), angle.cos()], 1)
    return torch.cat([axis.repeat_interleave(side, 0), axis.repeat(side, 1)], 1)


def mimetic(vit):
    """Per head Wqᵀ Wk ≈ 0.7 (Z + I) and Wvᵀ Woᵀ ≈ 0.4 (Z − I), with Z normal of variance 1/dim."""
    position = vit.vit.embeddings.position_embeddings
    tokens, dim = position.shape[1:]
    position.data[0, 1:] = grid_positions(math.isqrt(tokens - 1), dim)
    for block in vit.vit.encoder.layer:
        part, output = block.attention.attention, block.attention.output.dense

        def factors(noise, identity, rank):
            u, s, vt = torch.linalg.svd(noise * torch.randn(dim, dim) / dim**0.5 + identity * torch.eye(dim))
            root = s[:rank].sqrt()
            return (u[:, :rank] * root).T, vt[:rank] * root[:, None]

        heads = [factors(0.7, 0.7, dim // block.heads) for _ in range(block.heads)]
        part.query.weight.data = torch.cat([q for q, _ in heads])
        part.key.weight.data = torch.cat([k for _, k in heads])
        value, out = factors(0.4, -0.4, dim)
        part.value.weight.data, output.weight.data = value.contiguous(), out.T.contiguous()


def rate_at(step, total, warmup, least=0.0):
    """The share of the peak rate at a step: up in a line, then down to `least` along a cosine."""
    if step < warmup:
        return (step + 1) / warmup
    return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * min(1, (step - warmup) / (total - warmup))))


def decayed(network, decay):
    """Parameter groups: matrices decay; norms, biases, positions and tables do not."""
    matrices = [p for n, p in network.named_parameters() if n.endswith("weight") and p.ndim > 1]
    chosen = {id(p) for p in matrices}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    return [{"params": matrices, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]


def resumed(checkpoint, arguments, model, optimizer):
    """Loads what a stopped or shorter run left; returns the curve and the arguments of every run."""
    if not checkpoint.exists():
        return [], [arguments]
    saved = torch.load(checkpoint)
    runs = saved.get("runs", [saved["arguments"]])
    if {**runs[-1], "epochs": None} != {**arguments, "epochs": None} or runs[-1]["epochs"] > arguments["epochs"]:
        raise SystemExit(f"{checkpoint} was trained with {runs[-1]}; move it away to start anew")
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["curve"], runs if arguments in runs else [*runs, arguments]


def save(checkpoint, model, optimizer, curve, runs):
    """Whole or not at all."""
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "curve": curve}
    torch.save({**state, "arguments": runs[-1], "runs": runs}, checkpoint.with_suffix(".tmp"))
    checkpoint.with_suffix(".tmp").replace(checkpoint)


def taught_loss(logits, teacher_logits, labels, other_labels, share, weight):
    """Cross entropy with the mixed labels, and T² KL(teacher ‖ network) at temperature T."""
    hard = share * F.cross_entropy(logits, labels) + (1 - share) * F.cross_entropy(logits, other_labels)
    soft = F.kl_div(
        F.log_softmax(logits / TEMPERATURE, 1), F.log_softmax(teacher_logits / TEMPERATURE, 1),
        reduction="batchmean", log_target=True,
    )
    return (1 - weight) * hard + weight * TEMPERATURE**2 * soft


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", choices=VISION)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=0.05, help="weight decay")
    parser.add_argument("--mixup", type=float, default=0.2, help="both parameters of the Beta distribution")
    parser.add_argument("--teacher", choices=MODELS, default="resnet20-cifar10")
    parser.add_argument("--taught", type=float, default=0.9, help="the teacher's part of the loss")
    parser.add_argument("--keep", type=float, default=0.5, help="patches kept (ViT), first part of training")
    parser.add_argument("--keep-until", type=float, default=0.6, help="that part, as a share of the epochs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=HERE / ".data/cifar10")
    parser.add_argument("--out", type=Path, default=HERE / ".checkpoints")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    (train, train_labels), (test, test_labels) = cifar10.load(args.data)

    def tensors(images, labels):
        pixels = torch.from_numpy(images.copy()).permute(0, 3, 1, 2)
        return pixels, torch.from_numpy(labels.astype(np.int64))

    (train, train_labels), (test, test_labels) = tensors(train, train_labels), tensors(test, test_labels)

    model = VISION[args.model]()
    if isinstance(model, ViT):
        mimetic(model)
    teacher = shipped.load(args.teacher).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(decayed(model, args.decay), lr=args.rate, betas=(0.9, 0.99))
    steps = len(train) // args.batch
    total = steps * args.epochs

    arguments = {k: v for k, v in vars(args).items() if k not in ("data", "out")}
    checkpoint = args.out / f"{args.model}.pt"
    curve, runs = resumed(checkpoint, arguments, model, optimizer)

    for epoch in range(len(curve) + 1, args.epochs + 1):
        started, losses = time.time(), []
        torch.manual_seed(args.seed * 1000 + epoch)
        generator = torch.Generator().manual_seed(args.seed * 1000 + epoch)
        mixing = np.random.default_rng(args.seed * 1000 + epoch)
        order = torch.randperm(len(train), generator=generator)
        dropping = isinstance(model, ViT) and epoch <= args.keep_until * args.epochs
        model.train()
        for step in range(steps):
            picked = order[step * args.batch : (step + 1) * args.batch]
            images, labels = augment(train[picked], generator).float(), train_labels[picked]
            share = float(mixing.beta(args.mixup, args.mixup))
            images = share * images + (1 - share) * images.flip(0)
            for group in optimizer.param_groups:
                group["lr"] = args.rate * rate_at((epoch - 1) * steps + step, total, total // 20)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                with torch.no_grad():
                    taught = teacher(images).float()
                logits = (model(images, keep=args.keep) if dropping else model(images)).float()
            loss = taught_loss(logits, taught, labels, labels.flip(0), share, args.taught)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hits = accuracy(model, test, test_labels)
        curve.append({
            "epoch": epoch,
            "loss": round(float(np.mean(losses)), 4),
            "testAccuracy": hits,
            "seconds": round(time.time() - started, 1),
        })
        print(json.dumps(curve[-1]), flush=True)
        save(checkpoint, model, optimizer, curve, runs)


if __name__ == "__main__":
    main()
