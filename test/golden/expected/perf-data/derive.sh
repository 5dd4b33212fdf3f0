#!/bin/sh
# Makes the expected texts of tracepoints in perf.data anew: `sh derive.sh [PERF]`, run in this folder with perf 6.1 (perf 7
# prints some events by plugins of libtraceevent instead of by their formats).
set -eu
perf=${1:-perf}
fixtures=../../../fixtures/perf-data
for name in kvm-zstd; do
  # --guest-code: perf leaves out samples taken while a vCPU is loaded without it.
  "$perf" script --ns --guest-code -F comm,tid,cpu,time,event,trace -i "$fixtures/$name.perf.data" 2>/dev/null | gzip -9n >"$name.script.txt.gz"
done
"$perf" --version >perf-version.txt
