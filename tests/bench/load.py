"""Loading against ``sqlite-utils insert --nl`` and against bare json + executemany, in one run.

python -m tests.bench.load --lines 100000
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

from tests.bench.common import SAMPLE, as_installed, emit, parser, spent

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
    as_installed()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "tickets.jsonl"
        with source.open("w", encoding="utf-8") as out:
            tickets = map(json.loads, SAMPLE.read_text("utf-8").splitlines())
            for number, ticket in enumerate(islice(cycle(list(tickets)), options.lines)):
                ticket["text"] += f" #{number}"
                out.write(json.dumps(ticket) + "\n")
        bin_folder = Path(sys.executable).parent
        sqlite_utils = [sys.executable, "-m", "sqlite_utils"]
        commands = {
            "txtal": lambda db: [str(bin_folder / "txtal"), "--db", db, "load", "d", str(source)],
            "sqlite_utils": lambda db: [*sqlite_utils, "insert", db, "t", str(source), "--nl"],
            "bare": lambda db: [sys.executable, "-c", BARE, db, str(source)],
        }
        measured: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
        for number in range(options.rounds):  # in turn, so that noise falls on all alike
            for name, command in commands.items():
                measured[name].append(spent(command(str(folder / f"{name}{number}.db"))))
    clock, cpu = (
        {name: statistics.median(one[kind] for one in rounds) for name, rounds in measured.items()}
        for kind in ("seconds", "cpu")
    )
    emit(
        "load",
        {
            "lines": options.lines,
            "txtal_lines_per_second": round(options.lines / clock["txtal"]),
            "throughput_over_sqlite_utils": clock["sqlite_utils"] / clock["txtal"],
            "throughput_over_bare": clock["bare"] / clock["txtal"],
            "processor_throughput_over_sqlite_utils": cpu["sqlite_utils"] / cpu["txtal"],
            "processor_throughput_over_bare": cpu["bare"] / cpu["txtal"],
        },
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
