# shellcheck shell=bash
# The demo organizations: made once by the migrator through the public API, described in demo.json:
# {"organizations": [{"name", "subdomain", "url", "board_id", "logins": [{"name", "role", "email", "password"}]}],
#  "guest": {"url", "password", "expires_at"}}; the first login of an organization is its owner.

demo_seed() {
  # The guest link ends after a while; then the migrator adds a new one to what is there.
  if [[ -f $STATE/demo.json ]] && (($(date --date="$(demo_get guest expires_at)" +%s) > $(date +%s))); then
    return
  fi
  migrator demo --gateway "http://127.0.0.1:$(port gateway)" --mail "http://127.0.0.1:$(port mail)" \
    --domain "localhost:$(port gateway)" --out "$STATE/demo.json" ||
    fail "the demo could not be made" "./dev reset && ./dev up"
}

# demo_get <name...>: a value of demo.json.
demo_get() { json_get "$@" <"$STATE/demo.json"; }

demo_origin() { echo "http://${1:+$1.}localhost:$(port gateway)"; }

# demo_login <organization's index>: the body of its owner's login.
demo_login() {
  demo_get organizations "$1" logins 0 | "$VENV/bin/python" -c '
import json, sys
login = json.load(sys.stdin)
print(json.dumps({name: login[name] for name in ("email", "password")}))'
}

# demo_ask: every address of the screen below, as a browser or client would ask it.
demo_ask() {
  local index token name
  for index in 0 1; do
    ask "$(demo_get organizations "$index" url)/"
    ask "$(demo_page "$index")"
    token=$(demo_login "$index" | ask "$(demo_get organizations "$index" url)/api/v1/auth/login" \
      --header 'Content-Type: application/json' --data @- | json_get access_token)
    ask "$(demo_board "$index")" --header @- <<<"Authorization: Bearer $token"
  done
  ask "$(demo_get guest url)" --header 'Accept: text/html'
  ask "$(demo_get guest url)" --header 'Accept: text/html' \
    --cookie '' --data-urlencode "password=$(demo_get guest password)"
  ask "$(demo_origin)/api/docs"
  ask "$(demo_origin)/api/v1/openapi.json"
  ask "http://127.0.0.1:$(port mail)/"
  for name in "${SERVICES[@]}"; do
    ask "http://127.0.0.1:$(admin_port "$name")/metrics"
  done
}

demo_board() { echo "$(demo_get organizations "$1" url)/api/v1/boards/$(demo_get organizations "$1" board_id)"; }

# demo_page <organization's index>: its board in the web client, or what is served in its place.
demo_page() { echo "$(demo_get organizations "$1" url)/projects"; }

# ask <url> [curl arguments]: prints the body; fails when the answer is not a success. Hosts below
# `localhost` mean this machine, whatever the resolver says.
ask() {
  local url=$1 body
  shift
  body=$(curl --silent --show-error --fail --location --max-time 10 \
    --resolve "*:$(port gateway):127.0.0.1" "$@" "$url") ||
    fail "$url does not answer as it should" "./dev status; ./dev logs gateway"
  echo "$body"
}

demo_screen() {
  local index
  printf '\n%sReady%s in %s\n\n' "$BOLD$GREEN" "$PLAIN" "$(duration "$1")"
  screen_line "Organization" "$(demo_origin acme)/"
  screen_line "Boards" "$(demo_page 0)"
  screen_line "Second organization" "$(demo_origin globex)/"
  screen_line "Guest link" "$(demo_get guest url)"
  screen_line "  its password" "$(demo_get guest password)"
  screen_line "Sign-up" "$(demo_origin)/"
  screen_line "API docs" "$(demo_origin)/api/docs"
  screen_line "Mail" "http://127.0.0.1:$(port mail)/"
  screen_line "Metrics" "http://127.0.0.1:$(admin_port gateway)/metrics, $(admin_port tenant-resolver) to $(admin_port analytics)"
  printf '\n  %sLogins%s\n' "$BOLD" "$PLAIN"
  for index in 0 1; do
    demo_get organizations "$index" | "$VENV/bin/python" -c '
import json, sys
organization = json.load(sys.stdin)
for login in organization["logins"]:
    print("  {:10} {:8} {:28} {}".format(organization["subdomain"], login["role"], login["email"], login["password"]))'
  done
  cat <<TEXT

  ${BOLD}Try next${PLAIN}
  ./dev curl /api/v1/projects          the API as acme's owner
  ./dev curl /api/v1/analytics/dashboard
  ./dev psql acme                      the organization's own database
  ./dev migrator status                every database and its version
  ./dev status | logs | down           what runs, what it says, stop it
TEXT
}

screen_line() { printf '  %-20s %s\n' "$1" "$2"; }
