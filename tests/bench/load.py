"""Loading against ``sqlite-utils insert --nl`` and against bare json + executemany, in one run.

python -m tests.bench.load --lines 100000
"""

from __future__ import annotations

import json
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

from tests.bench.common import SAMPLE, alternate, emit, parser, quietly

BARE = """
import json, sqlite3, sys
conn = sqlite3.connect(sys.argv[1])
conn.execute("PRAGMA journal_mode = WAL")
conn.execute("CREATE TABLE t (text TEXT, meta TEXT)")
with open(sys.argv[2]) as lines, conn:
    rows = ((r["text"], json.dumps(r["meta"])) for r in map(json.loads, lines))
    conn.executemany("INSERT INTO t VALUES (?, ?)", rows)
"""


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--lines", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "tickets.jsonl"
        with source.open("w", encoding="utf-8") as out:
            tickets = map(json.loads, SAMPLE.read_text("utf-8").splitlines())
            for number, ticket in enumerate(islice(cycle(list(tickets)), options.lines)):
                ticket["text"] += f" #{number}"
                out.write(json.dumps(ticket) + "\n")
        bin_folder = Path(sys.executable).parent
        sqlite_utils = str(bin_folder / "sqlite-utils")
        fresh = (str(folder / f"{number}.db") for number in range(1000))
        times = alternate(
            {
                "txtal": lambda: quietly(
                    [str(bin_folder / "txtal"), "--db", next(fresh), "load", "d", str(source)]
                ),
                "sqlite_utils": lambda: quietly(
                    [sqlite_utils, "insert", next(fresh), "t", str(source), "--nl"]
                ),
                "bare": lambda: quietly([sys.executable, "-c", BARE, next(fresh), str(source)]),
            },
            options.rounds,
        )
    emit(
        "load",
        {
            "lines": options.lines,
            "txtal_lines_per_second": round(options.lines / times["txtal"]),
            "throughput_over_sqlite_utils": times["sqlite_utils"] / times["txtal"],
            "throughput_over_bare": times["bare"] / times["txtal"],
        },
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
