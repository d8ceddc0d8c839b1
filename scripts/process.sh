# shellcheck shell=bash
# Background processes of this checkout. A pid file holds the pid and the process's start time, so that a
# number which the kernel has given to somebody else meanwhile is never signalled.

STOP_SECONDS=30

log_of() { echo "$STATE/logs/$1.log"; }

# process_identity <pid>: its start time in clock ticks; fails for a process that is gone or only a zombie.
process_identity() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # The command name stands in parentheses and may hold spaces.
  read -ra stat <<<"${stat##*) }"
  [[ ${stat[0]} != Z ]] || return 1
  echo "${stat[19]}"
}

# pid_of <name>: the pid of our running process, or failure.
pid_of() {
  local pid started
  { read -r pid started <"$STATE/run/$1.pid"; } 2>/dev/null || return 1
  [[ $(process_identity "$pid") == "$started" ]] || return 1
  echo "$pid"
}

running() { pid_of "$1" >/dev/null; }

# launch <name> <command...>: a session of its own, no terminal, output appended to the log.
launch() {
  local name=$1 pid
  shift
  # Descriptor 9 is the lock on the state folder (settings.sh); a server must not keep it.
  setsid "$@" >>"$(log_of "$name")" 2>&1 </dev/null 9>&- &
  pid=$!
  echo "$pid $(process_identity "$pid")" >"$STATE/run/$name.pid"
}

# end <name> [signal]: asks, waits, and kills only what does not answer.
end() {
  local name=$1 signal=${2:-TERM} pid
  if pid=$(pid_of "$name"); then
    kill "-$signal" "$pid" 2>/dev/null || true
    if ! wait_until "$STOP_SECONDS" gone "$name"; then
      kill -KILL "$pid" 2>/dev/null || true
      wait_until "$STOP_SECONDS" gone "$name" || true
    fi
  fi
  rm -f "$STATE/run/$name.pid" "$STATE/run/$name.made-of"
}

gone() { ! running "$1"; }

# wait_until <seconds> <command...>: polls a condition until it holds or time is up.
wait_until() {
  local deadline=$(($(now_ms) + $1 * 1000))
  shift
  until "$@" >/dev/null 2>&1; do
    (($(now_ms) < deadline)) || return 1
    sleep 0.05
  done
}

# await <name> <seconds> <condition...>: the process must stay alive until the condition holds.
await() {
  local name=$1 seconds=$2 log
  shift 2
  log=$(log_of "$name")
  ready_or_dead() { "$@" || gone "$name"; }
  wait_until "$seconds" ready_or_dead "$@" ||
    fail "$name did not become ready within $seconds s" "./dev$FLAG restart $name" "$log"
  running "$name" || fail "$name ended while starting" "./dev$FLAG restart $name" "$log"
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

port_free() { ! port_open "$1"; }

# claim_port <name> <port>: before a start, so that a stranger's server is not taken for ours. The threads of a process
# that was just killed may hold its port for a moment longer.
claim_port() {
  wait_until 3 port_free "$2" ||
    fail "port $2, wanted by $1, is taken by another program" "PORT_BASE=$((PORT_BASE + 1000)) ./dev up"
}
