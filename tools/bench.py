"""What a request of the API costs, beside what its statements alone cost: the data and requests of one workload.

    python tools/postgres.py run -- python tools/bench.py [--customers 5000] [--requests 400] [--rounds 5] [--cases …]

Two server processes answer real requests over HTTP, each with a token that is looked up in the database, a new
connection each, four at a time. In the same run pgbench sends the statements that the case cannot do without, in one
transaction, to the same server: the limit. What is compared is CPU time, of the web processes and of the database's; it
holds on a busy machine. Writes var/bench/requests.json.
"""

import argparse
import datetime as dt
import http.client
import json
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self
from unittest import mock
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "var" / "bench" / "requests.json"
HOST, PORT = "127.0.0.1", 18631
CLIENTS = 4
PAGES = 40
TICK = os.sysconf("SC_CLK_TCK")
STAFF = 16
CASES: dict[str, dict[str, Any]] = {
    "customers10": {"path": "/v1/toiya/customers?size=10", "aim": None},
    "customers100": {"path": "/v1/toiya/customers?size=100", "aim": None},
    "customers100_reseller": {"path": "/v1/toiya/customers?size=100", "who": "reseller", "pages": 5},
    "customers100_lean": {"path": "/v1/customers?size=100", "aim": 2.5},
    "customer_get": {"path": "/v1/toiya/customers/{customer}", "aim": 6},
    "resources10": {"path": "/v1/toiya/subscriptions?size=10"},
    "resources100": {"path": "/v1/toiya/subscriptions?size=100"},
    "resources100_lean": {"path": "/v1/toiya/subscriptions?size=100&view=brief", "aim": 2.5},
    "orders10": {"path": "/v1/toiya/orders?size=10"},
    "orders100": {"path": "/v1/toiya/orders?size=100"},
    "orders100_lean": {"path": "/v1/toiya/orders?size=100&view=brief", "aim": 2.5},
    "customer_create": {"write": "customer"},
    "order_create": {"write": "order", "aim": 5},
    "invitation_create": {"write": "invitation"},
}


@dataclass
class Site:
    """What is in the database, and who asks."""

    staff: list[str]
    reseller: str
    customers: list[str]
    item: str
    partner: str
    pages: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    statements: dict[str, list[list[str]]] = field(default_factory=dict)


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--customers", type=int, default=5_000)
    given.add_argument("--requests", type=int, default=400)
    given.add_argument("--rounds", type=int, default=5)
    given.add_argument("--cases", nargs="*", default=list(CASES))
    given.add_argument("--prepare", default="")
    options = given.parse_args()
    if options.prepare:
        print(json.dumps(prepare(options.prepare, options.cases)))
        return 0
    url = os.environ.get("TOIYA_DATABASE_URL", "")
    if not url.startswith("postgres"):
        print("this needs PostgreSQL: python tools/postgres.py run -- python tools/bench.py")
        return 2
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "toiya.settings",
        "TOIYA_MODE": "demo",
        "TOIYA_ORIGIN": f"http://localhost:{PORT}",
        "TOIYA_API_CALLS_PER_MINUTE": "100000000",
    }
    run("migrate", "--verbosity", "0")
    wanted = ["--customers", str(options.customers), "--subscriptions-each", "4", "--orders-each", "4"]
    made = run("load", *wanted, "--resellers", "10", "--with-users")
    site = Site(**json.loads(run_self("--prepare", made, "--cases", *options.cases)))
    rows = []
    with served(), Database(url) as database:
        for case in options.cases:
            rows.append(measured(case, site, database, options))
            show(rows[-1])
            TARGET.parent.mkdir(parents=True, exist_ok=True)
            TARGET.write_text(json.dumps({"cases": rows}, indent=2) + "\n")
    return 0


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "django", *command], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def run_self(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, __file__, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


# ---------------------------------------------------------------- both sides
@contextmanager
def served() -> Iterator[None]:
    """Two web processes, as in production."""
    server = subprocess.Popen(
        [sys.executable, "-m", "django", "serve", "--workers", "2", "--threads", "2", "--port", str(PORT)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        for _turn in range(200):
            time.sleep(0.1)
            try:
                if ask("GET", "/healthz", "", None)[0] == HTTPStatus.OK:
                    break
            except OSError:
                continue
        WEB.append(server.pid)
        yield
    finally:
        WEB.clear()
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()


WEB: list[int] = []


class Database:
    """The server's processes and pgbench."""

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)
        self.url = url

    def __enter__(self) -> Self:
        import psycopg  # noqa: PLC0415  (only where it measures)

        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            if row is None:
                raise LookupError
            self.server = parent_of(row[0])
        return self

    def __exit__(self, *_problem: object) -> None:
        return

    def cpu(self) -> float:
        """Milliseconds that the database's processes have used, those that ended included."""
        return tree_cpu(self.server)

    def limit(self, scripts: list[list[str]], transactions: int) -> float:
        """CPU milliseconds of one transaction, pgbench's own included."""
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for place, script in enumerate(scripts):
                file = Path(folder) / f"{place}.sql"
                set_up = [line for line in script if line.startswith("\\")]
                body = ";\n".join(line for line in script if not line.startswith("\\"))
                file.write_text("\n".join([*set_up, "BEGIN;", f"{body};", "COMMIT;"]) + "\n")
                files += ["-f", str(file)]
            command = [
                "pgbench",
                "-n",
                "-M",
                "prepared",
                "-c",
                str(CLIENTS),
                "-t",
                str(max(transactions // CLIENTS, 1)),
            ]
            env = {**os.environ, "PGPASSWORD": self.parts.password or ""}
            target = [
                "-h",
                self.parts.hostname or "",
                "-p",
                str(self.parts.port),
                "-U",
                self.parts.username or "",
            ]
            before, used = self.cpu(), children_cpu()
            done = subprocess.run(
                [*command, *files, *target, self.parts.path[1:]],
                env=env,
                check=False,
                capture_output=True,
                text=True,
            )
            if done.returncode or "ERROR" in done.stderr:
                raise RuntimeError(done.stderr[-2000:])
            time.sleep(0.3)  # until the connections' processes have ended and are counted
            return (self.cpu() - before + children_cpu() - used) / (max(transactions // CLIENTS, 1) * CLIENTS)


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000


def stat_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def parent_of(pid: int) -> int:
    return int(stat_of(pid)[1])


def tree_cpu(root: int) -> float:
    """CPU milliseconds of a process, of those under it, and of those under it that have ended."""
    total = 0
    children: dict[int, list[tuple[int, list[str]]]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = stat_of(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(int(stat[1]), []).append((int(entry.name), stat))
    todo = [(root, stat_of(root))]
    while todo:
        pid, stat = todo.pop()
        total += int(stat[11]) + int(stat[12]) + int(stat[13]) + int(stat[14])
        todo += children.get(pid, [])
    return total * 1000 / TICK


# ---------------------------------------------------------------- requests
def ask(method: str, path: str, token: str, body: object, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, PORT, timeout=30)
    given = {"Authorization": f"Bearer {token}", "Connection": "close", **headers}
    content = None if body is None else json.dumps(body).encode()
    if content is not None:
        given["Content-Type"] = "application/json"
    connection.request(method, path, content, given)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data


def requests_of(case: str, site: Site, chance: random.Random) -> Callable[[], tuple[int, bytes]]:
    """One random request of the case."""
    what = CASES[case]
    write = what.get("write")
    if write is not None:
        return partial(WRITES[write], site, chance)

    def token() -> str:
        return site.reseller if what.get("who") == "reseller" else chance.choice(site.staff)

    if "{customer}" in what["path"]:
        return lambda: ask("GET", what["path"].format(customer=chance.choice(site.customers)), token(), None)

    def page() -> tuple[int, bytes]:
        path, cursor = chance.choice(site.pages[case])
        return ask("GET", path, token(), None, **({"MS-ContinuationToken": cursor} if cursor else {}))

    return page


def _new_customer(site: Site, chance: random.Random) -> tuple[int, bytes]:
    mark = uuid.uuid4().hex[:12]
    body = {
        "companyProfile": {"domain": f"bench-{mark}.example", "companyName": f"Bench {mark}"},
        "billingProfile": {
            "firstName": "Aoi",
            "lastName": "Aoki",
            "email": f"aoi@bench-{mark}.example",
            "culture": "ja-JP",
            "language": "ja",
            "companyName": f"Bench {mark}",
            "defaultAddress": {
                "country": "JP",
                "state": "東京都",
                "city": "港区",
                "addressLine1": "芝公園 4-2-8",
                "postalCode": "105-0011",
                "firstName": "Aoi",
                "lastName": "Aoki",
                "phoneNumber": "+81312345678",
            },
        },
    }
    headers = {"MS-RequestId": str(uuid.uuid4())}
    return ask("POST", "/v1/customers", chance.choice(site.staff), body, **headers)


def _new_order(site: Site, chance: random.Random) -> tuple[int, bytes]:
    customer = chance.choice(site.customers)
    body = {
        "referenceCustomerId": customer,
        "billingCycle": "monthly",
        "lineItems": [
            {
                "lineItemNumber": 0,
                "offerId": site.item,
                "friendlyName": "Office for the branch",
                "quantity": 5,
            }
        ],
    }
    headers = {"MS-RequestId": str(uuid.uuid4())}
    return ask("POST", f"/v1/customers/{customer}/orders", chance.choice(site.staff), body, **headers)


def _new_invitation(site: Site, chance: random.Random) -> tuple[int, bytes]:
    mark = uuid.uuid4().hex[:12]
    body = {"email": f"it@bench-{mark}.example", "language": "ja", "channel": "own_marketing", "send": True}
    headers = {"MS-RequestId": str(uuid.uuid4())}
    return ask("POST", "/v1/toiya/relationshipInvitations", chance.choice(site.staff), body, **headers)


WRITES = {"customer": _new_customer, "order": _new_order, "invitation": _new_invitation}


def measured(case: str, site: Site, database: Database, options: argparse.Namespace) -> dict[str, Any]:
    """The medians of the rounds; in each the requests and the limit take turns."""
    chance = random.Random(case)  # noqa: S311  (which page is asked for)
    one = requests_of(case, site, chance)
    status, data = one()
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise LookupError(f"{case}: {status} {data[:300]!r}")
    for _turn in range(20):
        one()
    rounds = [
        {
            **burst(one, database, options.requests),
            "limit_cpu_ms": database.limit(site.statements[case], options.requests * 2),
        }
        for _round in range(options.rounds)
    ]
    row: dict[str, Any] = {
        key: round(statistics.median(figures[key] for figures in rounds), 3) for key in rounds[0]
    }
    row["ratio"] = round((row["web_cpu_ms"] + row["db_cpu_ms"]) / row["limit_cpu_ms"], 2)
    statements = len(site.statements[case][0])
    return {"case": case, **row, "statements": statements, "bytes": len(data), "aim": CASES[case].get("aim")}


def burst(one: Callable[[], tuple[int, bytes]], database: Database, count: int) -> dict[str, float]:
    """So many requests, four at a time: CPU of each side, rate, waiting times."""
    waits: list[float] = []
    wrong: list[int] = []

    def work() -> None:
        for _turn in range(count // CLIENTS):
            begun = time.perf_counter()
            status, _data = one()
            waits.append((time.perf_counter() - begun) * 1000)
            if status >= HTTPStatus.MULTIPLE_CHOICES:
                wrong.append(status)

    web, db, begun = tree_cpu(WEB[0]), database.cpu(), time.perf_counter()
    threads = [threading.Thread(target=work) for _client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    if wrong:
        raise LookupError(f"{len(wrong)} of {count} answers were refusals: {set(wrong)}")
    waits.sort()
    return {
        "web_cpu_ms": (tree_cpu(WEB[0]) - web) / len(waits),
        "db_cpu_ms": (database.cpu() - db) / len(waits),
        "rps": len(waits) / took,
        "p50_ms": waits[len(waits) // 2],
        "p99_ms": waits[int(len(waits) * 0.99)],
    }


def show(row: dict[str, Any]) -> None:
    aim = f"aim {row['aim']}" if row["aim"] else ""
    print(
        f"{row['case']:22} web {row['web_cpu_ms']:6.2f}  db {row['db_cpu_ms']:6.2f}  limit {row['limit_cpu_ms']:6.2f}"
        f"  times it {row['ratio']:5.2f}  {aim:8} {row['rps']:6.0f}/s"
        f"  p50 {row['p50_ms']:6.1f}  p99 {row['p99_ms']:6.1f}"
        f"  {row['statements']} statements {row['bytes']} bytes",
        flush=True,
    )


# ---------------------------------------------------------------- what is in the database, and what the limit sends
def prepare(made: str, cases: list[str]) -> dict[str, Any]:
    """People, tokens, the addresses of pages, and the statements of each case with their values."""
    sys.path.insert(0, str(ROOT))
    import django  # noqa: PLC0415

    django.setup()
    from tests.cast import build_programme  # noqa: PLC0415
    from toiya.programme.models import Programme  # noqa: PLC0415

    build_programme()
    Programme.objects.update(mails_per_hour=32_000)
    told = [line.split() for line in made.splitlines()]
    agent, offer = (next(words[1] for words in told if words[0] == name) for name in ("agent", "offer"))
    resellers = [words[1] for words in told if words[0] == "reseller"]
    site = _people(agent, resellers[0])
    site.item = _priced(offer, agent)
    for case in cases:
        if "write" not in CASES[case]:
            site.pages[case], site.statements[case] = _pages(case, site)
        else:
            site.statements[case] = [_written(CASES[case]["write"], site)]
    return vars(site)


def _people(agent: str, reseller: str) -> Site:
    from tests.api.tokens import let_in, program_of  # noqa: PLC0415
    from tests.cast import hire  # noqa: PLC0415
    from toiya.core.permissions import Role  # noqa: PLC0415
    from toiya.directory.models import Person, Tenant  # noqa: PLC0415
    from toiya.relations.models import ResellerRelationship  # noqa: PLC0415
    from toiya.tokens.issue import issue_user_token  # noqa: PLC0415

    first = Person.objects.get(pk=agent)
    partner = Tenant.objects.get(pk=reseller)
    owner = hire(partner, "owner", Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)
    people = [hire(first.tenant, f"agent{place}", Role.ADMIN_AGENT) for place in range(STAFF)]
    ours, theirs = program_of(first), program_of(owner)
    served_by = ResellerRelationship.objects.filter(partner=partner).order_by("customer_sort_key", "id")
    return Site(
        staff=[issue_user_token(let_in(person, ours)).text for person in people],
        reseller=issue_user_token(let_in(owner, theirs)).text,
        customers=[str(pk) for pk in served_by.values_list("customer_id", flat=True)[:500]],
        item="",
        partner=reseller,
    )


def _priced(offer: str, agent: str) -> str:
    """The offer has a price for everybody; how the wire names it."""
    from tests.commerce import price, rule  # noqa: PLC0415
    from toiya.api.items import catalog_item_id  # noqa: PLC0415
    from toiya.catalogue.models import Availability  # noqa: PLC0415
    from toiya.core.clock import real_now  # noqa: PLC0415
    from toiya.core.permissions import Capacity  # noqa: PLC0415
    from toiya.directory.models import Person  # noqa: PLC0415
    from toiya.pricing.models import PriceBasis, PriceList  # noqa: PLC0415

    sold = Availability.objects.get(pk=offer)
    now = real_now()
    price_list = PriceList.objects.create(
        tenant=sold.tenant,
        country_id="JP",
        currency="JPY",
        name="Synthetic",
        valid_from=now.date() - dt.timedelta(days=100),
        published_at=now,
        created_at=now,
    )
    price(price_list, sold, 1000, 1500)
    rule(Person.objects.get(pk=agent).tenant, Capacity.PROVIDER, PriceBasis.COST, percent=2000)
    return str(catalog_item_id(sold))


def _pages(case: str, site: Site) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """The addresses of the first pages of the list, and the statements that each of them sent."""
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    what, client, cursor = CASES[case], Client(SERVER_NAME="localhost"), ""
    token = site.reseller if what.get("who") == "reseller" else site.staff[0]
    pages, sent = [], []
    for place in range(min(what.get("pages", PAGES), PAGES)):
        path = what["path"].format(customer=site.customers[place * 7 % len(site.customers)])
        headers = {"Authorization": f"Bearer {token}"} | ({"MS-ContinuationToken": cursor} if cursor else {})
        client.get(path, headers=headers)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path, headers=headers)
        if answer.status_code != HTTPStatus.OK:
            raise LookupError(f"{case}: {answer.content[:300]!r}")
        sent.append([_plain(query["sql"]) for query in captured.captured_queries])
        pages.append((path, cursor))
        cursor = answer.json().get("continuationToken", "")
        if not cursor:
            cursor = ""
    return pages, sent


def _plain(sql: str) -> str:
    """One line, as pgbench reads it: a colon before a word would be a variable of its own."""
    return re.sub(r"\s+", " ", sql).replace("'::", "' ::")


NEW_ID = re.compile(r"^'([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})'")
INNER_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
LITERAL = re.compile(r"'(?:[^']|'')*'(?: ?::\s*\w+)?|(?<![\w.])\d+(?![\w.])")


def _written(what: str, site: Site) -> list[str]:
    """What a write cannot do without: token and rights, and every row that it writes.

    Two requests are compared: what differs between them is made anew in each transaction of the limit, by its number.
    """
    _captured(what, site)  # what the first of its kind alone does
    first, second = _captured(what, site), _captured(what, site)
    if len(first) != len(second):
        raise LookupError(f"{what}: {len(first)} and {len(second)} statements")
    ids: dict[str, int] = {}
    written = [_made_anew(one, other, ids) for one, other in zip(first, second, strict=True)]
    return ["\\set x random(1, 1000000000000)", *written]


def _captured(what: str, site: Site) -> list[str]:
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client = Client(SERVER_NAME="localhost")
    chance = random.Random(1)  # noqa: S311  (the same customer and agent twice)

    def send(method: str, path: str, token: str, body: object, **headers: str) -> tuple[int, bytes]:
        given = {"Authorization": f"Bearer {token}", **headers}
        answer = client.generic(
            method, path, json.dumps(body), content_type="application/json", headers=given
        )
        return answer.status_code, answer.content

    with mock.patch(f"{__name__}.ask", send), CaptureQueriesContext(connection) as captured:
        status, data = WRITES[what](site, chance)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise LookupError(f"{what}: {status} {data[:500]!r}")
    sent = [_plain(query["sql"]) for query in captured.captured_queries]
    return [sent[0], *(sql for sql in sent[1:] if sql.startswith(("INSERT", "UPDATE", "DELETE")))]


def _made_anew(one: str, other: str, ids: dict[str, int]) -> str:
    """The statement with what differs replaced: ids, keys, numbers, and names that must be given once only."""
    theirs = iter(LITERAL.findall(other))

    def replaced(found: re.Match[str]) -> str:  # noqa: PLR0911  (one line per kind of literal)
        mine, their = found[0], next(theirs, found[0])
        if mine == their:
            return mine
        is_id = NEW_ID.match(mine)
        if is_id:
            place = ids.setdefault(is_id[1], len(ids))
            return f"('{place:08x}-0000-4000-8000-' || lpad(to_hex(:x ::bigint), 12, '0')) ::uuid"
        if mine.isdecimal():
            return "((:x ::bigint % 2000000000) ::int)" if 'INTO "orders_order" ' in one else mine
        if re.fullmatch(r"'[0-9a-f]{64}'.*", mine):
            place = ids.setdefault(mine, len(ids))
            return f"(md5((:x ::bigint) ::text || '{place}') || md5('{place}' || (:x ::bigint) ::text))"
        inside = INNER_ID.findall(mine)
        if inside and not mine.startswith("'{"):
            text, cast, kind = mine.partition(" ::")
            for one_id in inside:
                place = ids.setdefault(one_id, len(ids))
                text = text.replace(one_id, f"' || '{place}-' || (:x ::bigint) || '")
            return f"({text}){cast}{kind}"
        marks = re.search(r"bench-?\s?([0-9a-f]{12})", mine, re.IGNORECASE)
        if marks:
            text, cast, kind = mine.partition(" ::")
            return f"""({text.replace(marks[1], "' || (:x ::bigint) || '")}){cast}{kind}"""
        return mine

    return LITERAL.sub(replaced, one)


if __name__ == "__main__":
    sys.exit(main())
