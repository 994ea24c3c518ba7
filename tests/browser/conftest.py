"""Chromium, and a demo to walk through."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.demo import SHOWN_ORIGIN, TAKES_PICTURES, Demo, free_port, running_demo, seed
from tests.browser.reader import Watch
from tools.browser import find_browser


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Chromium, without a window."""
    found = find_browser()
    return playwright.chromium.launch(
        executable_path=found.executable, args=[*found.arguments, *arguments], env=found.environment
    )


@pytest.fixture
def port() -> int:
    """The port of the test's own demo."""
    return free_port()


@pytest.fixture
def chromium(port: int) -> Iterator[Browser]:
    """A fresh Chromium. Its driver runs an event loop in this thread, so it ends with the test."""
    shown = urlsplit(SHOWN_ORIGIN).netloc
    arguments = [f"--host-resolver-rules=MAP {shown} 127.0.0.1:{port}"] if TAKES_PICTURES else []
    with sync_playwright() as playwright:
        browser = launch(playwright, *arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a seeded demo, made once for all processes of the test run."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    made = folder / "seeded"
    with (folder / "seeded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder / "seeding", ignore_errors=True)  # what a test before this one began
            seed(folder / "seeding")
            (folder / "seeding").rename(made)
    return made


@pytest.fixture
def demo(seeded: Path, tmp_path: Path, port: int) -> Iterator[Demo]:
    """A running demo of the test's own."""
    shutil.copytree(seeded, tmp_path / "var")
    with running_demo(tmp_path / "var", port) as demo:
        yield demo


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Nothing untoward happens in any browser of the test."""
    watch = Watch()
    yield watch
    assert watch.seen == []
