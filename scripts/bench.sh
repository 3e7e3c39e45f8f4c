#!/usr/bin/env bash
# Measures the released binary from outside and prints a Markdown table: speed on one core,
# instructions a trade, memory, threads, wake-ups, size, start. Measures, asserts nothing.
#
#   scripts/bench.sh             needs nothing but the Rust toolchain; more with valgrind
#   scripts/bench.sh --rivals    also hftbacktest on the same recording and core, in pairs
#   RUNS=21 CORE=0               runs of each measurement, and the core they are pinned to
set -euo pipefail
cd "$(dirname "$0")/.."

RUNS=${RUNS:-15}
CORE=${CORE:-0}
PAIRS=7
rivals=no
[[ ${1:-} == --rivals ]] && rivals=yes

here=$PWD
minnow=${CARGO_TARGET_DIR:-$here/target}/release/minnow
recording=$here/recordings/btc-perp-2018-01-01.mrec
trades=1000000
# Without derivatives the bundled perpetual is only looked at: no order, hardly a row.
trading=(--set trading.enable_futures=true)
# The strategies measured: the default with all its indicators, and the first one by itself.
vumanchu=(--set strategy.type=vumanchu)
momentum=(--set strategy.type=momentum --set data.enable_cipher_b_filter=false)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "$*" >&2; }
has() { command -v "$1" > /dev/null || { say "skipped: $2 needs $1, which is not installed"; return 1; }; }
row() { printf '| %s | %s | %s |\n' "$1" "$2" "$3"; }

pin=()
has taskset "pinning to one core" && pin=(taskset -c "$CORE")

# The replay of $1, further options after it; the ledger is made anew each time.
replay() {
    local file=$1
    shift
    "${pin[@]}" "$minnow" replay "$file" --ledger "$work/ledger.sqlite" "$@" > "$work/out" 2> "$work/err" \
        || { cat "$work/err" >&2; exit 1; }
}

# Microseconds that a command takes.
microseconds() {
    local before=${EPOCHREALTIME/[.,]/}
    "$@"
    echo $((${EPOCHREALTIME/[.,]/} - before))
}

# "median least greatest" of the numbers on stdin.
spread() { sort -n | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)], n[1], n[NR] }'; }

repeat() {
    local times=$1
    shift
    for ((i = 0; i < times; i++)); do microseconds "$@"; done | spread
}

# $1 label, $2 items, $3 unit, then the three numbers of `spread`.
speed_row() {
    local label=$1 items=$2 unit=$3
    shift 3
    row "$label" \
        "$(awk -v n="$items" -v t="$1" 'BEGIN { printf "%.2f M", n / t }') $unit/s" \
        "$(awk -v a="$1" -v b="$2" -v c="$3" 'BEGIN { printf "median %.1f ms (%.1f to %.1f)", a / 1000, b / 1000, c / 1000 }')"
}

build() {
    say "building"
    # First the bench, which makes the longer recordings: it leaves a binary with symbols behind.
    candles=$(MINNOW_BENCH_RECORDINGS=$work cargo bench --locked --quiet --bench pipeline | awk '{ print $1 }')
    cargo build --release --locked --quiet
}

speed() {
    local name=$1 one ten
    shift
    replay "$recording" "$@" "${trading[@]}" # the page cache, and what the run amounts to
    one=$(repeat "$RUNS" replay "$recording" "$@" "${trading[@]}")
    speed_row "$name, 1 M trades" $trades trades $one
    ten=$(repeat "$RUNS" replay "$work/10x.mrec" "$@" "${trading[@]}")
    speed_row "$name, 10 M trades" $((trades * 10)) trades $ten
    row "$name, time of 10 M by time of 1 M" \
        "$(awk -v a="${ten%% *}" -v b="${one%% *}" 'BEGIN { printf "%.1f", a / b }')" "10 = linear; below it, the start is shared"
    speed_row "$name, candles, nothing traded" "$candles" candles \
        $(repeat "$RUNS" replay "$work/candles.mrec" "$@")
    speed_row "$name, candles, trading" "$candles" candles \
        $(repeat 5 replay "$work/candles.mrec" "$@" "${trading[@]}")
}

counted() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$minnow" replay "$@" \
        --ledger "$work/ledger.sqlite" "${trading[@]}" 2>&1 > /dev/null \
        | awk '/Collected/ { print $NF }'
}

instructions() {
    has valgrind "counting instructions" || return 0
    local name=$1 whole start
    shift
    whole=$(counted "$recording" "$@")
    start=$(counted "$work/first.mrec" "$@")
    row "$name, instructions a trade, all of the process" \
        "$(awk -v a="$whole" -v n=$trades 'BEGIN { printf "%.1f", a / n }')" "$whole in all"
    row "$name, instructions a trade, start and empty report left out" \
        "$(awk -v a="$whole" -v b="$start" -v n=$trades 'BEGIN { printf "%.1f", (a - b) / n }')" "less $start of a replay of one trade"
}

# Peak resident KiB, greatest of five.
peak() {
    for _ in 1 2 3 4 5; do
        /usr/bin/time -f %M -o "$work/peak" "${pin[@]}" "$minnow" replay "$@" \
            --ledger "$work/ledger.sqlite" > /dev/null 2>&1
        cat "$work/peak"
    done | sort -n | tail -1
}

memory() {
    [[ -x /usr/bin/time ]] || { say "skipped: peak memory needs /usr/bin/time"; return 0; }
    row "peak RSS, 1 M trades" "$(peak "$recording" "${trading[@]}") KiB" "greatest of 5"
    row "peak RSS, 10 M trades" "$(peak "$work/10x.mrec" "${trading[@]}") KiB" "greatest of 5"
    row "peak RSS, candles, trading" "$(peak "$work/candles.mrec" "${trading[@]}") KiB" "greatest of 5"
}

switches() { cat /proc/"$1"/task/*/status | awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }'; }

idle() {
    [[ -r /proc/self/status ]] || { say "skipped: threads and wake-ups need /proc"; return 0; }
    "$minnow" replay "$recording" --ledger "$work/idle.sqlite" --speed 0.00001 "${trading[@]}" \
        > /dev/null 2>&1 &
    local process=$! before after
    sleep 2
    row "threads" "$(awk '/^Threads/ { print $2 }' /proc/$process/status)" \
        "of a waiting replay: the loop and the workers used so far, of two"
    before=$(switches $process)
    sleep 10
    after=$(switches $process)
    row "wake-ups of an idle process" "$((after - before))" \
        "voluntary context switches in 10 s, waiting for the next trade"
    row "RSS, idle" "$(awk '/^VmRSS/ { print $2 }' /proc/$process/status) KiB" "the same process"
    kill -TERM $process
    wait $process || true
}

start_up() {
    local first='2018-01-01T00:00:01Z'
    replay "$recording" --to "$first" "${trading[@]}"
    set -- $(repeat 50 replay "$recording" --to "$first" "${trading[@]}")
    row "start to end of a replay of its first second" \
        "$(awk -v a="$1" 'BEGIN { printf "%.1f ms", a / 1000 }')" \
        "median of 50 ($(awk -v b="$2" -v c="$3" 'BEGIN { printf "%.1f to %.1f", b / 1000, c / 1000 }') ms); ledger made anew, report included"
    row "binary" "$(stat -c %s "$minnow") bytes" "release, stripped"
}

# hftbacktest's events a second on the same core: $1 ms between quotes, $2 feed.
rival() {
    "${pin[@]}" benches/rivals/target/release/minnow-rivals "$recording" "$1" "$2" \
        | sed 's/.* s, \([0-9]*\) events.*/\1/'
}

compare() {
    say "building the other one"
    (cd benches/rivals && cargo build --release --locked --quiet)
    local every feed ours theirs
    for feed in with-book trades-only; do
        for every in 100 60000; do
            for ((i = 0; i < PAIRS; i++)); do
                ours=$(microseconds replay "$recording" "${momentum[@]}" "${trading[@]}")
                theirs=$(rival "$every" "$feed")
                awk -v t="$ours" -v r="$theirs" -v n=$trades 'BEGIN { printf "%.3f\n", n / t * 1e6 / r }'
            done | spread > "$work/ratio"
            read -r middle least greatest < "$work/ratio"
            row "minnow by hftbacktest 0.9.4, $feed, quotes every $every ms" "$middle" \
                "median of $PAIRS pairs ($least to $greatest); last: $(rival "$every" "$feed") events/s"
        done
    done
}

build
say "measuring, a few minutes"
row what figure how
row --- --- ---
speed momentum "${momentum[@]}"
speed vumanchu "${vumanchu[@]}"
instructions momentum "${momentum[@]}"
instructions vumanchu "${vumanchu[@]}"
memory
idle
start_up
[[ $rivals == no ]] || compare
