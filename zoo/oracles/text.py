"""What a tiny language model says of a text: losses by windows, divergence, cloze items, greedy writing.

    python3 zoo/oracles/text.py

Writes src/engine/language/fixtures/text.json. The model is src/formats/fixtures/hf/llama (random weights,
windows of 32 tokens), in float64; the windows are those of `negative_log_likelihood` in train_lm.py. The
second network is the first without hidden neurons 0 to 19 of each MLP.
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import novels  # noqa: E402
import train_lm  # noqa: E402
from llama import Llama, generate  # noqa: E402
from tokenizer import Tokenizer  # noqa: E402

ROOT = HERE.parent.parent
MODEL = ROOT / "src/formats/fixtures/hf/llama"
OUT = ROOT / "src/engine/language/fixtures/text.json"
WINDOW, GONE = 32, 20


def state_of(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    state = {}
    for name, entry in header.items():
        begin, end = (8 + length + at for at in entry["data_offsets"])
        state[name] = torch.from_numpy(np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).astype(np.float64))
    return state


def network_of(state):
    network = Llama(json.loads((MODEL / "config.json").read_text())).double().eval()
    network.load_state_dict(state)
    return network


def without_neurons(state):
    changed = {name: value.clone() for name, value in state.items()}
    for name, value in changed.items():
        if name.endswith("mlp.down_proj.weight"):
            value[:, :GONE] = 0
    return changed


@torch.no_grad()
def compared(intact, pruned, ids, stride):
    """Every prediction by both networks, each token alone with the tokens that its window shows before it."""
    sums = dict(loss=0.0, intactLoss=0.0, divergence=0.0, agrees=0, error=0.0, energy=0.0)
    for at in range(1, len(ids)):
        end = min(math.ceil(at / stride) * stride, len(ids) - 1)
        row = ids[max(0, end - WINDOW) : at][None]
        z, other = intact(row)[0, -1], pruned(row)[0, -1]
        own, theirs = z.log_softmax(0), other.log_softmax(0)
        sums["loss"] -= theirs[ids[at]].item()
        sums["intactLoss"] -= own[ids[at]].item()
        sums["divergence"] += (own.exp() * (own - theirs)).sum().item()
        sums["agrees"] += int(z.argmax() == other.argmax())
        sums["error"] += (z - other).square().sum().item()
        sums["energy"] += z.square().sum().item()
    count = len(ids) - 1
    return {
        "stride": stride, "tokens": count, "perplexity": math.exp(sums["loss"] / count),
        "intactPerplexity": math.exp(sums["intactLoss"] / count), "divergence": sums["divergence"] / count,
        "agreement": sums["agrees"] / count, "logitError": sums["error"] / sums["energy"],
    }


@torch.no_grad()
def likelihoods(network, tokenizer, item):
    found = []
    for choice in item["choices"]:
        after = tokenizer.encode(choice)
        ids = ([0] + tokenizer.encode(item["context"]) + after)[-WINDOW - 1 :]
        logs = network(torch.tensor([ids[:-1]]))[0].log_softmax(-1)
        found.append(sum(logs[len(ids) - 2 - k, ids[len(ids) - 1 - k]].item() for k in range(len(after))))
    return found


def main():
    torch.set_num_threads(1)
    train_lm.WINDOW = WINDOW
    tokenizer = Tokenizer(MODEL / "tokenizer.json")
    held_out = novels.split()[1]
    chapters = [{"text": held_out[i]["text"][:size]} for i, size in ((0, 260), (5, 170))]
    ids = train_lm.token_stream(tokenizer, chapters)
    state = state_of(MODEL / "model.safetensors")
    intact, pruned = network_of(state), network_of(without_neurons(state))
    items = [
        {"context": "Call me Ishmael. Some", "choices": [" years", " whales", " a", " times"], "answer": 0},
        {"context": held_out[2]["text"][:150], "choices": [" the", " of"], "answer": 1},
    ]
    prompt = "The whale"
    prompted = [0] + tokenizer.encode(prompt)
    oracle = {
        "madeBy": "python3 zoo/oracles/text.py",
        "window": WINDOW, "gone": GONE, "chapters": [c["text"] for c in chapters], "ids": ids.tolist(),
        "losses": {str(s): train_lm.negative_log_likelihood(intact, ids, s) for s in (32, 16, 10, 5)},
        "compared": [compared(intact, pruned, ids, s) for s in (32, 16, 10)],
        "cloze": [{**item, "likelihoods": likelihoods(intact, tokenizer, item)} for item in items],
        "greedy": {"prompt": prompt, "ids": generate(intact, prompted, WINDOW - len(prompted), 0, None)[len(prompted) :]},
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(oracle, ensure_ascii=False, separators=(",", ":")) + "\n")
    print({k: v for k, v in oracle.items() if k not in ("chapters", "ids")})


if __name__ == "__main__":
    main()
