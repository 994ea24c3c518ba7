"""Do the long lists stay flat? The same pages with few and with many customers, on one PostgreSQL server in one run.

    python tools/postgres.py run -- python tools/bench_growth.py [--small 10000] [--large 1000000] [--rounds 20]

Each page is asked for in turns at both sizes, and beside it the same rows by one SQL statement. What counts is the
CPU time of the web process and of its database server process; the clock on the wall is printed too. Writes
var/bench/growth.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.test import Client

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "var" / "bench" / "growth.json"
CASES = {
    "customers_list": {"path": "/dashboard/customers/"},
    "customers_search": {"path": "/dashboard/customers/?q=工業"},
    "customers_search_rare": {"path": "/dashboard/customers/?q=雲雀"},
    "customers_search_kana": {"path": "/dashboard/customers/?q=かわ"},
    "customers_search_latin": {"path": "/dashboard/customers/?q=ka"},
    "customer_expand": {"path": "/dashboard/customers/?expand={customer}"},
    "subscriptions_list": {"path": "/dashboard/subscriptions/"},
}
LIMIT = 1.3
ROWS = 51


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--small", type=int, default=10_000)
    given.add_argument("--large", type=int, default=1_000_000)
    given.add_argument("--rounds", type=int, default=20)
    given.add_argument("--serve", default="")
    options = given.parse_args()
    if options.serve:
        serve(options.serve)
        return 0
    url = os.environ.get("TOIYA_DATABASE_URL", "")
    if not url.startswith("postgres"):
        print("this needs PostgreSQL: python tools/postgres.py run -- python tools/bench_growth.py")
        return 2
    # Once for both: the two databases are copies of the migrated one.
    settings = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, env=settings, cwd=ROOT, check=True)
    sites = {name: Site(url, name, getattr(options, name)) for name in ("small", "large")}
    try:
        rows = []
        for case in CASES:
            if not sites["small"].ask(case):
                print(f"{case}: there is no such page")
                continue
            rows.append(measured(case, sites, options.rounds))
            show(rows[-1:])
            keep(options, rows)
    finally:
        for site in sites.values():
            site.close()
    show(rows)
    return 0


def keep(options: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    figures = {"small": options.small, "large": options.large, "rounds": options.rounds, "cases": rows}
    TARGET.write_text(json.dumps(figures, indent=2) + "\n")


class Site:
    """One database of the server, filled, with a process that serves its pages."""

    def __init__(self, url: str, name: str, customers: int) -> None:
        import psycopg  # noqa: PLC0415  (only where it measures)

        parts = urlsplit(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "growth_{name}" TEMPLATE "{parts.path.lstrip("/")}"')
        self.env = {**os.environ, "TOIYA_DATABASE_URL": urlunsplit(parts._replace(path=f"/growth_{name}"))}
        self.env["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        started = time.monotonic()
        made = self._run("load", "--customers", str(customers))
        agent = next(line.split()[1] for line in made.splitlines() if line.startswith("agent "))
        print(f"{name}: {customers} customers in {time.monotonic() - started:.0f} s", flush=True)
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", agent],
            env=self.env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _run(self, *command: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "django", *command],
            env=self.env,
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    def ask(self, case: str) -> dict[str, Any]:
        if self.process.stdin is None or self.process.stdout is None:
            raise BrokenPipeError
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(30)


def measured(case: str, sites: dict[str, Site], rounds: int) -> dict[str, Any]:
    """The medians of both sizes, asked for in turns."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in sites}
    for turn in range(rounds + 2):
        for name, site in sites.items():
            answer = site.ask(case)
            if turn >= 2:  # noqa: PLR2004  (the first ones warm up)
                found[name].append(answer)
    row: dict[str, Any] = {"case": case}
    for name, answers in found.items():
        middle = {key: statistics.median(answer[key] for answer in answers) for key in answers[0]}
        total = sum(answer["web_cpu_ms"] + answer["db_cpu_ms"] for answer in answers) / len(answers)
        row[name] = {
            **middle,
            "cpu_ms": total,
            "db_cpu_ms": sum(a["db_cpu_ms"] for a in answers) / len(answers),
        }
        row[name]["limit_cpu_ms"] = sum(a["limit_cpu_ms"] for a in answers) / len(answers)
        row[name]["p99_ms"] = max(answer["ms"] for answer in answers)
    large = row["large"]
    return {
        **row,
        "ratio": round(large["ms"] / row["small"]["ms"], 3),
        "cpu_ratio": round(large["cpu_ms"] / row["small"]["cpu_ms"], 3),
        "web_cpu_ms": round(large["web_cpu_ms"], 2),
        "db_cpu_ms": round(large["db_cpu_ms"], 2),
        "limit_cpu_ms": round(large["limit_cpu_ms"], 2),
        "rps": round(1000 / large["ms"], 1),
        "p50_ms": round(large["ms"], 2),
        "p99_ms": round(large["p99_ms"], 2),
        "statements": large["statements"],
        "bytes": large["bytes"],
    }


def show(rows: list[dict[str, Any]]) -> None:
    print(
        f"{'case':26} {'small ms':>9} {'large ms':>9} {'ratio':>6} {'cpu':>6} {'db ms':>7} {'one statement':>14}"
    )
    for row in rows:
        small, large = row["small"], row["large"]
        print(
            f"{row['case']:26} {small['ms']:9.1f} {large['ms']:9.1f} {row['ratio']:6.2f} {row['cpu_ratio']:6.2f}"
            f" {large['sql_ms']:7.2f} {large['limit_ms']:14.2f}"
        )


# ---------------------------------------------------------------- one size, in its own process
def serve(agent: str) -> None:
    """Answers the name of a case with what one request took."""
    sys.path.insert(0, str(ROOT))
    import django  # noqa: PLC0415

    django.setup()
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import setup_test_environment  # noqa: PLC0415

    setup_test_environment()
    from tests.cast import browser_of, build_programme  # noqa: PLC0415
    from toiya.directory.models import Person  # noqa: PLC0415
    from toiya.relations.models import ResellerRelationship  # noqa: PLC0415

    build_programme()
    person = Person.objects.get(pk=agent)
    browser = browser_of(person, language="ja")
    middle = ResellerRelationship.objects.filter(partner=person.tenant).order_by("customer_sort_key", "id")
    customer = middle.values_list("customer_id", flat=True)[20]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    for line in sys.stdin:
        case = line.strip()
        path = CASES[case]["path"].format(customer=customer)
        print(json.dumps(one_request(browser, path, case, person.tenant_id, backend)), flush=True)


def one_request(browser: Client, path: str, case: str, tenant_id: object, backend: int) -> dict[str, Any]:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    cpu, db, start = time.process_time(), backend_cpu(backend), time.perf_counter()
    answer = browser.get(path)
    took, used, db_used = time.perf_counter() - start, time.process_time() - cpu, backend_cpu(backend) - db
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return {}
    if answer.status_code != HTTPStatus.OK:
        raise LookupError(f"{path} answered {answer.status_code}")
    with CaptureQueriesContext(connection) as captured:
        browser.get(path)
    sql = sum(float(query["time"]) for query in captured.captured_queries)
    limit_cpu, limit_db, limit_start = time.process_time(), backend_cpu(backend), time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(*statement_of(case, tenant_id))
        cursor.fetchall()
    return {
        "ms": took * 1000,
        "web_cpu_ms": used * 1000,
        "db_cpu_ms": db_used,
        "sql_ms": sql * 1000,
        "limit_ms": (time.perf_counter() - limit_start) * 1000,
        "limit_cpu_ms": (time.process_time() - limit_cpu) * 1000 + backend_cpu(backend) - limit_db,
        "statements": len(captured.captured_queries),
        "bytes": len(answer.content),
    }


def backend_cpu(pid: int) -> float:
    """Milliseconds of CPU that the database's process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def statement_of(case: str, tenant_id: object) -> tuple[str, list[Any]]:
    """The same rows by one statement, as somebody would write it who knows the indexes."""
    if case == "subscriptions_list":
        return (
            (
                "SELECT s.*, t.name, k.name_ja FROM subscriptions_subscription s"
                " JOIN directory_tenant t ON t.id = s.customer_id JOIN catalogue_sku k ON k.id = s.sku_id"
                " WHERE s.tenant_id = %s ORDER BY s.created_at DESC, s.id DESC LIMIT %s"
            ),
            [tenant_id, ROWS],
        )
    return (
        (
            "SELECT r.*, t.*, d.name FROM relations_resellerrelationship r"
            " JOIN directory_tenant t ON t.id = r.customer_id"
            " LEFT JOIN directory_domain d ON d.tenant_id = t.id AND d.is_primary"
            " WHERE r.partner_id = %s AND r.ended_at IS NULL ORDER BY r.customer_sort_key, r.id LIMIT %s"
        ),
        [tenant_id, ROWS],
    )


if __name__ == "__main__":
    sys.exit(main())
