#!/usr/bin/env bash
# Runs the fuzz targets one after the other: fuzz.sh [seconds for each, default 10] [target...]
#
# Works with the stable toolchain: coverage comes from the compiler's own pass, libFuzzer's C++ from
# the libfuzzer-sys crate, so a C++ compiler is needed. An hour by hand: fuzz.sh 3600.
# Seeds: fuzz/corpus/TARGET. Found inputs: fuzz/grown/TARGET. Crashes: fuzz/artifacts/TARGET; the
# status is then 1. A single input again: fuzz.sh 0 TARGET FILE.
set -euo pipefail
cd "$(dirname "$0")/.."

all=(numbers import_trades import_candles import_frames coinbase configuration recording_lines
    recording_blocks core_inputs venue)
seconds=10
if [[ ${1-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
elif [[ ${1-} == -* ]]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
    exit 2
fi

triple=$(rustc -vV | sed -n 's/^host: //p')
flags=-Ccodegen-units=1
build=(--quiet --locked --release --target "$triple" --manifest-path fuzz/Cargo.toml)
if [[ $seconds -gt 0 && $seconds -lt 60 ]]; then
    # Short runs: what decides and what is foreign a little optimised, the shell around it not at
    # all. Built in a third of the time.
    flags=
    build+=(--config profile.release.opt-level=1 --config profile.release.package.minnow.opt-level=0)
    build+=(--config profile.release.debug=0)
fi
export RUSTFLAGS="-Cpasses=sancov-module $flags -Cdebug-assertions \
-Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
cargo build "${build[@]}"
programs=fuzz/target/$triple/release

# Files that the targets write and read: in memory where there is room, gone at the end.
memory=/dev/shm
[[ -d $memory && -w $memory ]] || memory=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d "$memory/minnow-fuzz.XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

if [[ $seconds == 0 ]]; then
    [[ $# == 2 ]] || { echo "fuzz.sh 0 TARGET FILE: expected a target and a file" >&2; exit 2; }
    "$programs/$1" "$2"
    exit
fi

[[ $# -gt 0 ]] || set -- "${all[@]}"
crashed=()
for target in "$@"; do
    if [[ ! -x $programs/$target ]]; then
        echo "fuzz.sh: no target $target; there are: ${all[*]}" >&2
        exit 2
    fi
    mkdir -p "fuzz/grown/$target" "fuzz/artifacts/$target"
    options=(-seed="${MINNOW_FUZZ_SEED:-0}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=0
        -verbosity=0 -artifact_prefix="fuzz/artifacts/$target/" -max_len=8192)
    [[ ! -f fuzz/dictionaries/$target ]] || options+=(-dict="fuzz/dictionaries/$target")
    if "$programs/$target" "${options[@]}" "fuzz/grown/$target" "fuzz/corpus/$target" \
        >"$TMPDIR/log" 2>&1; then
        echo "fuzz: $target: nothing found in $seconds s, $(ls "fuzz/grown/$target" | wc -l) inputs grown"
    else
        grep -A 12 -m 1 "panicked at\|^==.*ERROR" "$TMPDIR/log" || tail -n 40 "$TMPDIR/log"
        artifact=$(sed -n 's/.*Test unit written to //p' "$TMPDIR/log" | tail -n 1)
        echo "fuzz: $target: FAILED; again with: scripts/fuzz.sh 0 $target ${artifact:-FILE}"
        crashed+=("$target")
    fi
done
if [[ ${#crashed[@]} -gt 0 ]]; then
    echo "fuzz: failed: ${crashed[*]}" >&2
    exit 1
fi
