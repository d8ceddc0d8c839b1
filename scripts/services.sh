# shellcheck shell=bash
# The six services: built by cargo, migrated by the migrator, started with their own settings only.
# `<name>.made-of` remembers binary and settings of the running process: a change of either restarts it.

READY_SECONDS=30

binary() {
  local profile=debug
  [[ $SYSTEM != bench ]] || profile=measure
  echo "${CARGO_TARGET_DIR:-$ROOT/target}/$profile/$1"
}

# Beside the tests, what they are built with: other features of a dependency would build it twice.
services_build() {
  local what=(--exclude bench --bins)
  [[ $SYSTEM == dev ]] || what=(--all-targets)
  cargo build --workspace "${what[@]}" || fail "the build failed" "cargo build --workspace ${what[*]}"
}

migrator() {
  local settings
  mapfile -t settings < <(settings_for MIGRATOR_)
  env -i PATH="$PATH" HOME="$HOME" TERM="${TERM:-dumb}" "${settings[@]}" "$(binary migrator)" "$@"
}

services_migrate() {
  migrator init || fail "migrator init failed" "./dev$FLAG migrator init"
  migrator up || fail "migrator up failed" "./dev$FLAG migrator status"
}

# made_of <service>: a fingerprint of the binary and the settings a start now would use.
made_of() {
  {
    stat --format='%Y %s' "$(binary "$1")"
    settings_for TENANTRY_ "$(prefix "$1")"
    # Whether there is a web client, the gateway sees when it starts.
    [[ $1 != gateway ]] || ls "$WEB/dist/index.html" 2>/dev/null || true
  } | sha256sum
}

service_current() {
  running "$1" && [[ -f $STATE/run/$1.made-of && $(<"$STATE/run/$1.made-of") == "$(made_of "$1")" ]]
}

service_start() {
  local name=$1 settings
  [[ -x $(binary "$name") ]] || fail "$name is not built" "./dev$FLAG up"
  claim_port "$name" "$(port "$name")"
  claim_port "$name" "$(admin_port "$name")"
  mapfile -t settings < <(settings_for TENANTRY_ "$(prefix "$name")")
  made_of "$name" >"$STATE/run/$name.made-of"
  launch "$name" env -i PATH="$PATH" NO_COLOR=1 "${settings[@]}" "$(binary "$name")"
}

service_ready() {
  curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:$(admin_port "$1")/readyz"
}

service_await() { await "$1" "$READY_SECONDS" service_ready "$1"; }

services_up() {
  local name old=()
  for name in "${SERVICES[@]}"; do
    service_current "$name" || old+=("$name")
  done
  services_end "${old[@]}"
  for name in "${old[@]}"; do
    service_start "$name"
  done
}

# services_end <name...>: all are told at once, then each is waited for.
services_end() {
  local name
  for name in "$@"; do
    if running "$name"; then kill -TERM "$(pid_of "$name")" 2>/dev/null || true; fi
  done
  for name in "$@"; do end "$name"; done
}

services_down() {
  # The gateway first, so that nothing that its last requests ask for is missing.
  end gateway
  services_end "${SERVICES[@]}"
}

# --- One member of the system, a service or a server, by name.

is_service() { [[ " ${SERVICES[*]} " == *" $1 "* ]]; }
is_infra() { [[ " ${INFRA[*]} " == *" $1 "* ]]; }

member_start() { if is_service "$1"; then service_start "$1"; else "$1_start"; fi; }
member_await() { if is_service "$1"; then service_await "$1"; else "$1_await"; fi; }
member_end() { if is_service "$1"; then end "$1"; else "$1_end"; fi; }

# member_kill: as a crash would; the name server of RabbitMQ survives one.
member_kill() {
  local pid
  pid=$(pid_of "$1") || return 0
  kill -KILL "$pid"
  wait_until "$STOP_SECONDS" gone "$1"
  rm -f "$STATE/run/$1.pid"
}

member_do() {
  local verb=$1 name=${2:-}
  is_service "$name" || is_infra "$name" ||
    die "usage: ./dev $verb <name>, one of: ${SERVICES[*]} ${INFRA[*]}"
  [[ -f $STATE/env ]] || die "nothing is set up here: ./dev$FLAG up"
  case $verb in
    stop) step "stop $name" member_end "$name" ;;
    kill) step "kill $name" member_kill "$name" ;;
    start) member_begin "$name" ;;
    restart)
      step "stop $name" member_end "$name"
      member_begin "$name"
      ;;
  esac
}

member_begin() {
  running "$1" || step "start $1" member_start "$1"
  step "$1 serves" member_await "$1"
}
