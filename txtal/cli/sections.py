"""The options of a recipe's command under headings, by what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from txtal.cli.origins import with_origins

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Labels": ("label", "labels_from", "rating", "score", "task", "guidelines", "patterns", "keys"),
    "Which ticket next": (
        *("strategy", "vectors", "lang", "spacy", "names", "robust", "suspects", "new"),
        *("patterns_share", "review", "synthesise", "seed"),
    ),
    "Other annotators": ("rules", "suggest", "suggest_budget"),
    "Quality": ("audit", "stop_at", "stop_gain", "recheck", "overlap"),
    "Stream": ("stream", "follow", "budget", "band"),
    "Reading SOURCE": (
        *("text_fields", "id_field", "meta_fields", "thread_field", "columns", "encoding"),
        "import_format",
    ),
    "Telling other programs": ("on_answer", "on_train", "on_stop", "on_drift"),
    "Session": ("annotator", "plain", "preset", "theme", "engine", "scheduler", "help"),
}
"""The parameters of the shipped recipes; those of others that are called the same go with them."""

_SECTION_OF = {name: title for title, names in SECTIONS.items() for name in names}


class SectionedCommand(click.Command):
    """A command whose help lists options under these headings, and others under Options."""

    def invoke(self, context: click.Context) -> Any:
        """Run it; of a bad value in a file of settings say where it stands."""
        with with_origins(context):
            return super().invoke(context)

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections that have any."""
        found: dict[str, list[tuple[str, str]]] = {"Options": [], **{one: [] for one in SECTIONS}}
        for param in self.get_params(context):
            record = param.get_help_record(context)
            if record is not None and isinstance(param, click.Option):
                found[_SECTION_OF.get(param.name or "", "Options")].append(record)
        for title, records in found.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
