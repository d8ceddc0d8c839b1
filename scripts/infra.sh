# shellcheck shell=bash
# Private PostgreSQL, RabbitMQ, MongoDB, mail catcher and, for tests, OpenID provider: data in the state folder, loopback only.
# For each: <name>_start launches, <name>_await waits until it serves, <name>_end stops it the gentle way.

START_SECONDS=90

infra_do() {
  case ${1:-} in
    up)
      lock_state
      infra_up
      ;;
    down) infra_down ;;
    *) die "usage: ./dev infra up|down" ;;
  esac
}

infra_up() {
  local member
  step "packages" install_packages
  if [[ $SYSTEM != bench ]]; then
    step "Python tools" install_python_tools
    step "MongoDB binary" install_mongodb
  fi
  [[ $SYSTEM != test ]] || step "OpenID provider" install_oidc
  [[ $SYSTEM != test ]] || step "Socket.IO client" install_socket_io
  step "settings" write_settings
  # All start before the first is waited for.
  for member in "${INFRA[@]}"; do
    running "$member" || step "start $member" member_start "$member"
  done
  for member in "${INFRA[@]}"; do
    step "$member on port $(port "$member")" "${member}_await"
  done
}

infra_down() {
  local i
  # In the order opposite to their start.
  for ((i = ${#INFRA[@]} - 1; i >= 0; i--)); do
    member_end "${INFRA[i]}"
  done
}

# What servers and services keep; they are stopped.
data_remove() {
  rm -rf "$STATE"/{postgres,postgres2,rabbitmq,mongodb,mail,visits,backups}
  ((EUID != 0)) || rm -rf "$(postgres_outside)"
}

# --- PostgreSQL. It refuses to run as root, and its user may be unable to enter the checkout.

# Unlike runuser, setpriv becomes the program: its pid is the server's.
AS_POSTGRES=(env --chdir=/)
if ((EUID == 0)); then
  AS_POSTGRES=(setpriv --reuid=postgres --regid=postgres --init-groups env --chdir=/)
fi

# Where data go that user postgres could not reach below the state folder.
postgres_outside() { echo "/var/lib/tenantry-dev/$(sha256sum <<<"$STATE" | cut -c1-16)"; }

# postgres_prepare <server>: its data folder, made once.
postgres_prepare() {
  local data="$STATE/$1" bin
  bin=$(postgres_bin)
  [[ ! -f $data/PG_VERSION ]] || return 0
  if ((EUID == 0)); then
    if ! "${AS_POSTGRES[@]}" test -x "$STATE"; then
      mkdir -p "$(postgres_outside)/$1"
      ln -sfn "$(postgres_outside)/$1" "$data"
    fi
    mkdir -p "$data"
    chown postgres: "$data/"
  fi
  # The password goes through pipes, so it is in no file and no argument list. The inner pipe belongs to the
  # user of the server, who may not reopen one of root's by name.
  # shellcheck disable=SC2016 # expanded by the inner shell
  secret password_admin | "${AS_POSTGRES[@]}" sh -c 'cat | "$@"' initdb "$bin/initdb" --pgdata="$(readlink -f "$data")" --username=tenantry_admin \
    --pwfile=/dev/stdin --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
}

# No process is left of a server on this data folder: all of them work in it. Children of a killed server
# notice on their own, and a new one must not start beside them.
postgres_left() { [[ -z $(find /proc -maxdepth 2 -name cwd -lname "$1" 2>/dev/null) ]]; }

postgres_start() { postgres_serve postgres; }

# The test system has a second cluster: tenants move between the two.
postgres2_start() { postgres_serve postgres2; }

# postgres_serve <server>
postgres_serve() {
  local bin data settings=(
    "listen_addresses=127.0.0.1" "port=$(port "$1")"
    # No socket: everything, ourselves included, comes over loopback with a password.
    "unix_socket_directories="
    "recovery_init_sync_method=syncfs" "autovacuum_naptime=5min" "wal_level=logical" "max_connections=$POSTGRES_CONNECTIONS"
    # Several tenants may move at once, each by a subscription and two workers that copy its tables.
    "max_replication_slots=40" "max_wal_senders=40" "max_logical_replication_workers=24" "max_worker_processes=32"
    "idle_in_transaction_session_timeout=15s" "log_min_duration_statement=500ms"
    "log_line_prefix=%m [%p] db=%d app=%a "
  )
  # The test system's data outlive no crash of the machine. A killed server loses nothing it acknowledged: commits still
  # reach the kernel before they are answered.
  [[ $SYSTEM != test ]] || settings+=("fsync=off" "full_page_writes=off")
  claim_port "$1" "$(port "$1")"
  postgres_prepare "$1"
  bin=$(postgres_bin)
  data=$(readlink -f "$STATE/$1")
  wait_until "$STOP_SECONDS" postgres_left "$data"
  # After a kill its pid may stay taken by a zombie, which the server mistakes for a rival.
  rm -f "$data/postmaster.pid"
  mapfile -t settings < <(printf -- '-c\n%s\n' "${settings[@]}")
  launch "$1" "${AS_POSTGRES[@]}" -i PATH="$PATH" LC_ALL=C.UTF-8 \
    "$bin/postgres" -D "$data" "${settings[@]}"
}

postgres_await() { await postgres "$START_SECONDS" postgres_ready postgres; }
postgres2_await() { await postgres2 "$START_SECONDS" postgres_ready postgres2; }
postgres_ready() { "$(postgres_bin)/pg_isready" --quiet --host=127.0.0.1 --port="$(port "$1")"; }

# TERM would wait for every client to leave; INT ends their sessions and shuts down cleanly.
postgres_end() { end postgres INT; }
postgres2_end() { end postgres2 INT; }

# --- RabbitMQ. A name server (epmd), cookie, user and password of its own.

rabbitmq_start() {
  local home="$STATE/rabbitmq"
  mkdir -p "$home"
  rabbitmq_configure "$home"
  if ! running epmd; then
    claim_port epmd "$(port epmd)"
    launch epmd env -i PATH="$PATH" HOME="$home" epmd -address 127.0.0.1 -port "$(port epmd)"
    await epmd "$START_SECONDS" port_open "$(port epmd)"
  fi
  claim_port rabbitmq "$(port rabbitmq)"
  # Debian's wrapper in /usr/sbin drops the environment and switches the user; the script behind it does not.
  # RUNNING_UNDER_SYSTEMD makes it become the Erlang VM, which stops cleanly on TERM, instead of its parent.
  launch rabbitmq env -i PATH="$PATH" HOME="$home" LC_ALL=C.UTF-8 RUNNING_UNDER_SYSTEMD=1 \
    ERL_EPMD_PORT="$(port epmd)" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_NODENAME=tenantry@localhost \
    RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$(port rabbitmq)" \
    RABBITMQ_DIST_PORT="$(port rabbitmq-distribution)" \
    RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" \
    RABBITMQ_ADVANCED_CONFIG_FILE="$home/advanced.config" \
    RABBITMQ_MNESIA_BASE="$home/mnesia" RABBITMQ_LOG_BASE="$home/log" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none' \
    "$RABBITMQ_SERVER"
}

rabbitmq_configure() {
  (
    umask 077
    [[ -f $1/.erlang.cookie ]] || openssl rand -hex 20 >"$1/.erlang.cookie"
    chmod 400 "$1/.erlang.cookie"
    echo '[].' >"$1/enabled_plugins"
    cat >"$1/rabbitmq.conf" <<CONF
default_user = tenantry
default_pass = $(secret password_amqp)
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 200MB
raft.wal_max_size_bytes = 33554432
CONF
  )
}

rabbitmq_await() { await rabbitmq "$START_SECONDS" port_open "$(port rabbitmq)"; }

rabbitmq_end() {
  end rabbitmq
  end epmd
}

# --- MongoDB: a replica set of one, since transactions need one. It binds to loopback and has no password,
# because a password would need a key file and a user on top of that for data which any local user may
# read from the event log of a development machine anyway; production sets both (docker-compose.yml).

mongodb_start() {
  mkdir -p "$STATE/mongodb"
  claim_port mongodb "$(port mongodb)"
  launch mongodb env -i PATH="$PATH" HOME="$STATE" "$(mongod_bin)" --dbpath "$STATE/mongodb" --bind_ip 127.0.0.1 \
    --port "$(port mongodb)" --replSet rs0 --nounixsocket --wiredTigerCacheSizeGB 0.25 --oplogSize 128 --quiet \
    --setParameter diagnosticDataCollectionEnabled=false --setParameter transactionLifetimeLimitSeconds=15
}

mongodb_await() {
  await mongodb "$START_SECONDS" port_open "$(port mongodb)"
  "$VENV/bin/python" scripts/mongo_replica_set.py "$(port mongodb)" "$START_SECONDS" ||
    fail "MongoDB has no primary" "./dev$FLAG restart mongodb" "$(log_of mongodb)"
}

mongodb_end() { end mongodb; }

# --- Mail: SMTP in, files in the state folder, a page to read them. For tests also behind TLS, by STARTTLS and from the
# first byte, with a certificate that no authority vouches for.

mail_start() {
  local member tls=()
  claim_port "SMTP" "$(port smtp)"
  claim_port mail "$(port mail)"
  if [[ $SYSTEM == test ]]; then
    for member in smtp-starttls smtps; do
      claim_port "$member" "$(port "$member")"
    done
    mail_certificate "$STATE/mail-tls"
    tls=(--certificate "$STATE/mail-tls/certificate.pem" --key "$STATE/mail-tls/key.pem"
      --starttls-port "$(port smtp-starttls)" --tls-port "$(port smtps)")
  fi
  launch mail env -i PATH="$PATH" "$VENV/bin/python" scripts/mail_server.py \
    --smtp-port "$(port smtp)" --web-port "$(port mail)" --folder "$STATE/mail" "${tls[@]}"
}

# mail_certificate <folder>: new at every start.
mail_certificate() {
  (
    umask 077
    mkdir -p "$1"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=127.0.0.1" \
      -addext "subjectAltName=IP:127.0.0.1" -addext "basicConstraints=critical,CA:FALSE" \
      -keyout "$1/key.pem" -out "$1/certificate.pem"
  )
}

mail_await() {
  await mail "$START_SECONDS" port_open "$(port smtp)"
  await mail "$START_SECONDS" port_open "$(port mail)"
  [[ $SYSTEM != test ]] || await mail "$START_SECONDS" port_open "$(port smtps)"
}

mail_end() { end mail; }

# --- OpenID provider of the tests: an account elsewhere for whoever says an address. All in memory.

oidc_start() {
  claim_port oidc "$(port oidc)"
  launch oidc env -i PATH="$PATH" HOME="$STATE" node "$TOOLS/oidc/server.mjs" "$(port oidc)"
}

oidc_await() { await oidc "$START_SECONDS" port_open "$(port oidc)"; }
oidc_end() { end oidc; }
