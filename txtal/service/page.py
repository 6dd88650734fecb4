"""The page that lists the datasets, where several are served."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from txtal.reports.page import page, safe


def listing(names: Sequence[str]) -> str:
    """Return a page with a link to the report of each dataset."""
    items = "".join(
        f'<li><a href="/?dataset={quote(name, safe="")}">{safe(name)}</a></li>' for name in names
    )
    return page("txtal", ["<h1>Datasets</h1>", f"<ul>{items}</ul>"])
