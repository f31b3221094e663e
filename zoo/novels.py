"""Seven novels in the public domain, chapter by chapter, and their split into training and held-out.

`fetch_novels.sh` brings the files. Moby-Dick comes as one text file a chapter; Jane Austen's six as
lines in R's serialised form, of which this reads the little that a vector of strings needs.
"""
import gzip
import json
import re
import struct
import zlib
from pathlib import Path

DATA = Path(__file__).parent / ".data"
AUSTEN = {
    "sensesensibility": "Sense and Sensibility", "prideprejudice": "Pride and Prejudice",
    "mansfieldpark": "Mansfield Park", "emma": "Emma", "northangerabbey": "Northanger Abbey",
    "persuasion": "Persuasion",
}
HEADING = re.compile(r"chapter (\d+|[ivxlc]+)\.?( .*)?$", re.IGNORECASE)
NO_TEXT = re.compile(r"(volume [ivx0-9]+|finis|the end)\W*$", re.IGNORECASE)
PLAIN = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u2011": "-", "_": "", "\ufeff": ""})
HELD_OUT_EVERY = 14


class Serialised:
    """Reads R's binary serialisation (version 2 or 3): lists, strings, integers, attributes."""

    def __init__(self, data):
        assert data[:2] == b"X\n", "not R's binary serialisation"
        self.data, self.at, self.symbols = data, 2, []
        version, _, _ = (self.integer() for _ in range(3))
        if version == 3:
            self.take(self.integer())

    def take(self, count):
        self.at += count
        return self.data[self.at - count : self.at]

    def integer(self):
        return struct.unpack(">i", self.take(4))[0]

    def read(self):
        flags = self.integer()
        kind, attributes = flags & 255, flags & 512
        if kind in (254, 242):  # R's NULL, the empty environment
            return None
        if kind == 255:  # a symbol seen before
            return self.symbols[(flags >> 8) - 1]
        if kind == 1:
            self.symbols.append(self.read())
            return self.symbols[-1]
        if kind == 9:
            length = self.integer()
            return None if length < 0 else self.take(length).decode()
        if kind == 2:  # name and value, and on
            _, value, rest = self.read(), self.read(), self.read()
            return [value] + (rest or [])
        if kind in (10, 13):
            values = [self.integer() for _ in range(self.integer())]
        elif kind in (16, 19):
            values = [self.read() for _ in range(self.integer())]
        else:
            raise ValueError(f"R type {kind} at byte {self.at} is not among those that a vector of strings needs")
        extra = self.read() if attributes else None
        return (values, extra) if kind == 19 and extra else values


def austen_lines(name):
    (variables, _, _), _ = Serialised(gzip.decompress((DATA / "austen/Rdata.rdx").read_bytes())).read()
    values, (names,) = variables
    start, length = values[names.index(name)]
    record = (DATA / "austen/Rdata.rdb").read_bytes()[start : start + length]
    return Serialised(zlib.decompress(record[4:])).read()  # four bytes of length stand before


def tidy(text):
    """Paragraphs on one line each, a blank line between; plain quotes, em dashes, no emphasis marks."""
    text = text.translate(PLAIN)
    text = re.sub(r"-{2,}", "—", text)
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text.replace("\r", ""))]
    return "\n\n".join(p for p in paragraphs if p)


def chapters():
    """Every chapter as {"book", "chapter" (a number from 1, volumes run on), "text"}."""
    found = []
    folder = DATA / "moby-dick/data"
    names = [n for n in json.loads((folder / "file_list.json").read_text()) if n.startswith("chapter_")]
    for number, name in enumerate(names, start=1):
        found.append({"book": "Moby-Dick", "chapter": number, "text": tidy((folder / name).read_text())})
    for name, title in AUSTEN.items():
        lines = [line for line in austen_lines(name) if not NO_TEXT.match(line.strip())]
        starts = [i for i, line in enumerate(lines) if HEADING.match(line.strip())]
        for number, (start, end) in enumerate(zip(starts, starts[1:] + [len(lines)]), start=1):
            found.append({"book": title, "chapter": number, "text": tidy("\n".join(lines[start:end]))})
    return found


def split():
    """(training, held-out): every 14th chapter of each book, from its 7th on, is held out."""
    everything = chapters()
    out = [c["chapter"] % HELD_OUT_EVERY == HELD_OUT_EVERY // 2 for c in everything]
    return [c for c, o in zip(everything, out) if not o], [c for c, o in zip(everything, out) if o]


if __name__ == "__main__":
    for title, part in zip(("training", "held out"), split()):
        print(f"{title}: {len(part)} chapters, {sum(len(c['text'].encode()) for c in part):,} bytes")
