"""Do the long lists stay flat? The same pages with few and with many customers, on one PostgreSQL server in one run.

    python tools/postgres.py run -- python tools/bench_growth.py [--small 10000] [--large 1000000] [--rounds 15]

Each page is asked for in turns at both sizes. Beside it, on the same connection: the same request without writing any
HTML, which leaves the statements of the page and the rows made of them; and one SQL statement that brings everything
the page shows of its rows. Both the clock and the CPU time of the web process and of its database process are taken.
Writes var/bench/growth.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from http import HTTPStatus
from http.cookies import SimpleCookie
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import quote, urlsplit, urlunsplit

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "var" / "bench" / "growth.json"
PAGE = "/dashboard/customers/"
CASES: dict[str, dict[str, Any]] = {
    "customers_list": {"path": PAGE},
    "customers_search": {"path": f"{PAGE}?q=工業", "sought": "工業"},
    "customers_search_rare": {"path": f"{PAGE}?q=雲雀", "sought": "雲雀", "is_rare": True},
    "customers_search_kana": {"path": f"{PAGE}?q=かわ", "sought": "かわ"},
    "customers_search_latin": {"path": f"{PAGE}?q=ka", "sought": "ka"},
    "customers_search_late": {"path": f"{PAGE}?q=みど", "sought": "みど", "is_rare": True},
    # As the arrow asks: htmx takes the table in place.
    "customer_expand": {"path": f"{PAGE}?expand={{customer}}", "swap": "customers"},
    "subscriptions_list": {"path": "/dashboard/subscriptions/"},
    "subscriptions_search": {"path": "/dashboard/subscriptions/?q=工業", "sought": "工業"},
    "subscriptions_search_rare": {
        "path": "/dashboard/subscriptions/?q=雲雀",
        "sought": "雲雀",
        "is_rare": True,
    },
    # Adds up a whole year of months: grows with what is sold, and says so.
    "renewals": {"path": "/dashboard/renewals/"},
    # Adds up a whole year of months: grows with what is sold; the page comes before it.
    "renewals_sums": {"path": "/dashboard/renewals/?sums=yes", "rounds": 2, "repeats": 1},
}
ROWS = 51
REPEATS = 5


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--small", type=int, default=10_000)
    given.add_argument("--large", type=int, default=1_000_000)
    given.add_argument("--rounds", type=int, default=15)
    given.add_argument("--cases", nargs="*", default=list(CASES))
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
    os.environ |= {"DJANGO_SETTINGS_MODULE": "toiya.settings", "TOIYA_MODE": "demo"}
    subprocess.run([sys.executable, "-m", "django", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
    sites = {name: Site(url, name, getattr(options, name)) for name in ("small", "large")}
    try:
        rows = []
        for case in options.cases:
            rows.append(measured(case, sites, CASES[case].get("rounds", options.rounds)))
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
    warm_up = 2 if rounds > 2 else 0  # noqa: PLR2004  (what takes long has no time to warm up)
    for turn in range(rounds + warm_up):
        for name, site in sites.items():
            answer = site.ask(case)
            if turn >= warm_up:
                found[name].append(answer)
    row: dict[str, Any] = {"case": case}
    for name, answers in found.items():
        row[name] = {
            key: round(statistics.median(answer[key] for answer in answers), 3) for key in answers[0]
        }
        row[name]["p99_ms"] = round(max(answer["ms"] for answer in answers), 2)
    small, large = row["small"], row["large"]
    if small["rows"] != large["rows"]:
        raise ValueError(f"{case}: {small['rows']} rows in the short list, {large['rows']} in the long one")
    return {
        **row,
        **{
            f"{part}ratio": round(large[f"{part}ms"] / small[f"{part}ms"], 3)
            for part in ("", "cpu_", "data_")
        },
        "web_cpu_ms": large["web_cpu_ms"],
        "db_cpu_ms": large["db_cpu_ms"],
        "limit_cpu_ms": large["limit_cpu_ms"],
        "rps": round(1000 / large["ms"], 1),
        "p50_ms": large["ms"],
        "p99_ms": large["p99_ms"],
        "statements": large["statements"],
        "bytes": large["bytes"],
    }


HEAD = (
    f"{'case':25} {'small':>16} {'large':>16}  {'ratio':>5} {'cpu':>5}"
    f" | {'without HTML':>15} {'one statement':>15}  {'times it: whole':>16} {'data':>11}"
)


def show(rows: list[dict[str, Any]]) -> None:
    """Clock and CPU in milliseconds; then the large list's parts, and how often the one statement goes into them."""
    print(HEAD)
    for row in rows:
        small, large = row["small"], row["large"]
        pairs = [f"{size['ms']:8.1f}{size['cpu_ms']:8.1f}" for size in (small, large)]
        parts = [f"{large[part + '_ms']:7.1f}{large[part + '_cpu_ms']:8.1f}" for part in ("data", "limit")]
        times = [
            "/".join(f"{size[part] / size['limit_cpu_ms']:.1f}" for size in (small, large))
            for part in ("cpu_ms", "data_cpu_ms")
        ]
        print(
            f"{row['case']:25} {pairs[0]} {pairs[1]}  {row['ratio']:5.2f} {row['cpu_ratio']:5.2f}"
            f" | {parts[0]} {parts[1]}  {times[0]:>16} {times[1]:>11}",
            flush=True,
        )


# ---------------------------------------------------------------- one size, in its own process
def serve(agent: str) -> None:
    """Answers the name of a case with what one request took."""
    sys.path.insert(0, str(ROOT))
    import gc  # noqa: PLC0415

    import django  # noqa: PLC0415

    django.setup()
    from django.db import connection  # noqa: PLC0415

    from tests.cast import browser_of, build_programme  # noqa: PLC0415
    from toiya.directory.models import Person  # noqa: PLC0415
    from toiya.relations.models import ResellerRelationship  # noqa: PLC0415

    build_programme()
    person = Person.objects.get(pk=agent)
    cookies = browser_of(person, language="ja").cookies
    # The first page gives the form's secret, which the browser brings along from then on.
    for name, value in get(PAGE, {"Cookie": sent(cookies)}).headers:
        if name == "Set-Cookie":
            cookies.load(value)
    middle = ResellerRelationship.objects.filter(partner=person.tenant).order_by("customer_sort_key", "id")
    customer = middle.values_list("customer_id", flat=True)[20]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    # As the server does (toiya/wsgi.py).
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)
    for line in sys.stdin:
        case = CASES[line.strip()]
        path = case["path"].format(customer=customer)
        headers = {"Cookie": sent(cookies), "Accept-Language": "ja"}
        if "swap" in case:
            headers |= {"HX-Request": "true", "HX-Target": case["swap"]}
        ask = partial(get, path, headers)
        statement = statement_of(line.strip(), person.tenant_id, customer)
        print(json.dumps(one_round(ask, statement, backend, case.get("repeats", REPEATS))), flush=True)


def sent(cookies: SimpleCookie) -> str:
    """As a browser sends them back."""
    return cookies.output(attrs=[], header="", sep=";").strip()


class Answer(NamedTuple):
    """What the server would send."""

    status: int
    content: bytes
    headers: list[tuple[str, str]]


@cache
def application() -> Any:  # noqa: ANN401
    """Django behind its WSGI door."""
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415

    return get_wsgi_application()


def get(path: str, headers: dict[str, str]) -> Answer:
    """One request to Django as the server hands it over; sockets and the line in the log stand around it."""
    before, _mark, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": before,
        "QUERY_STRING": quote(query, safe="=&%"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }
    begun: list[Any] = []
    body = application()(environ, lambda *told: begun.extend(told))
    try:
        return Answer(int(begun[0].split(" ", 1)[0]), b"".join(body), begun[1])
    finally:
        body.close()


def one_round(
    ask: Callable[[], Answer], statement: tuple[str, dict[str, Any]], backend: int, repeats: int
) -> dict[str, Any]:
    from django.db import connection  # noqa: PLC0415
    from django.template.base import Template  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    def one_statement() -> Any:  # noqa: ANN401
        with connection.cursor() as cursor:
            cursor.execute(*statement)
            return cursor.fetchall()

    # Everything is asked for several times, so that each finds the processor as its own last turn left it.
    answer, page = taken(ask, backend, repeats)
    if answer.status != HTTPStatus.OK:
        raise LookupError(f"answered {answer.status}")
    with mock.patch.object(Template, "_render", return_value=""):
        _answer, data = taken(ask, backend, repeats)
    _rows, limit = taken(one_statement, backend, repeats)
    with CaptureQueriesContext(connection) as captured:
        ask()
    return {
        **page,
        **{f"data_{key}": value for key, value in data.items()},
        **{f"limit_{key}": value for key, value in limit.items()},
        "statements": len(captured.captured_queries),
        "bytes": len(answer.content),
        "rows": answer.content.count(b'<th scope="row"'),
    }


def taken(act: Callable[[], Any], backend: int, repeats: int = 1) -> tuple[Any, dict[str, float]]:
    """What it answers, and the milliseconds of each time: clock, CPU of both processes, and each."""
    cpu, db, start = time.process_time(), backend_cpu(backend), time.perf_counter()
    for _turn in range(repeats - 1):
        act()
    answer = act()
    clock, web, db = time.perf_counter() - start, time.process_time() - cpu, backend_cpu(backend) - db
    found = {"ms": clock * 1000, "web_cpu_ms": web * 1000, "db_cpu_ms": db, "cpu_ms": web * 1000 + db}
    return answer, {key: value / repeats for key, value in found.items()}


def backend_cpu(pid: int) -> float:
    """Milliseconds of CPU that the database's process has used; the scheduler knows it to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1_000_000


LIST = """
SELECT r.id, r.customer_id, r.customer_sort_key, t.name, t.latin_name, d.name, r.since, r.origin, r.origin_note,
  r.channel {more}
FROM relations_resellerrelationship r
JOIN directory_tenant t ON t.id = r.customer_id
LEFT JOIN directory_domain d ON d.tenant_id = t.id AND d.is_primary
WHERE r.partner_id = %(own)s AND r.ended_at IS NULL {condition}
ORDER BY {order}, r.id LIMIT %(rows)s
"""
OPENED = """
, (SELECT count(*) FROM subscriptions_subscription s
   WHERE s.customer_id = %(customer)s AND s.tenant_id = %(own)s AND s.state IN ('pending', 'active', 'suspended'))
, (SELECT min(s.term_end) FROM subscriptions_subscription s
   WHERE s.customer_id = %(customer)s AND s.tenant_id = %(own)s AND s.state = 'active' AND s.auto_renew)
, (SELECT array_agg(g.role) FROM relations_grantrole g JOIN relations_administrationgrant a ON a.id = g.grant_id
   WHERE a.tenant_id = %(customer)s AND a.grantee_id = %(own)s AND a.removed_at IS NULL)
"""
SUBSCRIPTIONS = """
SELECT s.id, s.friendly_name, s.quantity, s.state, s.term_end, s.auto_renew, s.kept_until, s.created_at,
  s.customer_id, t.name, t.latin_name, k.name_ja, k.name_en, e.name, e.latin_name {more}
FROM subscriptions_subscription s
JOIN relations_resellerrelationship r
  ON r.partner_id = %(own)s AND r.customer_id = s.customer_id AND r.ended_at IS NULL
JOIN directory_tenant t ON t.id = s.customer_id
JOIN catalogue_sku k ON k.id = s.sku_id
LEFT JOIN directory_tenant e ON e.id = s.reseller_id
WHERE s.tenant_id = %(own)s {condition}
ORDER BY {order}, s.id DESC LIMIT %(rows)s
"""
RENEWALS = "AND s.state IN ('active', 'suspended') AND s.term_end >= date_trunc('month', now())"
CONTAINS = "AND r.customer_search_key LIKE %(pattern)s"
BY_PAIRS = f"AND toiya_words(r.partner_id, r.customer_search_key) @> %(words)s {CONTAINS}"


def statement_of(name: str, own: object, customer: object) -> tuple[str, dict[str, Any]]:
    """Everything that the page shows of its rows by one statement, as somebody writes it who knows the indexes."""
    case = CASES[name]
    sought, is_rare = case.get("sought", ""), case.get("is_rare", False)
    condition = (BY_PAIRS if is_rare else CONTAINS) if sought else ""
    given = {"own": own, "rows": ROWS, "customer": customer, "pattern": f"%{sought}%"}
    given["words"] = [f"@{own}", *(sought[place : place + 2] for place in range(max(len(sought) - 1, 0)))]
    if name.startswith("customer"):
        order = "r.customer_sort_key || ''" if is_rare else "r.customer_sort_key"
        more = OPENED if name == "customer_expand" else ""
        text = LIST.format(more=more, condition=condition, order=order)
    elif name.startswith("renewals"):
        more = ", s.resale_units, s.resale_scale, s.resale_currency, s.retail_units, s.cost_units"
        text = SUBSCRIPTIONS.format(more=more, condition=RENEWALS, order="s.term_end")
    else:
        order = "s.created_at + interval '0' DESC" if is_rare else "s.created_at DESC"
        text = SUBSCRIPTIONS.format(more="", condition=condition, order=order)
    return text, {key: value for key, value in given.items() if f"%({key})s" in text}


if __name__ == "__main__":
    sys.exit(main())
