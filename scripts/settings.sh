# shellcheck shell=bash
# One system = one state folder, one port base, one set of generated secrets, one env file that holds
# every setting of every program. Services are started with exactly these and nothing of the caller's environment.

SERVICES=(tenant-resolver identity project-svc shortener analytics gateway)
case $SYSTEM in
  dev) INFRA=(postgres rabbitmq mongodb mail) PORT_OFFSET=0 ;;
  # Tenants move between two clusters.
  # People of the tests sign in with a provider of their own.
  test) INFRA=(postgres postgres2 rabbitmq mongodb mail oidc) PORT_OFFSET=10000 ;;
  bench) INFRA=(postgres) PORT_OFFSET=20000 ;;
esac
# A budget of 100 for tenants, a reserve of 5 for operations, a tenth on top: evicted sessions take a moment to end.
POSTGRES_CONNECTIONS=115
# Tests make pools and clients of their own beside the services.
[[ $SYSTEM != test ]] || POSTGRES_CONNECTIONS=150

STATE="$ROOT/.dev/$SYSTEM"
TOOLS="$ROOT/.dev/tools"
FLAG=$([[ $SYSTEM == dev ]] || echo " --$SYSTEM")

DEFAULT_PORT_BASE=8080
HIGHEST_PORT_OFFSET=28

# The base given by the caller, else the one this system was last started with, else the default.
choose_port_base() {
  if [[ -n ${PORT_BASE:-} ]]; then
    [[ $PORT_BASE =~ ^[0-9]{4,5}$ ]] || die "PORT_BASE must be a number: $PORT_BASE"
    PORT_BASE=$((PORT_BASE + PORT_OFFSET))
    ((PORT_BASE + HIGHEST_PORT_OFFSET < 65536)) || die "PORT_BASE is too high: port $PORT_BASE"
  elif [[ -f $STATE/port_base ]]; then
    PORT_BASE=$(<"$STATE/port_base")
  else
    PORT_BASE=$((DEFAULT_PORT_BASE + PORT_OFFSET))
  fi
}

# Not exported: tests call ./dev again, and then the base remembered in the state folder counts.
choose_port_base
export -n PORT_BASE

port() {
  local offset
  case $1 in
    gateway) offset=0 ;;
    tenant-resolver) offset=1 ;;
    identity) offset=2 ;;
    project-svc) offset=3 ;;
    shortener) offset=4 ;;
    analytics) offset=5 ;;
    postgres) offset=20 ;;
    rabbitmq) offset=21 ;;
    rabbitmq-distribution) offset=22 ;;
    mongodb) offset=23 ;;
    smtp) offset=24 ;;
    mail) offset=25 ;;
    epmd) offset=26 ;;
    postgres2) offset=27 ;;
    oidc) offset=28 ;;
    smtp-starttls) offset=29 ;;
    smtps) offset=30 ;;
    *) die "no port is known for $1" ;;
  esac
  echo $((PORT_BASE + offset))
}

admin_port() { echo $(($(port "$1") + 10)); }

# prefix <service>: of its environment variables.
prefix() {
  case $1 in
    tenant-resolver) echo RESOLVER_ ;;
    project-svc) echo PROJECT_ ;;
    *) echo "${1^^}_" ;;
  esac
}

lock_state() {
  prepare_state
  exec 9>"$STATE/run/lock"
  flock --nonblock 9 || die "another ./dev works on this system (.dev/$SYSTEM); wait for it to end"
}

prepare_state() {
  mkdir -p "$STATE"/{run,logs,mail} "$TOOLS"
  if [[ -f $STATE/port_base && $(<"$STATE/port_base") != "$PORT_BASE" ]]; then
    everything_down
  fi
  echo "$PORT_BASE" >"$STATE/port_base"
}

# write_settings: adds secrets that are missing, then writes the env file from secrets and ports.
write_settings() {
  (
    umask 077
    touch "$STATE/secrets"
    local name
    for name in admin provisioner catalog identity shortener amqp; do
      keep_secret "password_$name" "$(openssl rand -hex 20)"
    done
    keep_secret service_secret "$(openssl rand -hex 32)"
    keep_secret cookie_secret "$(openssl rand -hex 32)"
    for name in resolver identity shortener project; do
      keep_secret "seal_$name" "k1:$(openssl rand -base64 32)"
    done
    print_settings >"$STATE/env.new"
    mv "$STATE/env.new" "$STATE/env"
  )
}

keep_secret() {
  grep -q "^$1=" "$STATE/secrets" || echo "$1=$2" >>"$STATE/secrets"
}

secret() { sed -n "s/^$1=//p" "$STATE/secrets"; }

postgres_url() { # <role> <secret> <database> [server]
  echo "postgres://$1:$(secret "password_$2")@127.0.0.1:$(port "${4:-postgres}")/$3"
}

print_settings() {
  local service
  cat <<ENV
TENANTRY_DOMAIN=localhost:$(port gateway)
TENANTRY_SCHEME=http
TENANTRY_SERVICE_SECRET=$(secret service_secret)
TENANTRY_AMQP_URL=amqp://tenantry:$(secret password_amqp)@127.0.0.1:$(port rabbitmq)/%2f
TENANTRY_RESOLVER_URL=http://127.0.0.1:$(port tenant-resolver)
TENANTRY_IDENTITY_URL=http://127.0.0.1:$(port identity)
TENANTRY_PROJECT_URL=http://127.0.0.1:$(port project-svc)
TENANTRY_SHORTENER_URL=http://127.0.0.1:$(port shortener)
TENANTRY_ANALYTICS_URL=http://127.0.0.1:$(port analytics)
ENV
  for service in "${SERVICES[@]}"; do
    echo "$(prefix "$service")LISTEN=127.0.0.1:$(port "$service")"
    echo "$(prefix "$service")ADMIN_LISTEN=127.0.0.1:$(admin_port "$service")"
  done
  cat <<ENV
RESOLVER_DATABASE_URL=$(postgres_url catalog_app catalog catalog)
RESOLVER_SEAL_KEY=$(secret seal_resolver)
IDENTITY_DATABASE_URL=$(postgres_url identity_app identity identity)
IDENTITY_SEAL_KEY=$(secret seal_identity)
IDENTITY_SMTP_URL=smtp://127.0.0.1:$(port smtp)
IDENTITY_FREE_ATTEMPTS_OF_ADDRESS=100000
IDENTITY_MAIL_FROM=Tenantry <no-reply@tenantry.localhost>
PROJECT_SEAL_KEY=$(secret seal_project)
SHORTENER_DATABASE_URL=$(postgres_url shortener_app shortener shortener)
SHORTENER_SEAL_KEY=$(secret seal_shortener)
SHORTENER_COOKIE_SECRET=$(secret cookie_secret)
SHORTENER_JOURNAL=$STATE/visits
GATEWAY_WEB_DIR=$ROOT/web/dist
ANALYTICS_MONGO_URL=mongodb://127.0.0.1:$(port mongodb)/?replicaSet=rs0
ANALYTICS_MONGO_DATABASE=analytics
MIGRATOR_ADMIN_URL=$(postgres_url tenantry_admin admin postgres)
MIGRATOR_CATALOG_URL=$(postgres_url catalog_app catalog catalog)
MIGRATOR_IDENTITY_URL=$(postgres_url identity_app identity identity)
MIGRATOR_SHORTENER_URL=$(postgres_url shortener_app shortener shortener)
MIGRATOR_PROVISIONER_URL=$(postgres_url tenant_provisioner provisioner postgres)
MIGRATOR_AMQP_URL=amqp://tenantry:$(secret password_amqp)@127.0.0.1:$(port rabbitmq)/%2f
MIGRATOR_SEAL_KEY=$(secret seal_resolver)
MIGRATOR_RESOLVER_URL=http://127.0.0.1:$(port tenant-resolver)
MIGRATOR_IDENTITY_API_URL=http://127.0.0.1:$(port identity)
MIGRATOR_ANALYTICS_URL=http://127.0.0.1:$(port analytics)
MIGRATOR_SERVICE_SECRET=$(secret service_secret)
MIGRATOR_BACKUPS=$STATE/backups
ENV
  "print_settings_$SYSTEM"
}

# One address asks for everybody.
print_settings_bench() {
  cat <<'ENV'
TENANTRY_LOG_FORMAT=json
TENANTRY_LOG=warn
GATEWAY_ADDRESS_PER_MINUTE=1000000
GATEWAY_USER_PER_HOUR=1000000
GATEWAY_LOGIN_PER_MINUTE=1000000
GATEWAY_LIVE_CONNECTIONS_PER_USER=10000
GATEWAY_LIVE_CONNECTIONS_PER_ORGANIZATION=10000
ENV
}

# The demo's people accept their invitations from one address, and whoever tries things out logs in often.
print_settings_dev() {
  cat <<'ENV'
TENANTRY_LOG_FORMAT=text
GATEWAY_LOGIN_PER_MINUTE=60
PROJECT_WEBHOOK_NETWORKS=127.0.0.0/8
ENV
}

# Tests sign up and log in hundreds of times from one address, and wait for sweeps.
print_settings_test() {
  cat <<'ENV'
TENANTRY_LOG_FORMAT=json
TENANTRY_LOG=info,tenancy::sql=debug
TENANTRY_DRAIN_SECONDS=5
GATEWAY_ADDRESS_PER_MINUTE=1000000
GATEWAY_USER_PER_HOUR=1000000
GATEWAY_LOGIN_PER_MINUTE=1000000
RESOLVER_SWEEP_SECONDS=1
RESOLVER_CLAIM_TIMEOUT_SECONDS=10
IDENTITY_SWEEP_SECONDS=1
IDENTITY_PROVIDER_NETWORKS=127.0.0.0/8
PROJECT_WEBHOOK_NETWORKS=127.0.0.0/8
ENV
}

# test_settings: what the tests read, as KEY=value lines.
test_settings() {
  cat <<ENV
TENANTRY_TEST_ADMIN_URL=$(postgres_url tenantry_admin admin postgres)
TENANTRY_TEST_ADMIN_URL_2=$(postgres_url tenantry_admin admin postgres postgres2)
TENANTRY_TEST_AMQP_URL=amqp://tenantry:$(secret password_amqp)@127.0.0.1:$(port rabbitmq)/%2f
TENANTRY_TEST_MONGO_URL=mongodb://127.0.0.1:$(port mongodb)/?replicaSet=rs0
TENANTRY_TEST_SMTP_URL=smtp://127.0.0.1:$(port smtp)
TENANTRY_TEST_SMTP_STARTTLS_URL=smtp://127.0.0.1:$(port smtp-starttls)?tls=required
TENANTRY_TEST_SMTPS_URL=smtps://127.0.0.1:$(port smtps)
TENANTRY_TEST_SMTP_CA_FILE=$STATE/mail-tls/certificate.pem
TENANTRY_TEST_MAIL_URL=http://127.0.0.1:$(port mail)
TENANTRY_TEST_OIDC_URL=http://127.0.0.1:$(port oidc)
TENANTRY_TEST_SOCKET_IO=$TOOLS/live/client.mjs
TENANTRY_TEST_PYTHON=$VENV/bin/python
TENANTRY_TEST_GATEWAY=http://127.0.0.1:$(port gateway)
TENANTRY_TEST_DOMAIN=localhost:$(port gateway)
TENANTRY_TEST_STATE=$STATE
TENANTRY_TEST_DEV=$ROOT/dev
ENV
}

# settings_for <prefix...>: the lines of the env file with one of these prefixes, for `env -i`.
settings_for() {
  local joined
  joined=$(IFS='|' && echo "$*")
  grep -E "^($joined)" "$STATE/env"
}
