# shellcheck shell=bash
# The web client: its packages, its checks, its build, and the tests that open it in a browser.

WEB="$ROOT/web"

web_wanted() { [[ -z ${NO_WEB:-} ]] && node_is_there; }

# Vite needs this version of Node or a newer one.
node_is_there() {
  command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# The marker is a copy of the list of packages.
web_install() {
  cmp --silent "$WEB/package-lock.json" "$WEB/node_modules/installed" && return
  (cd "$WEB" && npm ci --no-audit --no-fund --ignore-scripts) ||
    fail "npm could not install web/package-lock.json" "check the way to registry.npmjs.org, then ./dev up; or ./dev up --no-web"
  cp "$WEB/package-lock.json" "$WEB/node_modules/installed"
}

# web_sources: a fingerprint of all that the build is made of.
web_sources() {
  (cd "$WEB" && find src api scripts ./*.html ./*.json vite.config.ts -type f ! -name schema.d.ts -print0 | sort -z | xargs -0 sha256sum | sha256sum)
}

web_build() {
  local made_of
  made_of=$(web_sources)
  [[ -f $WEB/dist/made-of && $(<"$WEB/dist/made-of") == "$made_of" ]] && return
  (cd "$WEB" && npm run --silent build) || fail "the web client could not be built" "cd web && npm run build"
  echo "$made_of" >"$WEB/dist/made-of"
}

web_up() {
  step "web client's packages" web_install
  step "web client" web_build
}

check_web() {
  web_install
  cd "$WEB" || return
  npm run --silent api
  npm run --silent types
  npm run --silent lint
  npm run --silent unit
  web_build
}

# The types of the API as it runs: what the client sends and reads must fit that, not a copy of yesterday.
check_web_api() {
  cd "$WEB" || return
  node scripts/api.mjs "http://localhost:$(port gateway)"
  npm run --silent types
}

# Each file makes an organization of its own. As with nextest, a second try tells a busy machine from a fault, and says so.
test_browser() {
  local settings file failed=()
  mapfile -t settings < <(test_settings)
  cd "$WEB" || return
  for file in e2e/*.test.mjs; do
    env "${settings[@]}" node --test "$file" && continue
    echo "$file failed; once more"
    if env "${settings[@]}" node --test "$file"; then echo "FLAKY $file"; else failed+=("$file"); fi
  done
  ((!${#failed[@]})) || { echo "failed twice: ${failed[*]}" && return 1; }
}
