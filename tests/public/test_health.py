"""Probes and figures."""

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import override_settings

from tests.cast import Cast


def test_the_process_is_alive_without_its_database() -> None:
    assert Client().get("/healthz").content == b"ok\n"


def test_ready_says_whether_the_database_answers(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get("/readyz").status_code == 200

    def broken() -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", broken)
        assert Client().get("/readyz").status_code == 503


@pytest.mark.parametrize(
    ("remote", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.7"}, 404),
        ("198.51.100.7", {}, 404),
        ("198.51.100.7", {"Authorization": "Bearer wrong"}, 404),
        ("198.51.100.7", {"Authorization": "Bearer a long token"}, 200),
    ],
)
def test_figures_are_for_this_machine_or_for_the_token(
    cast: Cast, remote: str, headers: dict[str, str], status: int
) -> None:
    with override_settings(METRICS_TOKEN="a long token"):
        response = Client(REMOTE_ADDR=remote).get("/metrics", headers=headers)

    assert response.status_code == status
    assert (b"toiya_mails_waiting" in response.content) == (status == 200)


def test_no_token_set_means_no_token_accepted(cast: Cast) -> None:
    response = Client(REMOTE_ADDR="198.51.100.7", HTTP_AUTHORIZATION="Bearer ").get("/metrics")

    assert response.status_code == 404
