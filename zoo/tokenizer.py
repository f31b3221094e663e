"""A byte-level byte-pair tokenizer (Sennrich et al. 2016; Radford et al. 2019): training and use.

The file it writes is Hugging Face's `tokenizer.json` (model BPE, pre-tokenizer and decoder ByteLevel),
so that any library that reads such files splits text into the same tokens.
"""
import heapq
import json
import re
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path

END_OF_TEXT = "<|endoftext|>"
# GPT-2's pattern, \p{L} and \p{N} in the terms of Python's `re`
PATTERN = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")


def byte_letters():
    """The printable letter that stands for each byte, as in GPT-2."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    letters = {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(others)}
    return [letters[b] for b in range(256)]


LETTERS = byte_letters()


def words(text):
    return ["".join(LETTERS[b] for b in word.encode()) for word in PATTERN.findall(text)]


def merged(symbols, pair):
    out, i = [], 0
    while i < len(symbols):
        if tuple(symbols[i : i + 2]) == pair:
            out.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return out


def train(texts, size):
    """Merges of the most frequent pair, again and again (ties: the smaller pair), up to `size` tokens."""
    counts = Counter(word for text in texts for word in words(text))
    spelled = [(list(word), count) for word, count in counts.items()]
    frequency, places = Counter(), defaultdict(set)
    for i, (symbols, count) in enumerate(spelled):
        for pair in zip(symbols, symbols[1:]):
            frequency[pair] += count
            places[pair].add(i)
    heap = [(-n, pair) for pair, n in frequency.items()]
    heapq.heapify(heap)
    merges, tokens = [], {*LETTERS}
    while len(tokens) + 1 < size:  # one is the end of text
        negative, pair = heapq.heappop(heap)
        if -negative != frequency[pair]:
            continue  # its count has changed since
        merges.append(pair)
        tokens.add("".join(pair))
        changed = set()
        for i in places.pop(pair):
            symbols, count = spelled[i]
            for old in zip(symbols, symbols[1:]):
                frequency[old] -= count
                changed.add(old)
            symbols = merged(symbols, pair)
            for new in zip(symbols, symbols[1:]):
                frequency[new] += count
                places[new].add(i)
                changed.add(new)
            spelled[i] = (symbols, count)
        for each in changed:
            if frequency[each] > 0:
                heapq.heappush(heap, (-frequency[each], each))
    return merges


def tokenizer_json(merges):
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    vocabulary = {END_OF_TEXT: 0}
    for token in [*LETTERS, *("".join(pair) for pair in merges)]:
        vocabulary.setdefault(token, len(vocabulary))
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{
            "id": 0, "content": END_OF_TEXT, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True,
        }],
        "normalizer": None, "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "vocab": vocabulary, "merges": [" ".join(pair) for pair in merges],
        },
    }


class Tokenizer:
    """Text to ids and back, by a tokenizer.json of the kind above."""

    def __init__(self, path):
        model = json.loads(Path(path).read_text())["model"]
        self.ids = model["vocab"]
        self.rank = {tuple(pair.split(" ")): i for i, pair in enumerate(model["merges"])}
        self.tokens = {i: token for token, i in self.ids.items()}
        self.bytes = {letter: b for b, letter in enumerate(LETTERS)}
        self.word_ids = lru_cache(None)(self._word_ids)

    def _word_ids(self, word):
        symbols = list(word)
        while len(symbols) > 1:
            pair = min(zip(symbols, symbols[1:]), key=lambda p: self.rank.get(p, len(self.rank)))
            if pair not in self.rank:
                break
            symbols = merged(symbols, pair)
        return [self.ids[s] for s in symbols]

    def encode(self, text):
        return [i for word in words(text) for i in self.word_ids(word)]

    def decode(self, ids):
        letters = "".join(self.tokens[i] for i in ids if i != 0)
        return bytes(self.bytes[letter] for letter in letters).decode(errors="replace")
