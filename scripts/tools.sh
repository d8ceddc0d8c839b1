# shellcheck shell=bash
# Windows into a running system: settings, databases, the API as the demo's owner, what this machine lacks.

require_settings() {
  [[ -f $STATE/env ]] || die "nothing is set up here: ./dev$FLAG up"
}

# tool_env [test]: settings as exports; with `test` what the tests read.
tool_env() {
  local line
  require_settings
  while IFS= read -r line; do
    printf 'export %s=%q\n' "${line%%=*}" "${line#*=}"
  done < <(if [[ ${1:-} == test ]]; then test_settings; else cat "$STATE/env"; fi)
}

tool_migrator() {
  require_settings
  migrator "$@"
}

# as_admin <database> [psql arguments]
as_admin() {
  local database=$1
  shift
  PGPASSWORD=$(secret password_admin) "$(postgres_bin)/psql" --no-psqlrc --host=127.0.0.1 \
    --port="$(port postgres)" --username=tenantry_admin --dbname="$database" "$@"
}

tool_psql() {
  local name=${1:-} database
  [[ -n $name ]] || die "usage: ./dev psql <subdomain | catalog | identity | shortener> [psql arguments]"
  shift
  require_settings
  running postgres || die "PostgreSQL is not running: ./dev$FLAG start postgres"
  case $name in
    catalog | identity | shortener) database=$name ;;
    *)
      database=$(as_admin catalog --tuples-only --no-align --set=name="$name" \
        <<<"select database_name from tenants where subdomain = :'name'")
      [[ -n $database ]] || die "no organization has the subdomain $name"
      ;;
  esac
  as_admin "$database" "$@"
}

# A login is good for this long; asking for one each time would meet the limit on logins.
TOKEN_MINUTES=10

tool_curl() {
  local path=${1:-} origin
  [[ $path == /* ]] || die "usage: ./dev curl /api/v1/... [curl arguments]"
  shift
  origin="http://acme.localhost:$(port gateway)"
  [[ -n $(find "$STATE/run/token" -mmin "-$TOKEN_MINUTES" 2>/dev/null) ]] || tool_login "$origin"
  curl --silent --show-error --header @"$STATE/run/token" "$@" "$origin$path"
  [[ ! -t 1 ]] || echo
}

tool_login() {
  local answer
  [[ -f $STATE/demo.json ]] || die "no demo here: ./dev up"
  answer=$(demo_login 0 | curl --silent --show-error --fail-with-body \
    --header 'Content-Type: application/json' --data @- "$1/api/v1/auth/login") ||
    die "login failed: $answer"
  (
    umask 077
    echo "Authorization: Bearer $(json_get access_token <<<"$answer")" >"$STATE/run/token"
  )
}

# json_get <name> [name...]: a value inside the document on standard input; a string without its quotes.
json_get() {
  "$VENV/bin/python" -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = value[int(name) if isinstance(value, list) else name]
print(value if isinstance(value, str) else json.dumps(value))' "$@"
}

# tool_compose_env: fresh secrets for docker compose, in a file that git ignores.
tool_compose_env() {
  [[ ! -e .env ]] || die ".env exists; remove it to make a new one (its secrets open the data in the volumes)"
  (
    umask 077
    local line name
    while IFS= read -r line; do
      name=${line%%=*}
      case $line in
        *_SEAL_KEY=) line+="k1:$(openssl rand -base64 32)" ;;
        MONGO_KEY=) line+=$(openssl rand -hex 200) ;;
        [A-Z]*=) line+=$(openssl rand -hex 24) ;;
      esac
      echo "$line"
    done <.env.example >.env
  )
  echo "wrote .env; next: docker compose up --build"
}

tool_doctor() {
  local problems=0
  doctor_line "Linux" "docker compose up" test "$(uname -s)" = Linux
  doctor_line "Rust (cargo)" "curl --proto =https --tlsv1.2 -sSf https://sh.rustup.rs | sh" command -v cargo
  doctor_line "C compiler" "apt-get install build-essential" command -v cc
  doctor_line "curl" "apt-get install curl" command -v curl
  doctor_line "openssl" "apt-get install openssl" command -v openssl
  doctor_line "python3 with venv" "apt-get install python3 python3-venv" python3 -c 'import venv, ensurepip'
  doctor_line "PostgreSQL" "apt-get install postgresql" postgres_bin
  doctor_line "RabbitMQ" "apt-get install rabbitmq-server" test -x "$RABBITMQ_SERVER"
  doctor_line "MongoDB" "./dev infra up" mongod_bin
  doctor_line "4 GB of disk" "free some space" test "$(df --output=avail -k . | tail -n 1)" -gt 4000000
  doctor_line "ports $PORT_BASE-$((PORT_BASE + HIGHEST_PORT_OFFSET)) ours or free" \
    "PORT_BASE=$((PORT_BASE + 1000)) ./dev up" doctor_ports
  doctor_line "Node 20.19 or newer (optional)" "https://nodejs.org; without it ./dev up leaves the web client out" node_is_there
  doctor_line "cargo-nextest (optional)" "cargo install --locked cargo-nextest" cargo nextest --version
  doctor_line "cargo-deny (optional)" "cargo install --locked cargo-deny" command -v cargo-deny
  doctor_line "shellcheck (optional)" "apt-get install shellcheck" command -v shellcheck
  ((problems == 0)) || exit 1
}

# doctor_line <what> <command that mends it> <check...>
doctor_line() {
  local what=$1 mend=$2
  shift 2
  if "$@" >/dev/null 2>&1; then
    printf '  %s✓%s %s\n' "$GREEN" "$PLAIN" "$what"
    return
  fi
  printf '  %s✗%s %-32s mend: %s\n' "$RED" "$PLAIN" "$what" "$mend"
  [[ $what == *optional* ]] || problems=$((problems + 1))
}

doctor_ports() {
  local name
  for name in "${SERVICES[@]}"; do
    running "$name" || ! port_open "$(port "$name")" || return 1
    running "$name" || ! port_open "$(admin_port "$name")" || return 1
  done
  for name in "${INFRA[@]}"; do
    running "$name" || ! port_open "$(port "$name")" || return 1
  done
}
