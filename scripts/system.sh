# shellcheck shell=bash
# The whole system: up, down, reset, status, logs, and the screen that `up` ends with.

system_up() {
  local started
  [[ ${1:-} != --no-web ]] || NO_WEB=1
  started=$(now_ms)
  install_rust_or_explain
  lock_state
  printf '%sTenantry%s in .dev/%s, ports from %s\n' "$BOLD" "$PLAIN" "$SYSTEM" "$PORT_BASE"
  infra_up
  step "build" services_build
  if [[ $SYSTEM == dev ]] && web_wanted; then web_up; fi
  services_run
  if [[ $SYSTEM == dev ]]; then
    step "demo organizations" demo_seed
    step "every address answers" demo_ask
    demo_screen "$started"
  else
    printf '%sReady%s in %s\n' "$BOLD" "$PLAIN" "$(duration "$started")"
  fi
}

install_rust_or_explain() {
  mkdir -p "$STATE"/{run,logs}
  command -v cargo >/dev/null || step "Rust" install_rust
}

services_run() {
  local name
  step "migrate" services_migrate
  step "start services" services_up
  for name in "${SERVICES[@]}"; do
    step "$name on port $(port "$name")" service_await "$name"
  done
}

everything_down() {
  services_down
  infra_down
}

system_down() {
  [[ -d $STATE ]] || return 0
  mkdir -p "$STATE"/{run,logs}
  step "stop services" services_down
  step "stop databases, broker, mail" infra_down
}

system_reset() {
  system_down
  data_remove
  rm -rf "$STATE"
  echo "  the data of .dev/$SYSTEM are gone"
}

system_status() {
  local name pid
  printf '%s%-16s %-7s %8s %10s %8s%s\n' "$BOLD" name port pid memory up "$PLAIN"
  for name in "${SERVICES[@]}" "${INFRA[@]}"; do
    if pid=$(pid_of "$name"); then
      printf '%-16s %-7s %8s %7s MB %8s\n' "$name" "$(port "$name")" "$pid" "$(memory_mb "$pid")" "$(age "$pid")"
    else
      printf '%-16s %-7s %8s\n' "$name" "$(port "$name")" "stopped"
    fi
  done
}

# Private memory and a fair share of what is shared, of the process and, for PostgreSQL, of its children.
memory_mb() {
  local pid
  for pid in "$1" $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
    cat "/proc/$pid/smaps_rollup" 2>/dev/null || true
  done | awk '/^Pss:/ { sum += $2 } END { printf "%d", sum / 1024 }'
}

# age <pid>: hours, minutes and seconds since its start.
age() {
  local uptime seconds
  read -r uptime _ </proc/uptime
  seconds=$((${uptime%.*} - $(process_identity "$1") / $(getconf CLK_TCK)))
  printf '%d:%02d:%02d' $((seconds / 3600)) $((seconds % 3600 / 60)) $((seconds % 60))
}

system_logs() {
  local logs=()
  if (($#)); then
    logs=("$(log_of "$1")")
    [[ -f ${logs[0]} ]] || die "no log of $1 in .dev/$SYSTEM/logs"
  else
    local name
    for name in "${SERVICES[@]}"; do logs+=("$(log_of "$name")"); done
  fi
  exec tail -n 50 -F "${logs[@]}"
}
