"""Trains the novels' byte-pair tokenizer on the training chapters and writes its tokenizer.json.

    python3 zoo/train_tokenizer.py --size 2048
"""
import argparse
import json
from pathlib import Path

import novels
from tokenizer import Tokenizer, tokenizer_json, train

HERE = Path(__file__).parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--out", type=Path, default=HERE / ".checkpoints/novels-tokenizer.json")
    args = parser.parse_args()

    training, held_out = ([c["text"] for c in part] for part in novels.split())
    made = tokenizer_json(train(training, args.size))
    assert len(made["model"]["vocab"]) == args.size
    args.out.write_text(json.dumps(made, ensure_ascii=False) + "\n")
    tokenizer = Tokenizer(args.out)
    for name, texts in (("training", training), ("held out", held_out)):
        ids = [tokenizer.encode(text) for text in texts]
        assert [tokenizer.decode(i) for i in ids] == texts
        bytes_, tokens = sum(len(t.encode()) for t in texts), sum(map(len, ids))
        print(f"{name}: {bytes_:,} bytes, {tokens:,} tokens, {bytes_ / tokens:.3f} bytes a token")


if __name__ == "__main__":
    main()
