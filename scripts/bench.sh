# shellcheck shell=bash
# `bench`: measurements on a PostgreSQL of their own, with what keeps data safe switched on.

bench_run() {
  local subject=${1:-} settings built=${CARGO_TARGET_DIR:-$ROOT/target}/measure
  [[ $subject == tenancy ]] || die "usage: ./dev bench tenancy [--tenants N] [--only PART] [--json FILE]"
  shift
  install_rust_or_explain
  lock_state
  # What an earlier run left must not slow this one down.
  bench_clean
  trap bench_clean EXIT
  trap 'exit 130' INT TERM
  infra_up
  step "build" cargo build --profile measure --locked --package bench --package migrator --bins
  settings=(
    "BENCH_ADMIN_URL=$(postgres_url tenantry_admin admin postgres)"
    "BENCH_MIGRATOR=$built/migrator"
    "BENCH_PSQL=$(postgres_bin)/psql"
    "BENCH_DEV=$ROOT/dev"
  )
  env "${settings[@]}" "$built/bench" "$subject" "$@"
}

bench_clean() {
  trap - EXIT
  infra_down >/dev/null 2>&1 || true
  rm -rf "$STATE/postgres"
  ((EUID != 0)) || rm -rf "$(postgres_outside)"
}
