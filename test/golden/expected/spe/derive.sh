#!/bin/sh
# Makes the expected packet texts anew: `sh derive.sh [PERF]`, run in this folder with perf 7.2 (6.1 words some packets differently).
# Small ones are kept as text, large ones as SHA-256.
set -eu
perf=${1:-perf}
fixtures=../../../fixtures/spe
packets() {
  # perf reads a pipe-mode file from its standard input only.
  "$perf" report -D -i - <"$1" 2>/dev/null | grep -aE '^\.  [0-9a-f]{8}:  |ARM SPE data'
}
packets_of_file() {
  "$perf" report -D -i "$1" 2>/dev/null | grep -aE '^\.  [0-9a-f]{8}:  |ARM SPE data'
}
for name in one-record v2meta malformed variant-zstd every-packet; do
  packets_of_file "$fixtures/$name.perf.data" | gzip -9n >"$name.packets.txt.gz"
done
packets "$fixtures/variant-pipe.perf.data" | gzip -9n >variant-pipe.packets.txt.gz
for name in perthread percpu-2cpu gaps; do
  printf '%s  %s\n' "$(packets_of_file "$fixtures/$name.perf.data" | sha256sum | cut -d' ' -f1)" "$name"
done >packets.sha256
"$perf" --version >perf-version.txt
