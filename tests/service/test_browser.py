"""The report's page in a real browser: read, kept current, light and dark, wide and narrow."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import txtal
from tests.cli.driving import PATIENCE, Program
from tests.service.serving import label_of, make
from txtal.store import schema, tokens

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium (extra browser)")
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402 - skipped without it

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and its chromedriver"),
]

_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
"""Options with which it asks nobody but the page."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in (*_QUIET, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.set_page_load_timeout(PATIENCE)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """A service with a dataset that has every chart, at an address with a token in it."""
    make(folder / "t.db", answered=0)
    shop = txtal.open(folder / "t.db")["shop"]
    shop.add(f"the parcel number {n} never came" for n in range(40))
    with shop.session("ann", model=False) as session:
        for _ in range(30):
            asked = session.ask()
            assert asked is not None
            session.answer(label_of(asked.text))
    shop.train(vectors="lexical")
    with closing(schema.open_database(folder / "t.db")) as conn:
        token = tokens.add(conn, "read", ["read"], None)
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "txtal", "serve", "--port", "0", "--no-model"],
        env=Program(folder).environ,
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        found = re.search(r"http://([^;]+)", process.stderr.readline())
        assert found
        with subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL):
            yield f"http://browser:{token}@{found[1]}/"
            process.send_signal(signal.SIGTERM)


def test_the_page_is_read_and_keeps_itself_current(
    browser: Any, address: str, folder: Path
) -> None:
    browser.get(address)
    assert browser.find_element("tag name", "h1").text == "shop"
    assert "accept 30" in browser.page_source
    shop = txtal.open(folder / "t.db")["shop"]
    with shop.session("bea", model=False) as session:
        session.ask()
        session.answer("delivery")
    assert WebDriverWait(browser, PATIENCE).until(
        lambda page: "accept 31" in page.page_source
    )  # nobody loads it again
    said = [one["message"] for one in browser.get_log("browser")]
    assert [one for one in said if "favicon" not in one] == []


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_on_any_screen(
    browser: Any, address: str, tmp_path: Path, width: int, scheme: str
) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    browser.get(address)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    paper, ink = (
        _luminance(browser.execute_script(f"return getComputedStyle(document.body).{name}"))
        for name in ("backgroundColor", "color")
    )
    assert (paper < ink) == (scheme == "dark")
    low, high = sorted((paper, ink))
    assert (high + 0.05) / (low + 0.05) > 7  # WCAG 2.2, 1.4.6: contrast of text, enhanced
    assert browser.execute_script(_CHARTS) == []
    assert browser.get_screenshot_as_file(str(tmp_path / "page.png"))


_CHARTS = """
return [...document.querySelectorAll("figure")].flatMap(figure => {
  const box = figure.getBoundingClientRect();
  return [...figure.querySelectorAll("text, path")].filter(one => {
    const own = one.getBoundingClientRect();
    return own.left < box.left || own.right > box.right || own.bottom > box.bottom
      || (one.tagName == "text" && own.height < 9);
  }).map(one => one.outerHTML);
});
"""
"""What sticks out of its chart, or is too small to be read."""


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour, by WCAG 2.2."""
    shares = [int(one) / 255 for one in re.findall(r"\d+", colour)[:3]]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares]
    return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
