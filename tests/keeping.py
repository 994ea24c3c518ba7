"""What is kept of pages, compared with what would be written now."""

from itertools import count

import pytest
from django.template import Context
from django.utils.safestring import SafeString

from toiya.web.templatetags import kept

EACH = 10


def watch_kept(patch: pytest.MonkeyPatch) -> None:
    """Compare one part and one text in ten, in the language of now."""
    part, words, turn = kept._written, kept.Once.render, count()  # noqa: SLF001

    def compared(name: str, language: str | None, /, **values: object) -> SafeString:
        text = part(name, language, **values)
        if next(turn) % EACH == 0:
            assert text == part.__wrapped__(name, language, **values), name
        return text

    def looked_up(self: kept.Once, context: Context) -> str:
        text = words(self, context)
        if next(turn) % EACH == 0:
            shown = context[self.node.asvar] if self.node.asvar else text
            now = self.node.render(context)
            assert shown == (context[self.node.asvar] if self.node.asvar else now)
        return text

    patch.setattr(kept, "_written", compared)
    patch.setattr(kept.Once, "render", looked_up)
