"""Writes safetensors files: eight bytes of header length, the header as JSON, then raw little-endian data.

Format: https://github.com/huggingface/safetensors (README, "Format").
"""
import json

import torch

DTYPES = {"f32": ("F32", torch.float32), "f16": ("F16", torch.float16), "bf16": ("BF16", torch.bfloat16)}


def rounded(state, dtype):
    """The tensors as the file will hold them, for oracles."""
    return {name: value.to(DTYPES[dtype][1]) if value.is_floating_point() else value for name, value in state.items()}


def raw(tensor):
    tensor = tensor.detach().contiguous()
    return (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes()


def write(path, state, dtype="f32", metadata=None):
    """Floating tensors of `state` (name to tensor) in the dtype, others as int64; returns the file's size."""
    header, data = {"__metadata__": {"format": "pt", **(metadata or {})}}, []
    at = 0
    for name, tensor in rounded(state, dtype).items():
        if not tensor.is_floating_point():
            tensor = tensor.long()
        data.append(raw(tensor))
        kind = DTYPES[dtype][0] if tensor.is_floating_point() else "I64"
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [at, at + len(data[-1])]}
        at += len(data[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))
    return path.stat().st_size


def write_sharded(folder, state, dtype, largest):
    """`model-0000i-of-0000n.safetensors` of at most `largest` bytes of data each, and the index."""
    shards, size = [{}], 0
    for name, tensor in rounded(state, dtype).items():
        bytes_ = tensor.numel() * tensor.element_size()
        if shards[-1] and size + bytes_ > largest:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += bytes_
    files = [f"model-{i:05}-of-{len(shards):05}.safetensors" for i in range(1, len(shards) + 1)]
    for file, shard in zip(files, shards):
        write(folder / file, shard, dtype)
    total = sum(t.numel() * t.element_size() for shard in shards for t in shard.values())
    index = {
        "metadata": {"total_size": total},
        "weight_map": {name: file for file, shard in zip(files, shards) for name in shard},
    }
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
