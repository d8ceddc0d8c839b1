# shellcheck shell=bash
# `bench`: measurements on a system of their own, with what keeps data safe switched on.

bench_run() {
  local subject=${1:-}
  case $subject in
    # The subject makes services of its own, on PostgreSQL alone.
    tenancy) ;;
    links) bench_nginx && INFRA=(postgres rabbitmq mongodb mail) ;;
    identity | analytics | events | live) INFRA=(postgres rabbitmq mongodb mail) ;;
    # Beside what the services hold, pgbench has connections of its own.
    work) INFRA=(postgres rabbitmq mongodb mail) POSTGRES_CONNECTIONS=200 ;;
    *) die "usage: ./dev bench tenancy|identity|work|links|analytics|events|live [--json FILE] [arguments]; see ./dev bench tenancy --help" ;;
  esac
  shift
  install_rust_or_explain
  lock_state
  # What an earlier run left must not slow this one down.
  bench_clean
  trap bench_clean EXIT
  trap 'exit 130' INT TERM
  infra_up
  step "build" bench_build "$subject"
  [[ $subject == tenancy ]] || services_run
  bench_measure "$subject" "$@"
}

bench_build() {
  local what=(--package bench --package migrator)
  [[ $1 == tenancy ]] || what=(--workspace)
  cargo build --profile measure --locked "${what[@]}" --bins
}

# Links are measured beside nginx.
bench_nginx() {
  command -v nginx >/dev/null || die "nginx is not there; install it, on Debian: apt-get install nginx-light"
}

bench_measure() {
  local settings=(
    "BENCH_ADMIN_URL=$(postgres_url tenantry_admin admin postgres)"
    "BENCH_MIGRATOR=$(binary migrator)"
    "BENCH_PSQL=$(postgres_bin)/psql"
    "BENCH_POSTGRES_LOG=$(log_of postgres)"
    "BENCH_SCRATCH=$STATE"
    "BENCH_MONGO_URL=mongodb://127.0.0.1:$(port mongodb)/?replicaSet=rs0"
    "BENCH_MONGO_DATABASE=analytics"
    "BENCH_DEV=$ROOT/dev"
    "BENCH_GATEWAY=http://127.0.0.1:$(port gateway)"
    "BENCH_DOMAIN=localhost:$(port gateway)"
    "BENCH_PROJECT_SVC=http://127.0.0.1:$(port project-svc)"
    "BENCH_SERVICE_SECRET=$(secret service_secret)"
  )
  [[ $1 != links ]] || settings+=(
    "BENCH_SHORTENER=http://127.0.0.1:$(port shortener)"
    "BENCH_SHORTENER_PID=$(pid_of shortener)"
    "BENCH_GATEWAY_PID=$(pid_of gateway)"
  )
  [[ $1 != live ]] || settings+=("BENCH_GATEWAY_PID=$(pid_of gateway)")
  env "${settings[@]}" "$(binary bench)" "$@"
}

bench_clean() {
  trap - EXIT
  everything_down >/dev/null 2>&1 || true
  data_remove
}
