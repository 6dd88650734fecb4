"""Search as one types and tickets like one, in a large pool: seconds until the list is there.

    python -m tests.bench.search --tickets 1000000

On the tickets of ``tests.bench.scale``. Each key's search is that of the screen, in the thread that
looks things up; ``begin`` is what the key itself waits for. A search that is given up after 0.2 s,
as too much fits, counts as answered then, and how many were is said.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.bench.common import emit, parser
from tests.bench.keys import quantile
from tests.bench.scale import tickets
from txtal.errors import UsageError
from txtal.store import datasets, schema
from txtal.store import tickets as store
from txtal.store.finder import Finder
from txtal.store.lookups import BackgroundLookups
from txtal.store.search import SearchIndex
from txtal.store.session_file import ReadFile
from txtal.types import Record
from txtal.types.query import parse

WORDS = ("card payment", "exchange rate", "refund", "transfer pending", "zqbcdefgqz")
ALIKE = 12
FOUND = 50


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--tickets", type=int, default=100_000)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "t.db"
        with closing(schema.open_database(path, create=True)) as conn:
            dataset = datasets.prepare(conn, "d", [("a", ""), ("b", "")], "exclusive")
            records = (Record(one["text"], one["meta"]) for one in tickets(options.tickets))
            store.add(conn, dataset.id, records)
            shown = [store.get(conn, number) for number in range(1, 1 + ALIKE)]
        key = "1"
        began = time.process_time()
        index = SearchIndex(path, dataset.id, key)
        index.start()
        index.wait()
        index.close()
        made = time.process_time() - began

        def opened() -> Finder:
            read = ReadFile(schema.open_readonly(path), path, dataset.id, 0)
            return Finder(read, SearchIndex(path, dataset.id, key))

        lookups = BackgroundLookups(opened)
        begins: list[float] = []
        given_up = 0

        def timed(job: object) -> float:
            nonlocal given_up
            started = time.perf_counter()
            lookups.begin("list", job)  # type: ignore[arg-type]
            begins.append(time.perf_counter() - started)
            while (outcome := lookups.take("list")) is None:
                time.sleep(0.001)
            given_up += isinstance(outcome.error, UsageError)
            if outcome.error is not None and not isinstance(outcome.error, UsageError):
                raise outcome.error
            return time.perf_counter() - started

        typed = [words[: end + 1] for words in WORDS for end in range(len(words))]
        timed(partial(Finder.find, query=parse("warm"), limit=FOUND))
        searches = [timed(partial(Finder.find, query=parse(one), limit=FOUND)) for one in typed]
        cut, given_up = given_up, 0
        alike = [timed(partial(Finder.like, ticket=one, limit=FOUND)) for one in shown]
        lookups.close()
    emit(
        "search",
        {
            "tickets": options.tickets,
            "index, processor seconds": made,
            "a search, seconds, p50": statistics.median(searches),
            "a search, seconds, p95": quantile(searches, 0.95),
            "a search, seconds, slowest": max(searches),
            "searches given up": f"{cut} of {len(typed)}",
            "tickets like one, seconds, p50": statistics.median(alike),
            "tickets like one, seconds, slowest": max(alike),
            "those given up": f"{given_up} of {ALIKE}",
            "the key itself, milliseconds, slowest": 1000 * max(begins),
        },
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
