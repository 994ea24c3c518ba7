"""The operations that an installation offers, as its OpenAPI document tells them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what it is called, where it is, and what may be said with it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    query: tuple[str, ...]
    reads_body: bool
    is_built: bool

    @property
    def path_names(self) -> list[str]:
        """The names in its address, in their order."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def is_own(self) -> bool:
        """Whether it is Toiya's own, not one of the existing language."""
        return self.id.startswith("toiya.")

    @property
    def area(self) -> str:
        """What it is about; Toiya's own operations stand beside those of the same name."""
        return self.id.removeprefix("toiya.").split(".")[0]

    @property
    def name(self) -> str:
        """What it does there."""
        return self.id.removeprefix("toiya.").partition(".")[2]


def operations_in(document: Mapping[str, Any]) -> dict[str, Operation]:
    """All operations by their ids."""
    found = {}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            parameters = told.get("parameters", [])
            found[told["operationId"]] = Operation(
                id=told["operationId"],
                method=method.upper(),
                path=path,
                summary=told.get("summary", ""),
                description=told.get("description", ""),
                query=tuple(one["name"] for one in parameters if one["in"] == "query"),
                reads_body="requestBody" in told,
                is_built="501" not in told["responses"],
            )
    return found
