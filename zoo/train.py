"""Trains a zoo model on CIFAR-10 with the CPU and writes a checkpoint and the learning curve.

    python3 zoo/train.py resnet20-cifar10 --epochs 48 --seed 1

SGD with Nesterov momentum, a linear warm-up of 10 % of the steps and a linear decay to zero;
random crops (padding 4) and horizontal flips. Convolutions run in bfloat16 under autocast,
the weights stay float32, and the reported accuracy is measured in float32 with the full
10,000 test images. Stopped runs continue from their last epoch; called again with more epochs,
training goes on at the rate that the longer schedule has at that point. The checkpoint keeps the
arguments of every such call. With `--without CLASS` the network never sees that class: the reference
that forgetting is held against; accuracy is then that of the other classes.
"""
import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import cifar10
from models import MODELS

HERE = Path(__file__).parent


def augment(images, generator):
    """uint8 `count x 3 x 32 x 32`: shifts each by up to 4 pixels (zero padded), flips half."""
    count = len(images)
    padded = F.pad(images, (4, 4, 4, 4))
    dy = torch.randint(0, 9, (count, 1), generator=generator)
    dx = torch.randint(0, 9, (count, 1), generator=generator)
    flip = torch.rand(count, 1, generator=generator) < 0.5
    rows = torch.arange(32)[None] + dy
    columns = torch.arange(32)[None] + dx
    columns = torch.where(flip, columns.flip(1), columns)
    which = torch.arange(count)
    picked = padded.permute(0, 2, 3, 1)[which[:, None, None], rows[:, :, None], columns[:, None, :]]
    return picked.permute(0, 3, 1, 2)  # channels_last in memory


@torch.no_grad()
def accuracy(model, images, labels):
    model.eval()
    hits = sum(
        (model(images[i : i + 500].float()).argmax(1) == labels[i : i + 500]).sum().item()
        for i in range(0, len(images), 500)
    )
    return hits / len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--epochs", type=int, default=48)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.2, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=5e-4, help="weight decay")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", type=int, metavar="CLASS", help="leave this class out")
    parser.add_argument("--data", type=Path, default=HERE / ".data/cifar10")
    parser.add_argument("--out", type=Path, default=HERE / ".checkpoints")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    (train, train_labels), (test, test_labels) = cifar10.load(args.data)

    def tensor(images):
        return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)

    train, test = tensor(train), tensor(test)
    train_labels = torch.from_numpy(train_labels.astype(np.int64))
    test_labels = torch.from_numpy(test_labels.astype(np.int64))

    if args.without is not None:
        stays, tested = train_labels != args.without, test_labels != args.without
        train, train_labels, test, test_labels = train[stays], train_labels[stays], test[tested], test_labels[tested]

    model = MODELS[args.model]().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=args.rate, momentum=0.9, weight_decay=args.decay, nesterov=True
    )
    steps = len(train) // args.batch
    total = steps * args.epochs
    warmup = total // 10
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warmup, (total - s) / (total - warmup))
    )

    args.out.mkdir(parents=True, exist_ok=True)
    arguments = {k: v for k, v in vars(args).items() if k not in ("data", "out") and v is not None}
    name = args.model if args.without is None else f"{args.model}-without-{args.without}"
    checkpoint, curve, runs = args.out / f"{name}.pt", [], []
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        curve = saved["curve"]
        runs = saved.get("runs", [saved["arguments"]])
    if arguments not in runs:
        runs.append(arguments)

    for epoch in range(len(curve) + 1, args.epochs + 1):
        started, losses = time.time(), []
        generator = torch.Generator().manual_seed(args.seed * 1000 + epoch)
        order = torch.randperm(len(train), generator=generator)
        model.train()
        for step in range(steps):
            picked = order[step * args.batch : (step + 1) * args.batch]
            images = augment(train[picked], generator).float()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = F.cross_entropy(model(images).float(), train_labels[picked])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        curve.append(
            {
                "epoch": epoch,
                "loss": round(float(np.mean(losses)), 4),
                "testAccuracy": accuracy(model, test, test_labels),
                "seconds": round(time.time() - started, 1),
            }
        )
        print(json.dumps(curve[-1]), flush=True)
        torch.save(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "curve": curve,
                "arguments": arguments,
                "runs": runs,
            },
            checkpoint.with_suffix(".tmp"),
        )
        checkpoint.with_suffix(".tmp").replace(checkpoint)  # whole or not at all


if __name__ == "__main__":
    main()
