"""Keys for searching and sorting names in Japanese and Latin script, the same on every database (design.md 11)."""

import unicodedata

MOST_SIGNS = 253  # of one name, as many as a domain has
MOST_OCTETS = 1_750  # beside a sort key in an index of PostgreSQL, whose entries have 2,704
KATAKANA_FIRST, KATAKANA_LAST, KANA_STEP = 0x30A1, 0x30F6, 0x60


def fold(text: str) -> str:
    """NFKC, case-folded, katakana read as hiragana, single spaces: ｱｵﾊﾞ, アオバ and あおば are one word."""
    normal = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return "".join(
        chr(ord(char) - KANA_STEP) if KATAKANA_FIRST <= ord(char) <= KATAKANA_LAST else char
        for char in normal
    )


def spellings(text: str) -> list[str]:
    """How a searched word may stand in a name that has no search key: as typed, NFKC, in hiragana, in katakana."""
    plain = unicodedata.normalize("NFKC", " ".join(text.split()))
    hiragana = "".join(
        chr(ord(char) - KANA_STEP) if KATAKANA_FIRST <= ord(char) <= KATAKANA_LAST else char for char in plain
    )
    katakana = "".join(
        chr(ord(char) + KANA_STEP) if KATAKANA_FIRST <= ord(char) + KANA_STEP <= KATAKANA_LAST else char
        for char in plain
    )
    return list(dict.fromkeys([text.strip(), plain, hiragana, katakana]))


def search_key(*names: str) -> str:
    """All the folded spellings of a thing, in one searchable string; as long as an index keeps, which is more than the
    longest names and a domain, unless their signs are written out (㍿ is 株式会社).
    """
    key = "\n".join(dict.fromkeys(fold(name)[:MOST_SIGNS] for name in names if name))
    return key.encode()[:MOST_OCTETS].decode(errors="ignore")


def name_key(name: str) -> str:
    """By which names are found by their beginning; as long as an index keeps."""
    return fold(name)[:200]


def sort_key(name: str, reading: str) -> str:
    """Japanese names sort by their reading, all others by name; as long as an index keeps."""
    return fold(reading or name)[:200]


def is_storable(text: str) -> bool:
    """Whether every database takes the text: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
