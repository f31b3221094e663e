"""Oracles for src/unlearning: python3 zoo/oracles/unlearning.py  (NumPy 1.24; float64; seeded)

Expected values do not come from Gram formulas: forget-aware least squares is numpy.linalg.lstsq on
all rows, those of forget samples times sqrt(mu), each kind divided by the square root of its number
of samples, with a column of ones for the bias; the ridge probe is lstsq with rows appended for the
ridge. Writes src/unlearning/fixtures/oracle.json.
"""
import json
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "unlearning" / "fixtures" / "oracle.json"


def forget_aware(rng, n=3, p=2, m=2, positions=3, retain=9, forget=7, mu=0.3, kept=(0, 2)):
    width = n * p
    scale = np.linspace(0.5, 1.5, width)
    X = {"retain": scale * rng.standard_normal((retain, positions, width)),
         "forget": scale * rng.standard_normal((forget, positions, width)) + 0.4}
    Y = {"retain": rng.standard_normal((retain, positions, m)),
         "forget": np.broadcast_to(rng.standard_normal((positions, m)), (forget, positions, m))}
    columns = [i * p + q for i in kept for q in range(p)]
    rows, targets = [], []
    for kind, weight in (("retain", 1.0), ("forget", mu)):
        samples = X[kind].shape[0]
        root = np.sqrt(weight / samples)
        design = np.concatenate([X[kind][..., columns], np.ones((samples, positions, 1))], axis=2)
        rows.append(root * design.reshape(-1, len(columns) + 1))
        targets.append(root * Y[kind].reshape(-1, m))
    rows, targets = np.concatenate(rows), np.concatenate(targets)
    solved = np.linalg.lstsq(rows, targets, rcond=None)[0]
    return {
        "n": n, "p": p, "m": m, "positions": positions, "mu": mu, "kept": list(kept),
        "retain": {"inputs": X["retain"].tolist(), "targets": Y["retain"].tolist()},
        "forget": {"inputs": X["forget"].tolist(), "targets": Y["forget"].tolist()},
        "weights": solved[:-1].T.ravel().tolist(),
        "bias": solved[-1].tolist(),
        "error": float(((targets - rows @ solved) ** 2).sum()),
    }


def probe(rng, count=24, size=5, classes=3, ridge=0.1):
    labels = np.arange(count) % classes
    X = rng.standard_normal((count, size)) + 0.8 * rng.standard_normal((classes, size))[labels]
    Y = np.eye(classes)[labels]
    centred = X - X.mean(0)
    # relative to the mean diagonal of the Gram, as src/fidelity/cholesky.ts has it
    lam = ridge * (centred ** 2).sum() / size
    rows = np.concatenate([np.c_[X, np.ones(count)], np.c_[np.sqrt(lam) * np.eye(size), np.zeros(size)]])
    solved = np.linalg.lstsq(rows, np.concatenate([Y, np.zeros((size, classes))]), rcond=None)[0]
    return {
        "count": count, "size": size, "classes": classes, "ridge": ridge,
        "features": X.ravel().tolist(), "labels": labels.tolist(),
        "weights": solved[:-1].T.ravel().tolist(), "bias": solved[-1].tolist(),
        "found": np.argmax(X @ solved[:-1] + solved[-1], axis=1).tolist(),
    }


if __name__ == "__main__":
    rng = np.random.default_rng(11)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"forgetAware": forget_aware(rng), "probe": probe(rng)}) + "\n")
