"""Oracles for src/fidelity: python3 zoo/oracles/fidelity.py  (NumPy 1.24, PyTorch 1.13; float64; seeded)

Each fixture is a real layer on random pictures. Expected values do not come from the Gram
formulas under test: every contribution A_ci is convolved by itself, and every fidelity is the
residual of numpy.linalg.lstsq on explicit contributions or patches. A ridge lambda is rows
appended to the system, sqrt(lambda) (v - w); a bias is one more column, of ones, that no row
penalises. Writes src/fidelity/fixtures/<name>.json.
"""
import itertools
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "fidelity" / "fixtures"


def images(rng, samples, channels, side):
    """Rectified, correlated between channels, with unequal scales: like activations."""
    shared = rng.standard_normal((samples, 1, side, side))
    own = rng.standard_normal((samples, channels, side, side))
    scale = np.linspace(0.4, 1.6, channels)[None, :, None, None]
    return np.maximum(0.0, scale * (own + 0.6 * shared + 0.2))


def fixture(name, x, present, weight, stride, padding, subsets, ridge):
    """x: inputs of the intact network (target); present: inputs that the pruned layer sees."""
    samples, n = x.shape[:2]
    m, _, kh, kw = weight.shape
    p = kh * kw
    conv = lambda a, w: F.conv2d(torch.from_numpy(a), torch.from_numpy(w), stride=stride, padding=padding).numpy()
    # (m, samples * positions): one long vector per output; divided by sqrt(samples), a dot product is E<., .>
    flat = lambda y: np.moveaxis(y, 1, 0).reshape(y.shape[1], -1) / np.sqrt(samples)
    Y = flat(conv(x, weight))
    A = np.stack([
        np.stack([flat(conv(present[:, i:i + 1], weight[c:c + 1, i:i + 1]))[0] for i in range(n)]) for c in range(m)
    ])  # (m, n, samples * positions)
    X = F.unfold(torch.from_numpy(present), (kh, kw), stride=stride, padding=padding).numpy()
    X = np.moveaxis(X, 1, 0).reshape(n * p, -1) / np.sqrt(samples)  # component-major patches
    W = weight.reshape(m, n * p)
    assert np.allclose(A.sum(1), W @ X)

    ones = np.full((1, X.shape[1]), 1 / np.sqrt(samples))  # E[sum 1 * .] is a dot product with it

    energy = (Y ** 2).sum(1)
    absolute = ridge * np.mean(np.diag(X @ X.T))

    def lstsq(columns, target, prior, penalty):
        """argmin |target - v columns|^2 + |penalty (v - prior)|^2 and its value"""
        system = np.vstack([columns.T, np.diag(penalty)])
        right = np.concatenate([target, penalty * prior])
        v = np.linalg.lstsq(system, right, rcond=None)[0]
        return v, ((right - system @ v) ** 2).sum(), ((target - v @ columns) ** 2).sum()

    cases = []
    for subset in subsets:
        C = list(subset)
        features = [i * p + q for i in C for q in range(p)]
        for lam in (0.0, absolute):
            delta, scale, scale_plain, refit, least, least_plain = [], [], [], [], [], []
            biased, bias, beside, beside_plain = [], [], [], []
            for c in range(m):
                norms = np.sqrt(lam) * np.linalg.norm(weight[c, C].reshape(len(C), -1), axis=1)
                v, value, plain = lstsq(A[c, C], Y[c], np.ones(len(C)), norms)
                delta.append(v.tolist()); scale.append(value); scale_plain.append(plain)
                penalty = np.full(len(features), np.sqrt(lam))
                v, value, plain = lstsq(X[features], Y[c], W[c, features], penalty)
                refit.append(v.tolist()); least.append(value); least_plain.append(plain)
                v, value, plain = lstsq(np.vstack([X[features], ones]), Y[c], np.append(W[c, features], 0), np.append(penalty, 0))
                biased.append(v[:-1].tolist()); bias.append(v[-1]); beside.append(value); beside_plain.append(plain)
            none = [((Y[c] - A[c, C].sum(0)) ** 2).sum() for c in range(m)]
            total = energy.sum()
            cases.append({
                "subset": C,
                "ridge": 0 if lam == 0 else ridge,
                "delta": delta,
                "leastSquaresWeights": refit,
                "leastSquaresBiasWeights": biased,
                "bias": bias,
                "fidelity": {k: 1 - sum(r) / total for k, r in (("none", none), ("scale", scale), ("leastSquares", least), ("leastSquaresBias", beside))},
                "reached": {k: 1 - sum(r) / total
                            for k, r in (("none", none), ("scale", scale_plain), ("leastSquares", least_plain), ("leastSquaresBias", beside_plain))},
                "outputFidelity": [1 - r / e for r, e in zip(scale, energy)],
            })
    singleton = [[1 - lstsq(A[c, [i]], Y[c], np.ones(1), np.zeros(1))[1] / energy[c] for i in range(n)] for c in range(m)]
    data = {
        "n": n, "p": p, "m": m,
        "gram": (X @ X.T).ravel().tolist(), "cross": (Y @ X.T).ravel().tolist(),
        "energy": energy.tolist(), "weights": W.ravel().tolist(),
        "means": {"input": (X @ ones[0]).tolist(), "output": (Y @ ones[0]).tolist(), "positions": X.shape[1] // samples},
        "crossEnergy": np.einsum("cit,ct->ci", A, Y).ravel().tolist(),
        "ownEnergy": (A ** 2).sum(2).ravel().tolist(),
        "pairEnergy": [(A[c] @ A[c].T).ravel().tolist() for c in range(m)],
        "singleton": np.ravel(singleton).tolist(),
        "cases": cases,
    }
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(data, separators=(",", ":")) + "\n")
    print(path.name, path.stat().st_size, "bytes; condition of G", f"{np.linalg.cond(X @ X.T):.0f}")


rng = np.random.default_rng(20260)

x = images(rng, 8, 4, 6)
fixture("conv", x, x, rng.standard_normal((3, 4, 3, 3)) / 6, 1, 1,
        [[2], [0, 3], [3, 1, 2], [0, 1, 2, 3]], 1e-2)

x = images(rng, 40, 5, 1)
fixture("dense", x, x, rng.standard_normal((4, 5, 1, 1)),
        1, 0, [s for k in (1, 3, 5) for s in itertools.combinations(range(5), k)], 1e-2)

# A zero weight: scaling cannot reach it, least squares can.
sparse = rng.standard_normal((3, 4, 1, 1))
sparse[1, 2] = 0
x = images(rng, 40, 4, 1)
fixture("sparseDense", x, x, sparse, 1, 0, [[0, 2], [1, 2, 3], [0, 1, 2, 3]], 1e-2)

# Sequential: the layer sees the inputs of an already pruned network, its target is the intact one.
x = images(rng, 10, 3, 7)
present = 0.8 * x + 0.3 * images(rng, 10, 3, 7)
present[:, 1] *= 0.5
fixture("sequential", x, present, rng.standard_normal((3, 3, 2, 2)) / 3, 2, 0,
        [[1], [2, 0], [0, 1, 2]], 1e-2)
