"""Makes pictures from a zoo network alone: what to calibrate it with for who has no data.

    python3 zoo/invert.py resnet20-cifar10 --count 1000 --seed 1

Synthesis by inversion, after Yin et al., Dreaming to Distill (CVPR 2020), section 3.2: pixels are
optimised by Adam until

* every batch norm receives channels of the mean and variance that it has stored,
* the network puts each picture in its target class (the classes in turn),
* and neighbouring pixels differ little (total variation), under random shifts and flips.

Ours: a batch starts from 1/f noise in natural colours instead of white noise, both statistics are
measured in stored deviations so that every layer weighs the same, and the rate falls to zero by a
cosine. The same loss runs in the page (src/engine/inversion). No picture of the data set is read.
"""
import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import cifar10
from models import MODELS
from pack_cifar10 import COLUMNS, PER_SHEET, ROWS, SIDE, write_sheet

HERE = Path(__file__).parent
CENTRE, SPREAD = 120.0, 64.0  # what the zoo's networks take as zero and one
LARGEST_SHEET = 3_000_000
FLOOR = 0.01  # stored variances count as at least this share of their layer's mean


class NormInputs:
    """The distance of every batch norm's input from its stored statistics, gathered in a forward pass."""

    def __init__(self, model):
        self.distances = []
        self.norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
        for norm in self.norms:
            norm.register_forward_pre_hook(self.measure)

    def measure(self, norm, inputs):
        variance, mean = torch.var_mean(inputs[0].float(), (0, 2, 3), unbiased=False)
        stored = norm.running_var + norm.eps
        stored = stored.clamp(min=FLOOR * stored.mean().item())
        shift = (mean - norm.running_mean) ** 2 / stored
        wanted = (norm.running_var + norm.eps).sqrt()
        stretch = ((variance + norm.eps).sqrt() - wanted) ** 2 / stored
        self.distances.append((shift + stretch).mean())

    def take(self):
        distances, self.distances = torch.stack(self.distances), []
        return distances


# Principal axes and variances of natural RGB values in 0-1 (Krizhevsky et al. 2012; numbers of fb.resnet.torch)
AXES = torch.tensor([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
ROOT = AXES * torch.tensor([0.2175, 0.0188, 0.0045]).sqrt() * 255 / SPREAD


def coloured_noise(count, generator):
    """1/f noise with natural pictures' colour covariance, in spreads: `count x 3 x 32 x 32`."""
    frequency = torch.fft.fftfreq(SIDE)
    radius = (frequency[:, None] ** 2 + frequency[None] ** 2).sqrt().clamp(min=1 / SIDE)
    white = torch.randn(count, 3, SIDE, SIDE, generator=generator)
    pink = torch.fft.ifft2(torch.fft.fft2(white) / radius).real
    return torch.einsum("naij,ca->ncij", pink / pink.std(), ROOT)


def variation(pixels):
    """Mean squared step between neighbours, diagonal ones included."""
    steps = (
        pixels[:, :, 1:] - pixels[:, :, :-1],
        pixels[:, :, :, 1:] - pixels[:, :, :, :-1],
        pixels[:, :, 1:, 1:] - pixels[:, :, :-1, :-1],
        pixels[:, :, 1:, :-1] - pixels[:, :, :-1, 1:],
    )
    return sum(step.square().mean() for step in steps)


def invert(model, norms, labels, steps, rate, weights, generator, report):
    """Optimises one batch; returns float pixels `count x 3 x 32 x 32`, 0-255, and the loss curve."""
    lowest, highest = -CENTRE / SPREAD, (255 - CENTRE) / SPREAD
    x = coloured_noise(len(labels), generator).clamp(lowest, highest).contiguous(memory_format=torch.channels_last)
    x.requires_grad_()
    optimizer = torch.optim.Adam([x], lr=rate, betas=(0.9, 0.99), eps=1e-12)
    curve = []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        dy, dx = torch.randint(-weights.shift, weights.shift + 1, (2,), generator=generator).tolist()
        seen = x.roll((dy, dx), (2, 3))
        if torch.rand((), generator=generator) < 0.5:
            seen = seen.flip(3)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = model(seen * SPREAD + CENTRE).float()
        statistics = norms.take()
        entropy = F.cross_entropy(scores, labels)
        smooth = variation(x)
        loss = weights.statistics * statistics.mean() + weights.classes * entropy + weights.smooth * smooth + weights.small * x.square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            x.clamp_(lowest, highest)
        curve.append(loss.item())
        if step % 50 == 0 or step == steps - 1:
            report(step, loss.item(), statistics.mean().item(), entropy.item(), smooth.item())
    return (x.detach() * SPREAD + CENTRE).round().clamp(0, 255), curve


def fill(args, model, norms):
    """All pictures as uint8 `count x 32 x 32 x 3`, and their target classes."""
    classes, started, pictures = len(cifar10.CLASSES), time.time(), []
    labels = torch.arange(args.count) % classes
    for first in range(0, args.count, args.batch):
        own = labels[first : first + args.batch]
        generator = torch.Generator().manual_seed(args.seed * 1_000_000 + first)

        def report(step, *values):
            shown = " ".join(f"{value:.4f}" for value in values)
            print(f"{first} {step}: {shown}, {time.time() - started:.0f} s", flush=True)

        pictures.append(invert(model, norms, own, args.steps, args.rate, args, generator, report)[0])
    return torch.cat(pictures).permute(0, 2, 3, 1).to(torch.uint8).numpy(), labels.numpy()


@torch.no_grad()
def judge(model, norms, pictures, labels):
    """Share of the pictures that the float32 network puts in their target class; mean distance of the statistics."""
    hits, distances = 0, []
    for first in range(0, len(pictures), 250):
        scores = model(torch.from_numpy(pictures[first : first + 250]).permute(0, 3, 1, 2).float())
        hits += (scores.argmax(1).numpy() == labels[first : first + 250]).sum()
        distances.append(norms.take().mean().item())
    return hits / len(pictures), float(np.mean(distances))


README = """# {count} pictures made from {model} alone

By inversion: pixels optimised until every norm layer of the network receives the statistics that it has
stored, and the network puts each picture in its target class. No picture of the data set was read; they are
for calibrating the network where there is no data. One sheet of {side} x {side} RGB tiles, {rows} rows of {columns},
row by row; one byte a target class in `train-labels.bin`, in the same order: the classes in turn.

    {command}

Seed {seed}; {seconds:.0f} s of CPU time; batches of {batch}, {steps} steps each.

* {share:.1%} of them lie in their target class by the network in float32.
* Their channels' means and deviations at the norm layers differ from the stored ones by {distance:.3f} (mean
  squared difference in stored deviations; batches of 250).

The method is that of Yin et al., Dreaming to Distill (CVPR 2020), with changes that `zoo/invert.py` names.
The pictures are under the project's MIT licence.
"""


def write(folder, args, pictures, labels, share, distance, seconds):
    folder.mkdir(parents=True, exist_ok=True)
    blank = np.zeros((PER_SHEET - len(pictures), SIDE, SIDE, 3), np.uint8)
    write_sheet(folder / "train-00.png", np.concatenate([pictures, blank]), LARGEST_SHEET)
    labels.astype(np.uint8).tofile(folder / "train-labels.bin")
    command = f"python3 zoo/invert.py {args.model} --count {args.count} --batch {args.batch} --steps {args.steps} --seed {args.seed}"
    index = {
        "id": f"{args.model}-inversion",
        "name": f"Inversion of {args.model}",
        "classes": cifar10.CLASSES,
        "image": {"height": SIDE, "width": SIDE, "channels": 3},
        "tiles": {"columns": COLUMNS, "rows": ROWS},
        "splits": {
            "train": {
                "count": len(pictures),
                "sheets": [{"file": "train-00.png", "count": len(pictures)}],
                "labels": "train-labels.bin",
            },
            "test": {"count": 0, "sheets": [], "labels": ""},
        },
        "provenance": {"script": "zoo/invert.py", "command": command, "seed": args.seed},
        "inTargetClass": round(share, 4),
        "licence": "MIT",
    }
    (folder / "index.json").write_text(json.dumps(index) + "\n")
    (folder / "README.md").write_text(
        README.format(
            count=len(pictures), model=args.model, side=SIDE, rows=ROWS, columns=COLUMNS, command=command,
            seed=args.seed, seconds=seconds, batch=args.batch, steps=args.steps, share=share, distance=distance,
        )
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--count", type=int, default=1000, help=f"at most {PER_SHEET}")
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rate", type=float, default=0.1, help="of Adam, in spreads of 64 grey levels")
    parser.add_argument("--statistics", type=float, default=10.0, help="weight of the norm layers' statistics")
    parser.add_argument("--classes", type=float, default=1.0, help="weight of the cross entropy")
    parser.add_argument("--smooth", type=float, default=0.1, help="weight of the total variation")
    parser.add_argument("--small", type=float, default=0.001, help="weight of the mean square")
    parser.add_argument("--shift", type=int, default=2, help="greatest shift, in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoints", type=Path, default=HERE / ".checkpoints")
    parser.add_argument("--out", type=Path, help="folder (default: the model's own under public/models)")
    parser.add_argument("--npy", type=Path, help="also write the pictures here")
    args = parser.parse_args()
    if args.count > PER_SHEET:
        parser.error(f"a sheet holds {PER_SHEET} pictures")

    model = MODELS[args.model]()
    model.load_state_dict(torch.load(args.checkpoints / f"{args.model}.pt")["model"])
    model = model.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    norms, began = NormInputs(model), time.process_time()
    pictures, labels = fill(args, model, norms)
    seconds = time.process_time() - began
    share, distance = judge(model, norms, pictures, labels)
    print(f"{share:.4f} in their target class, statistics {distance:.4f}, {seconds:.0f} s of CPU time", flush=True)
    out = args.out or HERE.parent / "public/models" / args.model / "inversion"
    write(out, args, pictures, labels, share, distance, seconds)
    if args.npy:
        np.save(args.npy, pictures)


if __name__ == "__main__":
    main()
