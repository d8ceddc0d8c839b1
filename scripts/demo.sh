# shellcheck shell=bash
# The demo organizations: made once by the migrator through the public API, described in demo.json.

DEMO_SECONDS=30

demo_seed() {
  [[ ! -f $STATE/demo.json ]] || return 0
  migrator demo --gateway "http://127.0.0.1:$(port gateway)" --mail "http://127.0.0.1:$(port mail)" \
    --out "$STATE/demo.json" || fail "the demo could not be made" "./dev reset && ./dev up" "$(log_of gateway)"
}

# demo_get <name...>: a value of demo.json.
demo_get() { json_get "$@" <"$STATE/demo.json"; }
