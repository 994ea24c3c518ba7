"""The telling pictures of the walks, small enough to be kept in docs/screenshots.

Each becomes a PNG of at most 256 colours: the pages have few, and only the edges of letters lose some.
"""

import base64
import struct
import sys
import zlib
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tools.browser import find_browser

ROOT = Path(__file__).resolve().parent.parent
TAKEN = ROOT / "var" / "screenshots" / "walk"
KEPT = ROOT / "docs" / "screenshots"
LANGUAGES = ("ja", "en")
ALSO_ON_A_PHONE = (
    "01-welcome",
    "07-organization-profile",
    "17-first-run",
    "23-authorize-provider",
    "30-customer-consent",
    "32-customers",
    "38-cart",
    "46-result",
    "48-renewals",
    "49-customer-subscriptions",
    "60-application-secret",
    "67-devices",
)
LEFT_OUT = (
    "08-legal-profile",
    "20-change-password",
    "31-customer-portal",
    "43-subscription",
    "50-customer-subscription",
    "64-people-of-the-sandbox",
)
REDUCE = """async (source) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const drawing = canvas.getContext("2d");
  drawing.drawImage(image, 0, 0);
  const pixels = new Uint32Array(drawing.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = [...counts.entries()].sort((a, b) => b[1] - a[1]).slice(0, 256).map((one) => one[0]);
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const shades = palette.map(parts);
  const nearest = new Map();
  for (const colour of counts.keys()) {
    const [r, g, b] = parts(colour);
    let best = 0, least = Infinity;
    for (let i = 0; i < shades.length; i++) {
      const distance = (r - shades[i][0]) ** 2 + (g - shades[i][1]) ** 2 + (b - shades[i][2]) ** 2;
      if (distance < least) { best = i; least = distance; }
    }
    nearest.set(colour, best);
  }
  const bytes = Uint8Array.from(pixels, (pixel) => nearest.get(pixel));
  const blob = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(new Blob([bytes]));
  });
  return {width: image.width, height: image.height, palette: shades.flat(), bytes: blob.split(",")[1]};
}"""


def small_png(tab: Page, file: Path) -> bytes:
    """The picture with a palette."""
    source = "data:image/png;base64," + base64.b64encode(file.read_bytes()).decode()
    found = tab.evaluate(REDUCE, source)
    width, height, points = found["width"], found["height"], base64.b64decode(found["bytes"])
    lines = b"".join(b"\0" + points[at : at + width] for at in range(0, width * height, width))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            chunk(b"PLTE", bytes(found["palette"])),
            chunk(b"IDAT", zlib.compress(lines, 9)),
            chunk(b"IEND", b""),
        )
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    """A part of a PNG file with its length and its check sum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def telling(folder: Path) -> list[Path]:
    """Those that are kept: nearly every step on a desktop, a few on a phone."""
    desktop = [
        file
        for file in sorted(folder.glob("*.png"))
        if not file.stem.endswith("-phone") and file.stem not in LEFT_OUT
    ]
    return desktop + [folder / f"{name}-phone.png" for name in ALSO_ON_A_PHONE]


def main() -> int:
    """Replace docs/screenshots by what the last walks took."""
    chromium = find_browser()
    total = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable, args=chromium.arguments, env=chromium.environment
        )
        tab = browser.new_page()
        for language in LANGUAGES:
            kept = KEPT / language
            kept.mkdir(parents=True, exist_ok=True)
            wanted = telling(TAKEN / language)
            for old in set(kept.glob("*.png")) - {kept / file.name for file in wanted}:
                old.unlink()
            for file in wanted:
                content = small_png(tab, file)
                (kept / file.name).write_bytes(content)
                total += len(content)
        browser.close()
    print(f"docs/screenshots: {total / 1_000_000:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
