# shellcheck shell=bash
# Windows into a running system: settings, databases, the API as the demo's owner, what the machine lacks.

# tool_env [test]: settings as exports; with `test` what the tests read.
tool_env() {
  local line
  [[ -f $STATE/env ]] || die "nothing is set up here: ./dev$FLAG infra up"
  while IFS= read -r line; do
    printf 'export %s=%q\n' "${line%%=*}" "${line#*=}"
  done < <(if [[ ${1:-} == test ]]; then test_settings; else cat "$STATE/env"; fi)
}
