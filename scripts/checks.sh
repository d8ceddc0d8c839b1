# shellcheck shell=bash
# `check` needs no server; `test` is everything continuous integration runs, on a system of its own.
# Every part runs even when an earlier one failed, so that one run names all that is wrong.

checks_run() {
  local started
  started=$(now_ms)
  prepare_state
  step "packages" install_packages
  step "Python tools" install_python_tools
  checks_static
  shown "unit tests" test_cargo unit
  checks_summary "$started"
}

checks_static() {
  shown "format" cargo fmt --all --check
  shown "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
  shown "documentation" check_documentation
  shown "dependencies" check_dependencies
  shown "scripts" check_scripts
  shown "compose file" "$VENV/bin/python" scripts/check_compose.py
  shown "web client" check_web
}

check_documentation() {
  RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked
}

check_dependencies() {
  if ! command -v cargo-deny >/dev/null; then
    echo "skipped: cargo-deny is not installed (cargo install --locked cargo-deny)"
    return
  fi
  cargo deny check bans licenses sources
  local advisories
  if ! advisories=$(cargo deny check advisories 2>&1); then
    # Away from the network there is nothing to compare with; that is no fault of the change.
    [[ $advisories == *"failed to fetch advisory database"* ]] || { echo "$advisories" && return 1; }
    advisories="skipped: the advisory database cannot be reached"
  fi
  echo "$advisories"
}

check_scripts() {
  local file
  for file in scripts/*.py; do
    "$VENV/bin/python" -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$file"
  done
  bash -n dev scripts/*.sh .ci/run
  if ! command -v shellcheck >/dev/null; then
    echo "shellcheck is not installed (apt-get install shellcheck): syntax checked only"
    return
  fi
  shellcheck dev scripts/*.sh .ci/run
}

FAULTS='package(e2e) and test(/^faults::/)'

# test_cargo unit|main|faults|only [filters]: through nextest where it is, else through cargo itself.
test_cargo() {
  local part=$1 nextest=(cargo nextest run --locked --workspace) fallback=(cargo test --locked)
  shift
  case $part in
    unit) nextest+=(--lib --bins) fallback+=(--workspace --lib --bins) ;;
    main) nextest+=(-E "not ($FAULTS)") fallback+=(--workspace --lib --bins --tests --no-fail-fast -- --skip faults::) ;;
    faults) nextest+=(-E "$FAULTS" --test-threads 1) fallback+=(--package e2e --test it -- faults:: --test-threads 1) ;;
    only)
      nextest+=(-E "$(filterset "$@")")
      fallback+=(--workspace --lib --bins --tests -- "$@")
      ;;
  esac
  if cargo nextest --version >/dev/null 2>&1; then
    "${nextest[@]}"
  else
    "${fallback[@]}"
  fi
}

# filterset <words or expressions>: `links` means tests with that in their name, `package(kernel)` what it says.
filterset() {
  local word joined=''
  for word in "$@"; do
    [[ $word == *"("* ]] || word="test($word)"
    joined+="${joined:+ or }($word)"
  done
  echo "$joined"
}

# test_with_system <part> [filters]: the tests see where the system is by the environment alone.
test_with_system() {
  local settings
  mapfile -t settings < <(test_settings)
  export "${settings[@]}"
  test_cargo "$@"
}

tests_run() {
  local started keep='' filters=() argument
  for argument in "$@"; do
    if [[ $argument == --keep ]]; then keep=1; else filters+=("$argument"); fi
  done
  started=$(now_ms)
  install_rust_or_explain
  lock_state
  # A system that ran before stays, and so does one that is asked for.
  running gateway && ((${#filters[@]})) && keep=1
  [[ -n $keep ]] || trap tests_stop EXIT
  trap 'exit 130' INT TERM
  if ((${#filters[@]})); then
    tests_system
    shown "tests" test_with_system only "${filters[@]}"
  else
    step "clean test system" tests_clean
    step "packages" install_packages
    step "Python tools" install_python_tools
    checks_static
    shown "build" cargo build --workspace --all-targets --locked
    tests_system
    shown "web client and API" check_web_api
    shown "browser tests" test_browser
    shown "tests" test_with_system main
    shown "fault tests" test_with_system faults
    shown "documentation tests" cargo test --locked --workspace --doc
  fi
  checks_summary "$started"
}

tests_system() {
  infra_up
  step "build" services_build
  services_run
}

tests_clean() {
  everything_down
  data_remove
  rm -rf "$STATE"/{mail-tls,secrets,env}
  find "$STATE/logs" -name '*.log' ! -name 'step-*' -delete
  prepare_state
}

tests_stop() {
  trap - EXIT
  everything_down >/dev/null 2>&1 || true
}

# checks_summary <started>: each part with its time, then the whole; fails when a part did.
checks_summary() {
  echo
  printf '%s\n' "${TIMES[@]}"
  if ((${#FAILED[@]})); then
    printf '%sfailed: %s%s, after %s\n' "$RED" "$(IFS=, && echo "${FAILED[*]}")" "$PLAIN" "$(duration "$1")"
    exit 1
  fi
  printf '%spassed%s in %s\n' "$GREEN" "$PLAIN" "$(duration "$1")"
}
