#!/usr/bin/env bash
# Starts minnow with the optimised settings: checks the configuration and the machine, shows what
# applies and where it comes from, then hands over to the program (signals and exit status are its
# own from there on).
#
# Exports nothing and never reads .env: defaults go to the program as --default, so that .env and
# the caller's environment win over them.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/start-optimized.sh [dev|test] [-- FURTHER MINNOW ARGUMENTS]

  (nothing)  minnow trade, environment production; on paper unless system.dry_run is false
  dev        minnow trade, environment development, log level debug; against the local venue (start
             `minnow venue` first), with orders to it and no real money, unless an exchange is set
  test       minnow replay of the bundled recording, or of the file named after --

Examples:
  scripts/start-optimized.sh test
  scripts/start-optimized.sh test -- my.mrec --speed 3600
  SYSTEM__MAX_CONCURRENT_TASKS=2 scripts/start-optimized.sh test

Environment: MINNOW_BIN names the binary to run instead of building it; MINNOW_LIVE_CONFIRM
confirms live trading; every setting has a variable, see .env.example. For tests alone:
MINNOW_TEST_ROOT names the folder whose proc and sys stand for those of the machine.
Exit status: 1 the machine does not do, 2 usage, 78 configuration, else minnow's own.
TEXT
}

say() { printf '%s\n' "$*" >&2; }
warn() { printf '%swarning:%s %s\n' "$yellow" "$plain" "$*" >&2; }
fail() {
  printf '%serror:%s %s\n' "$red" "$plain" "$*" >&2
  exit 1
}

bold='' yellow='' red='' plain=''
if [[ -t 2 && -z "${NO_COLOR:-}" && "${TERM:-dumb}" != dumb ]]; then
  bold=$'\e[1m' yellow=$'\e[33m' red=$'\e[31m' plain=$'\e[0m'
fi

# Arguments. Paths of the caller mean the caller's folder; the program runs in the repository.
caller_directory=$PWD
mode=production
case "${1:-}" in
  dev | test)
    mode=$1
    shift
    ;;
  -h | --help)
    usage
    exit 0
    ;;
esac
if [[ $# -gt 0 ]]; then
  if [[ $1 != -- ]]; then
    say "unknown argument: $1"
    usage >&2
    exit 2
  fi
  shift
fi

# Options of every verb go to check-config too; what belongs to the verb goes to the verb alone.
common=() own=() files=0
absolute() {
  if [[ $1 != /* && -e $caller_directory/$1 ]]; then
    printf '%s/%s' "$caller_directory" "$1"
  else
    printf '%s' "$1"
  fi
}
while [[ $# -gt 0 ]]; do
  case $1 in
    --config | --env-file)
      common+=("$1" "$(absolute "${2:-}")")
      shift
      ;;
    --config=* | --env-file=*) common+=("${1%%=*}" "$(absolute "${1#*=}")") ;;
    --set | --default | --log-level)
      common+=("$1" "${2:-}")
      shift
      ;;
    --set=* | --default=* | --log-level=*) common+=("$1") ;;
    --dry-run) [[ $mode == test ]] || common+=("$1") ;;
    --live-confirm)
      # An option of trade alone; check-config has to know of it too.
      if [[ $mode == test ]]; then
        own+=("$1")
      else
        common+=(--set "trading.live_confirmation=I accept real orders")
      fi
      ;;
    --from | --to | --speed | --ledger | --trades | --record)
      own+=("$1" "${2:-}")
      shift
      ;;
    -*) own+=("$1") ;;
    *)
      own+=("$(absolute "$1")")
      files=$((files + 1))
      ;;
  esac
  [[ $# -eq 0 ]] || shift
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The binary: the one that is named, else built, else found.
binary=${MINNOW_BIN:-}
if [[ -n $binary ]]; then
  case $binary in
    /*) ;;
    */*) binary=$caller_directory/$binary ;;
    *) binary=$(command -v "$binary" || printf '%s' "$caller_directory/$binary") ;;
  esac
  [[ -f $binary && -x $binary ]] || fail "MINNOW_BIN=$MINNOW_BIN: expected a program"
else
  binary=${CARGO_TARGET_DIR:-target}/release/minnow
  if command -v cargo >/dev/null 2>&1; then
    say "building $binary (the first time takes a few minutes) ..."
    cargo build --release --locked >&2 || fail "cargo build --release --locked failed"
  fi
  [[ -x $binary ]] || fail "$binary is not there and cargo is not installed: install Rust from \
https://rustup.rs, or name a binary with MINNOW_BIN"
fi

# Defaults of the mode, before what the caller said: of two the later one wins.
defaults=()
case $mode in
  production)
    defaults=(--default system.environment=production)
    if [[ -n ${MINNOW_LIVE_CONFIRM:-} ]]; then
      defaults+=(--set "trading.live_confirmation=$MINNOW_LIVE_CONFIRM")
    fi
    ;;
  dev)
    defaults=(--default system.environment=development --default system.log_level=debug
      --default functional_programming.debug_mode=true)
    ;;
  test)
    defaults=(--dry-run --default trading.enable_futures=true --default trading.leverage=3)
    ;;
esac
common=("${defaults[@]}" ${common[@]+"${common[@]}"})

usual_file=config/concurrency_optimized.json
effective=''
# Fills `effective`, or leaves with the findings and their status.
check_config() {
  local status=0 findings
  findings=$("$binary" check-config "${common[@]}" 2>&1) || status=$?
  if [[ $status -ne 0 ]]; then
    say "$findings"
    exit "$status"
  fi
  effective=$findings
}
check_config
config_file=$(sed -n 's/^configuration file: //p' <<<"$effective")
# A configuration that the caller chose says itself how much is to run at once.
if [[ $config_file == "$usual_file" || $config_file == none ]]; then
  for setting in \
    system.max_concurrent_tasks=4 system.thread_pool_size=2 system.async_timeout=15.0 \
    system.task_batch_size=2 system.update_frequency_seconds=45.0 \
    system.websocket_queue_size=200 system.websocket_max_retries=10 \
    functional_programming.max_concurrent_effects=25 functional_programming.effect_timeout=20.0 \
    exchange.rate_limit_requests=8; do
    common=(--default "$setting" "${common[@]}")
  done
  check_config
fi

# dev without an exchange: the local venue of the data directory, by its own settings and key. Addresses
# and a key of a real exchange that may stand in the environment or in .env, in whatever spelling, are not
# shown to it: of two keys it would not know which one is meant.
venue_environment=()
hide_the_exchange() {
  local name
  while IFS= read -r name; do
    case ${name^^} in
      EXCHANGE__BASE_URL | EXCHANGE__WS_URL | EXCHANGE__CA_FILE | CREDENTIALS_DIRECTORY | \
        EXCHANGE__CDP_API_KEY_NAME | CDP_API_KEY_NAME | COINBASE_API_KEY | \
        EXCHANGE__CDP_API_KEY_NAME_FILE | CDP_API_KEY_NAME_FILE | COINBASE_API_KEY_FILE | \
        EXCHANGE__CDP_PRIVATE_KEY | CDP_PRIVATE_KEY | COINBASE_PRIVATE_KEY | \
        EXCHANGE__CDP_PRIVATE_KEY_FILE | CDP_PRIVATE_KEY_FILE | COINBASE_PRIVATE_KEY_FILE)
        venue_environment+=(-u "$name")
        ;;
    esac
  done < <(compgen -e)
}
use_the_venue() {
  local data settings name
  data=$(value data.directory)
  data=${data#\"}
  data=${data%\"}
  settings=$data/venue/venue.env
  [[ -r $settings ]] || fail "$settings is not there: start the local venue first, in another \
terminal: $binary venue (or name an exchange with EXCHANGE__NAME)"
  common=(--default exchange.name=venue --default system.dry_run=false "${common[@]}")
  hide_the_exchange
  while IFS='=' read -r name text; do
    case $name in
      EXCHANGE__BASE_URL | EXCHANGE__WS_URL | EXCHANGE__CA_FILE)
        venue_environment+=("$name=$text")
        ;;
      # In every spelling: each stands above the same one of .env.
      CDP_API_KEY_NAME)
        venue_environment+=("$name=$text" "EXCHANGE__$name=$text" "COINBASE_API_KEY=$text")
        ;;
      CDP_PRIVATE_KEY_FILE)
        venue_environment+=("$name=$text" "EXCHANGE__$name=$text" "COINBASE_PRIVATE_KEY_FILE=$text")
        ;;
    esac
  done <"$settings"
  local status=0 findings
  findings=$(env "${venue_environment[@]}" "$binary" check-config "${common[@]}" 2>&1) || status=$?
  if [[ $status -ne 0 ]]; then
    say "$findings"
    exit "$status"
  fi
  effective=$findings
}

# `key  value  source`: columns are at least two blanks apart.
column() { awk -F '  +' -v key="$1" -v number="$2" '$1 == key { print $number; exit }' <<<"$effective"; }
value() { column "$1" 2; }
if [[ $mode == dev && $(column exchange.name 3) == default ]]; then
  use_the_venue
fi

# The machine: what it has, and what the control groups leave of it.
proc=${MINNOW_TEST_ROOT:-}/proc
control_groups=${MINNOW_TEST_ROOT:-}/sys/fs/cgroup

# Folders of this process's groups that may limit a controller, from its own up to the root: those of
# version 2, alone or beside version 1, and those of version 1.
groups_of() {
  local controllers path base
  while IFS=: read -r _ controllers path; do
    case ",$controllers," in
      ,,) set -- "$1" "$control_groups" "$control_groups/unified" ;;
      *",$1,"*) set -- "$1" "$control_groups/$1" "$control_groups/$controllers" ;;
      *) continue ;;
    esac
    # A container may see the path of its host and its own group as the root: what is not there is
    # passed over.
    path=${path%/}
    while true; do
      for base in "$2" "$3"; do
        [[ ! -d $base$path ]] || printf '%s\n' "$base$path"
      done
      [[ -n $path ]] || break
      path=${path%/*}
    done
  done < <(cat "$proc/self/cgroup" 2>/dev/null || printf '0::/\n')
}

# The least of the numbers that come in, if any; what is no number (`max`, -1) is no limit, nor is one
# of 19 digits.
least() {
  local number lowest=''
  while read -r number; do
    [[ $number =~ ^[0-9]{1,18}$ ]] || continue
    if [[ -z $lowest || $number -lt $lowest ]]; then lowest=$number; fi
  done
  printf '%s' "$lowest"
}

# Bytes of memory that the groups allow.
memory_limits() {
  local group
  while read -r group; do
    cat "$group/memory.max" "$group/memory.limit_in_bytes" 2>/dev/null || true
  done < <(groups_of memory)
}

# Hundredths of a core that the groups allow: processor time (quota) in each period.
core_limits() {
  local group quota period
  while read -r group; do
    quota='' period=''
    if [[ -r $group/cpu.max ]]; then
      read -r quota period <"$group/cpu.max" || true
    elif [[ -r $group/cpu.cfs_quota_us ]]; then
      quota=$(cat "$group/cpu.cfs_quota_us") period=$(cat "$group/cpu.cfs_period_us" || true)
    fi
    if [[ $quota =~ ^[0-9]{1,15}$ && $period =~ ^[1-9][0-9]{0,15}$ ]]; then
      printf '%s\n' $((quota * 100 / period))
    fi
  done < <(groups_of cpu)
}

# Processes and threads that the groups allow.
process_limits() {
  local group
  while read -r group; do
    cat "$group/pids.max" 2>/dev/null || true
  done < <(groups_of pids)
}

smaller_tier="use the minimal tier: CONFIG_FILE=config/minimal.json"
core_hundredths=$({ printf '%s\n' $(($(nproc 2>/dev/null || echo 1) * 100)) && core_limits; } | least)
cores=$(LC_ALL=C awk -v hundredths="$core_hundredths" 'BEGIN { print hundredths / 100 }')
if [[ $core_hundredths -lt 200 && $(value system.max_concurrent_tasks) -gt 2 ]]; then
  unit=cores
  [[ $cores != 1 ]] || unit=core
  warn "$cores $unit and $(value system.max_concurrent_tasks) concurrent tasks: $smaller_tier"
fi
memory_mb=$({
  awk '$1 == "MemAvailable:" { print int($2 / 1024) }' "$proc/meminfo" 2>/dev/null || true
  limit=$(memory_limits | least)
  [[ -z $limit ]] || printf '%s\n' $((limit / 1048576))
} | least)
if [[ -z $memory_mb ]]; then
  warn "available memory is unknown"
elif [[ $memory_mb -lt 64 ]]; then
  fail "$memory_mb MB of memory available: expected 64 MB or more"
elif [[ $memory_mb -lt 256 ]]; then
  warn "$memory_mb MB of memory available: $smaller_tier"
fi
open_files=$(ulimit -n)
if [[ $open_files != unlimited && $open_files -lt 128 ]]; then
  warn "open files limited to $open_files: expected 128 or more (ulimit -n)"
fi
processes=$({ ulimit -u && process_limits; } | least)
if [[ -n $processes && $processes -lt 64 ]]; then
  warn "processes limited to $processes: expected 64 or more (ulimit -u, pids.max)"
fi

# The clock: exchanges refuse what is signed at a wrong time, and a ledger keeps its times for good.
# `yes`, `no`, or nothing where nobody knows.
clock_is_synchronised() {
  local said
  said=$(timeout 2 timedatectl show --property=NTPSynchronized --value 2>/dev/null || true)
  if [[ $said != yes && $said != no ]]; then
    # The kernel's own word: bit 64 of the status says that it is not.
    said=$({ adjtimex --print || adjtimex; } 2>/dev/null | awk '$1 == "status:" {
      print int($2 / 64) % 2 ? "no" : "yes"; exit }') || true
  fi
  printf '%s' "$said"
}
# The beginning of the year of this script, and how long it may last.
written=1767225600
plausible_years=25
now=$(date +%s)
# A binary may come from a machine whose clock is a little ahead.
built=$(date -r "$binary" +%s 2>/dev/null || echo 0)
if [[ $now -lt $((built - 300)) || $now -lt $written ]]; then
  fail "the clock says $(date -u '+%Y-%m-%d %H:%M:%S') UTC, which is before the program was built: set it"
elif [[ $now -gt $((written + plausible_years * 31557600)) ]]; then
  warn "the clock says $(date -u '+%Y-%m-%d'): expected a year up to $((2026 + plausible_years))"
fi
clock=unknown
case $(clock_is_synchronised) in
  yes) clock=synchronised ;;
  no)
    clock="not synchronised"
    warn "the clock is not synchronised: orders may be refused (start a time service, such as chrony)"
    ;;
esac
data_directory=$(value data.directory)
# Text stands in quotes there.
data_directory=${data_directory#\"}
data_directory=${data_directory%\"}
if [[ ! -d $data_directory ]]; then
  (umask 077 && mkdir -p -- "$data_directory") 2>/dev/null \
    || fail "$data_directory: cannot create the data directory"
fi
[[ -w $data_directory && -x $data_directory ]] || fail "$data_directory: not writable"
disk_mb=$(df -Pk -- "$data_directory" | awk 'NR == 2 { print int($4 / 1024) }')
if [[ $disk_mb -lt 100 ]]; then
  fail "$disk_mb MB of disk left for $data_directory: expected 100 MB or more"
fi

# What applies.
trading=paper
if [[ $(value system.dry_run) != true ]]; then
  trading="${red}LIVE$plain"
  [[ $(value exchange.name) != '"venue"' ]] || trading="orders to the local venue"
fi
say "${bold}minnow$plain $mode, mode $trading, configuration file $config_file"
row() { printf '  %-22s %-6s %s\n' "$1" "$(value "$2")" "$(column "$2" 3)" >&2; }
row "concurrent tasks" system.max_concurrent_tasks
row "worker threads" system.thread_pool_size
row "async timeout, s" system.async_timeout
row "task batch size" system.task_batch_size
row "update frequency, s" system.update_frequency_seconds
row "websocket queue" system.websocket_queue_size
row "concurrent effects" functional_programming.max_concurrent_effects
row "effect timeout, s" functional_programming.effect_timeout
say "  machine: cores $cores, memory ${memory_mb:-?} MB, disk $disk_mb MB, open files $open_files," \
  "processes ${processes:-unlimited}, clock $clock"

if [[ $mode == test ]]; then
  if [[ $files -eq 0 ]]; then
    own=(recordings/btc-perp-2018-01-01.mrec ${own[@]+"${own[@]}"})
  fi
  exec "$binary" replay "${common[@]}" ${own[@]+"${own[@]}"}
fi
if [[ ${#venue_environment[@]} -gt 0 ]]; then
  exec env "${venue_environment[@]}" "$binary" trade "${common[@]}" ${own[@]+"${own[@]}"}
fi
exec "$binary" trade "${common[@]}" ${own[@]+"${own[@]}"}
