"""What stands in a row, read with one sentence for each way in which it can be wrong."""

from collections.abc import Collection, Mapping

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

from toiya.bulk.columns import COLUMNS
from toiya.bulk.models import BulkKind
from toiya.bulk.tables import FORMULA, LONGEST_CELL
from toiya.core.errors import Refusal

NONE_SIGN = "-"


class CellWrong(Refusal):
    """A cell holds what nobody can use."""

    code = "cell_wrong"
    status = 400


class Cells:
    """The cells of one row by the keys of the columns."""

    def __init__(self, kind: BulkKind, cells: Mapping[str, str]) -> None:
        self._cells = cells
        self._labels = {column.key: column.label for column in COLUMNS[kind]}
        for column in COLUMNS[kind]:
            text = cells.get(column.key, "")
            if text == FORMULA:
                raise CellWrong(
                    _("“%(column)s” holds a formula. Enter its value.") % {"column": column.label}
                )
            if len(text) > column.longest:
                raise CellWrong(
                    _("“%(column)s” is longer than %(limit)s characters.")
                    % {"column": column.label, "limit": column.longest}
                )
            if column.is_needed and not text:
                raise CellWrong(_("“%(column)s” is empty.") % {"column": column.label})

    def text(self, key: str, *, longest: int = LONGEST_CELL) -> str:
        """The text. Raises CellWrong when it is too long."""
        text = self._cells.get(key, "")
        if len(text) > longest:
            raise CellWrong(
                _("“%(column)s” has %(found)s characters; at most %(limit)s are possible.")
                % {"column": self._labels[key], "found": len(text), "limit": longest}
            )
        return text

    def choice(self, key: str, allowed: Collection[str], default: str = "") -> str:
        """One of the allowed words, in any case; the default where the cell is empty."""
        text = self._cells.get(key, "").strip().casefold()
        by_folded = {word.casefold(): word for word in allowed}
        if not text and default:
            return default
        if text not in by_folded:
            raise CellWrong(
                _("“%(column)s” is “%(found)s”; possible are: %(allowed)s.")
                % {
                    "column": self._labels[key],
                    "found": self._cells.get(key, ""),
                    "allowed": ", ".join(word or NONE_SIGN for word in allowed),
                }
            )
        return by_folded[text]

    def number(self, key: str, default: int | None = None) -> int:
        """A whole number that is not negative."""
        text = self._cells.get(key, "").replace(",", "")
        if not text and default is not None:
            return default
        if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004  (fits the column)
            raise CellWrong(
                _("“%(column)s” is “%(found)s”; a whole number is expected.")
                % {"column": self._labels[key], "found": text}
            )
        return int(text)

    def email(self, key: str) -> str:
        """One plain address, or ''."""
        text = self._cells.get(key, "")
        if not text:
            return ""
        try:
            EmailValidator()(text)
        except ValidationError as error:
            raise CellWrong(
                _("“%(column)s” is “%(found)s”; an e-mail address is expected.")
                % {"column": self._labels[key], "found": text}
            ) from error
        return text

    def words(self, key: str, allowed: Collection[str] | None = None) -> list[str] | None:
        """Several words with a space or comma between; None where the cell is empty, [] for a lone dash."""
        text = self._cells.get(key, "").replace(",", " ").replace("、", " ").replace("　", " ").strip()
        if not text:
            return None
        if text == NONE_SIGN:
            return []
        found = list(dict.fromkeys(word.casefold() for word in text.split()))
        wrong = [word for word in found if allowed is not None and word not in allowed]
        if wrong:
            raise CellWrong(
                _("“%(column)s” is “%(found)s”; possible are: %(allowed)s.")
                % {"column": self._labels[key], "found": wrong[0], "allowed": ", ".join(allowed or ())}
            )
        return found
