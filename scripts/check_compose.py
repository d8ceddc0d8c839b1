"""Checks docker-compose.yml, deploy/Dockerfile and the settings of ./dev against the sources, without an engine.

Each service's variables must be known to its program and none that it requires may be missing; targets, paths,
ports and dependencies must exist; a secret may come from .env only. `docker compose config` runs where it can.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
PREFIXES = {
    "gateway": "GATEWAY_",
    "tenant-resolver": "RESOLVER_",
    "identity": "IDENTITY_",
    "project-svc": "PROJECT_",
    "shortener": "SHORTENER_",
    "analytics": "ANALYTICS_",
}
COMMON = "crates/runtime/src/common.rs"
REFERENCE = re.compile(r"\$\{([A-Z_]+)(:?[-?][^}]*)?\}")
FIELD = re.compile(r"((?:^    #\[[^\n]*\n)*)^    pub(?:\(crate\))? (\w+): ([^\n]+),$", re.M)
SECRET_NAME = re.compile(r"PASSWORD|SECRET|_KEY$")

problems = []


def expect(condition, message):
    if not condition:
        problems.append(message)


def settings_of(path, struct, prefix):
    """The variables a settings struct declares: name → required."""
    text = (ROOT / path).read_text() if (ROOT / path).exists() else ""
    body = re.search(rf"struct {struct} \{{(.*?)^\}}", text, re.S | re.M)
    if not body:
        problems.append(f"{path}: no struct {struct} found")
        return {}
    return {
        prefix + name.upper(): "default" not in attributes and not kind.startswith("Option<")
        for attributes, name, kind in FIELD.findall(body[1])
    }


def settings_of_service(name):
    prefix = PREFIXES[name]
    shared = settings_of(COMMON, "Common", "TENANTRY_") | settings_of(COMMON, "Listeners", prefix)
    return shared | settings_of(f"{name}/src/config.rs", "Config", prefix)


def settings_of_migrator():
    """Addresses and the key have no default; everything else of the command line has one."""
    texts = (path.read_text() for path in (ROOT / "migrator/src").rglob("*.rs"))
    names = {name for text in texts for name in re.findall(r'env = "(MIGRATOR_\w+)"', text)}
    return {name: name.endswith(("_URL", "_KEY")) for name in names}


def check_variables(where, known, given):
    for name in given:
        expect(name in known, f"{where}: {name} is no setting of this program")
    for name, required in known.items():
        expect(not required or name in given, f"{where}: {name} is required and missing")


def check_service(name, service, compose, targets):
    build = service.get("build")
    expect(bool(build) == service["image"].startswith("tenantry/"), f"{name}: our images are built, others are not")
    if build:
        expect((ROOT / build["context"] / build["dockerfile"]).is_file(), f"{name}: no file {build['dockerfile']}")
        expect(build["target"] in targets, f"{name}: the Dockerfile has no target {build['target']}")
    for other in service.get("depends_on", {}):
        expect(other in compose["services"], f"{name}: depends on unknown {other}")
    for volume in service.get("volumes", []):
        expect(volume.split(":")[0] in compose["volumes"], f"{name}: volume {volume} is not declared")
    for port in service.get("ports", []):
        expect(port.startswith("127.0.0.1:"), f"{name}: port {port} is open to the network")
    for key, value in service.get("environment", {}).items():
        check_secret(f"{name}: {key}", key, str(value))


def check_secret(where, key, value):
    if SECRET_NAME.search(key):
        expect(value.startswith("${"), f"{where}: a secret must come from .env")
    for password in re.findall(r"://[^:/@]+:([^@]*)@", value):
        expect(password.startswith("${"), f"{where}: a password must come from .env")


def check_addresses(compose):
    """Host and port in every URL must be those a service listens on; Dockerfile servers are known by their ports."""
    listening = {"postgres": "5432", "rabbitmq": "5672", "mongodb": "27017", "mail": "2525"}
    for name, prefix in PREFIXES.items():
        listening[name] = compose["services"][name]["environment"][prefix + "LISTEN"].split(":")[1]
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            for host, port in re.findall(r"(?:://|@)(?:[^/@]*@)?([a-z-]+):(\d+)", str(value)):
                expect(listening.get(host) == port, f"{name}: {key} points at {host}:{port}, where nothing listens")


def check_references(text):
    example = (ROOT / ".env.example").read_text()
    declared = set(re.findall(r"^([A-Z_]+)=", example, re.M))
    referenced = {name for name, default in REFERENCE.findall(text) if not (default or "").startswith(":-")}
    # Settings stand there with the default that counts when they are left out.
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", example, re.M))
    defaults = {name: default[2:] for name, default in REFERENCE.findall(text) if default.startswith(":-")}
    defaults = {name: default for name, default in defaults.items() if not name.endswith("PORT")}
    expect(shown == defaults, f".env.example and the defaults differ: {sorted(shown.items() ^ defaults.items())}")
    expect(declared == referenced, f".env.example and docker-compose.yml differ: {sorted(declared ^ referenced)}")


def check_manual():
    """Whoever operates identity finds each of its settings in the manual."""
    manual = (ROOT / "docs/OPERATIONS.md").read_text()
    for name in settings_of_service("identity"):
        expect(name.startswith("TENANTRY_") or f"`{name}`" in manual, f"docs/OPERATIONS.md does not explain {name}")


def check_dockerfile(text):
    channel = tomllib.loads((ROOT / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
    expect(f"FROM rust:{channel}-" in text, f"deploy/Dockerfile does not build with rust {channel}")
    members = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["members"]
    copied = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for path in copied:
        expect((ROOT / path).exists(), f".dockerignore: {path} does not exist")
    for member in members:
        expect(member.split("/")[0] in copied, f".dockerignore leaves out {member}")
    for binary in [*PREFIXES, "migrator"]:
        expect((ROOT / binary / "src/main.rs").is_file(), f"no binary {binary}")
        expect(f"COPY --from=build /out/{binary} " in text, f"deploy/Dockerfile does not copy {binary}")
    return set(re.findall(r"^FROM \S+ AS (\S+)$", text, re.M))


def check_dev():
    """./dev writes the same settings; what it gives must be known, what is required must be given."""
    text = (ROOT / "scripts/settings.sh").read_text()
    given = set(re.findall(r"^(?:  echo )?([A-Z_]+)=", text, re.M))
    for name, prefix in PREFIXES.items():
        own = {x for x in given if x.startswith((prefix, "TENANTRY_")) and not x.startswith("TENANTRY_TEST_")}
        # The listeners are written in a loop over all services.
        own |= {prefix + "LISTEN", prefix + "ADMIN_LISTEN"}
        check_variables(f"scripts/settings.sh, {name}", settings_of_service(name), own)
    own = {x for x in given if x.startswith("MIGRATOR_")}
    check_variables("scripts/settings.sh, migrator", settings_of_migrator(), own)


def check_with_engine():
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        print("docker compose is not installed: checked against the sources only")
        return
    names = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)
    environment = {**os.environ, **{name: "x" for name in names}}
    done = subprocess.run(
        ["docker", "compose", "config", "--quiet"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    expect(done.returncode == 0, f"docker compose config: {done.stderr.strip()}")


def main():
    text = (ROOT / "docker-compose.yml").read_text()
    compose = yaml.safe_load(text)
    targets = check_dockerfile((ROOT / "deploy/Dockerfile").read_text())
    for name, service in compose["services"].items():
        check_service(name, service, compose, targets)
    for name in PREFIXES:
        check_variables(f"compose, {name}", settings_of_service(name), compose["services"][name]["environment"])
    check_variables("compose, migrate", settings_of_migrator(), compose["services"]["migrate"]["environment"])
    check_addresses(compose)
    check_references(text)
    check_manual()
    check_dev()
    check_with_engine()
    for problem in dict.fromkeys(problems):
        print(problem, file=sys.stderr)
    print(f"{len(compose['services'])} containers checked, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
