"""What files with many rows refuse as a whole. What is wrong with one row stands beside that row."""

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.errors import Refusal


class FileRefused(Refusal):
    """The file cannot be read as a table at all."""

    code = "file_refused"
    status = 400

    def __init__(self, message: str | Promise | None = None) -> None:
        super().__init__(message, field="file")


class FileEmpty(FileRefused):
    """No row below the headings."""

    code = "file_empty"
    message = gettext_lazy(
        "The file has no rows below the headings. Download a template to see how it looks."
    )


class FileTooLarge(FileRefused):
    """More bytes than are read, also after unpacking."""

    code = "file_too_large"

    def __init__(self, *, limit_mb: int) -> None:
        super().__init__(_("The file is too large: at most %(limit)s MB.") % {"limit": limit_mb})


class WrongKindOfFile(FileRefused):
    """Neither CSV nor XLSX."""

    code = "wrong_kind_of_file"
    message = gettext_lazy(
        "This is neither a CSV file nor an Excel workbook (.xlsx). Save it as one of them, then hand it in again."
    )


class NotReadable(FileRefused):
    """CSV in an encoding that nobody announced."""

    code = "encoding_unknown"
    message = gettext_lazy(
        "The characters of the file are neither UTF-8 nor Shift_JIS. Save it as “CSV UTF-8”."
    )


class TooManyRows(FileRefused):
    """More rows than are taken at once."""

    code = "too_many_rows"

    def __init__(self, *, limit: int) -> None:
        super().__init__(
            _("The file has more than %(limit)s rows. Divide it and hand in the parts one after the other.")
            % {"limit": limit}
        )


class TooManyColumns(FileRefused):
    """More columns than any table of ours."""

    code = "too_many_columns"

    def __init__(self, *, limit: int) -> None:
        super().__init__(_("The file has more than %(limit)s columns.") % {"limit": limit})


class ColumnsMissing(FileRefused):
    """Headings that the rows need are not there, in neither language."""

    code = "columns_missing"

    def __init__(self, *, missing: Sequence[str], found: Sequence[str]) -> None:
        super().__init__(
            _("These columns are missing: %(missing)s. The headings found are: %(found)s.")
            % {"missing": ", ".join(missing), "found": ", ".join(found) or "–"}
        )


class ColumnTwice(FileRefused):
    """The same heading twice: nobody knows which one counts."""

    code = "column_twice"

    def __init__(self, *, name: str) -> None:
        super().__init__(_("The column “%(name)s” is there twice.") % {"name": name})


class CustomerNeeded(Refusal):
    """The rows of this kind belong to one customer."""

    code = "customer_needed"
    status = 400

    def __init__(self, *, found: str) -> None:
        super().__init__(
            _("No customer of yours has the domain “%(found)s”.") % {"found": found}, field="customer"
        )


class NotInThisStep(Refusal):
    """The file has gone on meanwhile."""

    code = "not_in_this_step"

    def __init__(self, *, state: str | Promise) -> None:
        super().__init__(
            _("The file is in the state “%(state)s”; this cannot be done now.") % {"state": state}
        )


class NothingToDo(Refusal):
    """No row would change anything."""

    code = "nothing_to_do"
    message = gettext_lazy("No row of this file would change anything.")


class AnothersFile(Refusal):
    """Rows are carried out with the rights of whoever handed the file in."""

    code = "anothers_file"
    status = 403

    def __init__(self, *, name: str) -> None:
        super().__init__(
            _("Only %(name)s, who handed the file in, can do this: the rows use that person's rights.")
            % {"name": name}
        )


class NoPasswords(Refusal):
    """Downloaded before, or expired."""

    code = "no_passwords"
    message = gettext_lazy(
        "The temporary passwords of this file have been downloaded already, or have expired. Reset a password to "
        "get a new one."
    )
