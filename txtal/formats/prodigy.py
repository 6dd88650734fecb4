"""Prodigy's hashes of texts and tasks.

They were worked out from public exports (explosion/prodigy-recipes, example-datasets) and
agree with them all but for ``options``, of which there is no public sample with both hashes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

TASK_KEYS = ("spans", "label", "options", "arcs")
_NOT_IN_TASK = frozenset({
    "score", "rank", "model", "source", "pattern", "priority", "path",
    "_view_id", "_session_id", "_annotator_id", "answer",
})  # fmt: skip


def input_hash(text: str) -> int:
    """What Prodigy knows a text by: 32 bits, signed. Different texts may share one."""
    return _murmur("text=" + json.dumps(text))


def task_hash(inputs: int, task: Mapping[str, Any]) -> int:
    """What Prodigy knows a question about the text with the hash ``inputs`` by."""
    asked = "".join(f"{key}={json.dumps(task[key])}" for key in TASK_KEYS if key in task)
    if asked:
        return _murmur(f"{inputs}{asked}")
    kept = {key: value for key, value in task.items() if key not in _NOT_IN_TASK}
    kept["_input_hash"] = inputs
    return _murmur(f"{inputs}{json.dumps(kept, sort_keys=True)}")


def _murmur(text: str) -> int:
    from murmurhash.mrmr import hash as murmur3_x86_32

    return int(murmur3_x86_32(text, 0))
