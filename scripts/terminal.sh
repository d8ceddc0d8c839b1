# shellcheck shell=bash
# What people see: one line per step with its duration; on failure the cause, the log and the command that mends it.

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
  BOLD='' DIM='' RED='' GREEN='' PLAIN=''
fi

# How many lines of a log explain a failure without burying it.
CAUSE_LINES=25
CAUSE_COLUMNS=240

die() {
  printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2
  exit 1
}

# now_ms: milliseconds, for durations only.
now_ms() {
  local micros=${EPOCHREALTIME/[.,]/}
  echo $((micros / 1000))
}

duration() {
  local ms=$(($(now_ms) - $1))
  if ((ms >= 60000)); then
    printf '%d min %02d s' $((ms / 60000)) $((ms % 60000 / 1000))
  else
    printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
  fi
}

# fail <cause> <command that mends it> [log]: ends a step; `step` prints what is left here.
fail() {
  printf '%s\n%s\n%s\n' "$1" "$2" "${3:-}" >"$STATE/run/failure"
  exit 1
}

# step <label> <function> [arguments]: runs it in a subshell with its output in a log.
step() {
  local label=$1 log started status=0
  shift
  log="$STATE/logs/step-$1.log"
  started=$(now_ms)
  rm -f "$STATE/run/failure"
  [[ ! -t 1 ]] || printf '  … %s' "$label"
  # `set -e` has no effect inside a tested command, so the status is read without testing it.
  set +e
  (
    set -Eeuo pipefail
    "$@"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  [[ ! -t 1 ]] || printf '\r\e[K'
  if ((status == 0)); then
    printf '  %s✓%s %-46s %s%s%s\n' "$GREEN" "$PLAIN" "$label" "$DIM" "$(duration "$started")" "$PLAIN"
    return
  fi
  printf '  %s✗ %s%s %s%s%s\n' "$RED" "$label" "$PLAIN" "$DIM" "$(duration "$started")" "$PLAIN"
  explain_failure "$log"
  exit 1
}

# shown <label> <command...>: like `step`, for long commands whose output people want to see.
shown() {
  local label=$1 started status=0
  shift
  started=$(now_ms)
  printf '%s── %s%s\n' "$BOLD" "$label" "$PLAIN"
  set +e
  (
    set -Eeuo pipefail
    "$@"
  ) </dev/null
  status=$?
  set -e
  TIMES+=("$(printf '  %s %-30s %s' "$( ((status == 0)) && echo ✓ || echo ✗)" "$label" "$(duration "$started")")")
  if ((status != 0)); then
    FAILED+=("$label")
  fi
}
TIMES=()
FAILED=()

explain_failure() {
  local log=$1 cause='' mend='' other=''
  if [[ -f $STATE/run/failure ]]; then
    { read -r cause && read -r mend && read -r other; } <"$STATE/run/failure" || true
    [[ -z $other ]] || log=$other
  fi
  {
    [[ -z $cause ]] || printf '\n    cause: %s\n' "$cause"
    if [[ -s $log ]]; then
      printf '\n'
      tail -n "$CAUSE_LINES" "$log" | cut -c "1-$CAUSE_COLUMNS" | sed 's/^/    | /'
    fi
    printf '\n    log:   %s\n' "${log#"$ROOT/"}"
    printf '    mend:  %s\n' "${mend:-./dev doctor}"
  } >&2
}
