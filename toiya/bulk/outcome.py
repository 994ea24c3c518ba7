"""What a row came to, or would come to."""

import json
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


def secret_of(name: str, user_name: str, password: str) -> str:
    """What is handed over to a user, as one text."""
    return json.dumps([name, user_name, password])


def read_secret(text: str) -> tuple[str, str, str]:
    """Name, user name and password again."""
    name, user_name, password = json.loads(text)
    return name, user_name, password
