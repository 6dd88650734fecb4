"""A command for ``--suggest`` that is right as often as it is told to be.

    txtal teach d --suggest "python tests/bench/scripted_annotator.py train.jsonl 0.7"

It knows the labels of a file. A hash of the text decides whether it is right, and which wrong label
it gives otherwise, each as likely.
"""

from __future__ import annotations

import json
import sys
from hashlib import blake2b
from pathlib import Path


def main() -> None:
    path, accuracy = Path(sys.argv[1]), float(sys.argv[2])
    with path.open(encoding="utf-8") as lines:
        known = {row["text"]: row["label"] for row in map(json.loads, lines)}
    for line in sys.stdin:
        ticket = json.loads(line)
        right = known[ticket["text"]]
        drawn = int.from_bytes(blake2b(ticket["text"].encode(), digest_size=8).digest(), "big")
        others = [one["name"] for one in ticket["labels"] if one["name"] != right]
        is_right = drawn % 10_000 < 10_000 * accuracy
        label = right if is_right else others[drawn // 10_000 % len(others)]
        print(json.dumps({"id": ticket["id"], "label": label}), flush=True)


if __name__ == "__main__":
    main()
