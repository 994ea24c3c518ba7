"""A provider's logo: a small PNG picture, taken apart and put together again, so that nothing else is kept."""

import base64
import struct
import zlib
from collections.abc import Iterator

from django.utils.translation import gettext as _

from toiya.membership.errors import LogoWrong

LARGEST_BYTES = 100_000
LARGEST_SIDE = 300
SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE = (b"IHDR", b"sRGB", b"gAMA", b"PLTE", b"tRNS", b"IDAT", b"IEND")
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
DEPTHS = (1, 2, 4, 8, 16)
HEADER = struct.Struct(">IIBBBBB")
EDGE = 12  # length, name and checksum of a part


def logo_of(data: bytes, *, weight: int) -> str:
    """The picture as it is kept: base64. ``weight`` is that of the whole file.

    Raises LogoWrong, naming what was found and what is expected.
    """
    if weight > LARGEST_BYTES:
        raise LogoWrong(
            _("A logo has at most %(limit)s kB; this file has %(found)s kB.")
            % {"limit": LARGEST_BYTES // 1000, "found": -(-weight // 1000)}
        )
    parts = list(_parts(data))
    if not parts or parts[0][0] != b"IHDR" or parts[-1][0] != b"IEND":
        raise LogoWrong
    width, height = _read(parts)
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise LogoWrong(
            _("A logo has at most %(limit)s × %(limit)s pixels; this one has %(width)s × %(height)s.")
            % {"limit": LARGEST_SIDE, "width": width, "height": height}
        )
    kept = b"".join(_part(name, content) for name, content in parts if name in PICTURE)
    return base64.b64encode(SIGNATURE + kept).decode()


def size_of(logo: str) -> tuple[int, int]:
    """Width and height of a kept picture."""
    head = base64.b64decode(logo[:44])
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _parts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The parts up to the end of the picture; what stands behind it is left out. Raises LogoWrong."""
    if not data.startswith(SIGNATURE):
        raise LogoWrong
    at, name = len(SIGNATURE), b""
    while name != b"IEND":
        if at + EDGE > len(data):
            raise LogoWrong
        length, name = struct.unpack(">I4s", data[at : at + 8])
        content, check = data[at + 8 : at + 8 + length], data[at + 8 + length : at + EDGE + length]
        if check != struct.pack(">I", zlib.crc32(name + content)):
            raise LogoWrong
        yield name, content
        at += EDGE + length


def _part(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _read(parts: list[tuple[bytes, bytes]]) -> tuple[int, int]:
    """Width and height, once the points were unpacked as far as the header says there are any. Raises LogoWrong."""
    header = parts[0][1]
    if len(header) != HEADER.size:
        raise LogoWrong
    width, height, depth, colour, _compression, _filter, interlaced = HEADER.unpack(header)
    if colour not in CHANNELS or depth not in DEPTHS:
        raise LogoWrong
    if max(width, height) <= LARGEST_SIDE:
        expected = height * (1 + -(-width * depth * CHANNELS[colour] // 8))
        # In an interlaced picture each of the seven passes rounds its own lines up.
        most = 2 * expected + 7 * (height + 7) if interlaced else expected
        packed = b"".join(content for name, content in parts if name == b"IDAT")
        try:
            points = zlib.decompressobj().decompress(packed, most + 1)
        except zlib.error as error:
            raise LogoWrong from error
        if not points or len(points) > most or (not interlaced and len(points) != expected):
            raise LogoWrong
    return width, height
