"""Trains the zoo's language model on the training chapters of seven novels, with the CPU.

    python3 zoo/train_lm.py --epochs 10 --seed 1

AdamW with a linear warm-up of 5 % of the steps and a cosine decay to a tenth of the peak rate; windows
of 256 tokens from a new offset every epoch; dropout on what each block adds. Runs in bfloat16 under
autocast with float32 weights. The curve's perplexity is that of the held-out chapters, by disjoint
windows. Stopped and shorter runs continue as in train_vision.py.
"""
import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import novels
from llama import Llama, NOVELS, generate
from tokenizer import Tokenizer
from train_vision import rate_at, resumed, save

HERE = Path(__file__).parent
WINDOW = NOVELS["max_position_embeddings"]


def token_stream(tokenizer, chapters):
    """Ids of the chapters in order, each begun by the end of text (0); int64."""
    return torch.tensor([i for c in chapters for i in [0] + tokenizer.encode(c["text"])])


@torch.no_grad()
def negative_log_likelihood(model, ids, stride=WINDOW, batch=16):
    """Sum over all tokens but the first, in nats; each is predicted from at least `WINDOW − stride` others
    (from all there are at the start). Windows start every `stride` tokens and score their last `stride`."""
    model.eval()
    total, starts = 0.0, list(range(0, len(ids) - 1, stride))
    for first in range(0, len(starts), batch):
        rows = []
        for end in (min(start + stride, len(ids) - 1) for start in starts[first : first + batch]):
            begin = max(0, end - WINDOW)
            scored = end - (end - 1) // stride * stride
            row = F.pad(ids[begin : end + 1], (0, WINDOW - (end - begin)))
            rows.append((row, end - begin - scored, end - begin))
        windows = torch.stack([row for row, _, _ in rows])
        logits = model(windows[:, :-1]).float()
        for (row, start, end), each in zip(rows, logits):
            total += F.cross_entropy(each[start:end], row[start + 1 : end + 1], reduction="sum").item()
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=16, help="windows a step")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=0.1, help="weight decay of the matrices")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokenizer", type=Path, default=HERE / ".checkpoints/novels-tokenizer.json")
    parser.add_argument("--out", type=Path, default=HERE / ".checkpoints")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    tokenizer = Tokenizer(args.tokenizer)
    training, held_out = novels.split()
    held_out_bytes = sum(len(c["text"].encode()) for c in held_out)
    train, test = token_stream(tokenizer, training), token_stream(tokenizer, held_out)

    model = Llama(NOVELS, args.dropout)
    matrices = [p for p in model.parameters() if p.ndim > 1]
    norms = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": args.decay}, {"params": norms, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=args.rate, betas=(0.9, 0.95))
    steps = (len(train) // WINDOW - 1) // args.batch
    total = steps * args.epochs

    arguments = {k: v for k, v in vars(args).items() if k not in ("tokenizer", "out")}
    checkpoint = args.out / "novels-lm.pt"
    curve, runs = resumed(checkpoint, arguments, model, optimizer)

    for epoch in range(len(curve) + 1, args.epochs + 1):
        started, losses = time.time(), []
        torch.manual_seed(args.seed * 1000 + epoch)
        offset = int(torch.randint(WINDOW, ()))
        order = torch.randperm((len(train) - 1 - offset) // WINDOW)
        model.train()
        for step in range(steps):
            at = offset + order[step * args.batch : (step + 1) * args.batch, None] * WINDOW
            windows = train[at + torch.arange(WINDOW + 1)]
            share = rate_at((epoch - 1) * steps + step, total, total // 20, least=0.1)
            for group in optimizer.param_groups:
                group["lr"] = args.rate * share
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(windows[:, :-1])
            loss = F.cross_entropy(logits.float().flatten(0, 1), windows[:, 1:].flatten())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
        with torch.autocast("cpu", dtype=torch.bfloat16):
            nats = negative_log_likelihood(model, test)
        curve.append({
            "epoch": epoch,
            "loss": round(float(np.mean(losses)), 4),
            "perplexity": round(math.exp(nats / (len(test) - 1)), 3),
            "bitsPerByte": round(nats / math.log(2) / held_out_bytes, 4),
            "seconds": round(time.time() - started, 1),
        })
        print(json.dumps(curve[-1]), flush=True)
        save(checkpoint, model, optimizer, curve, runs)
        sample = generate(model, [0], 60, 0.8, torch.Generator().manual_seed(args.seed))
        print(tokenizer.decode(sample), flush=True)


if __name__ == "__main__":
    main()
