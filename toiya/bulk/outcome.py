"""What a row came to, or would come to."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """``is_new`` is False where everything was so already: handing a file in twice changes nothing the second time.

    ``code`` and ``text`` say more where there is more to say; ``secret`` is shown once and kept encrypted until then.
    """

    is_new: bool
    text: str = ""
    code: str = ""
    subject_id: uuid.UUID | None = None
    secret: str = ""
