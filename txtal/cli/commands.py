"""The table of commands: what `txtal --help` lists, without importing a single one of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from txtal.cli.origins import with_origins

RECIPE = "recipe"
"""The home of a command that is made from the recipe of its name."""


class HelpLine(NamedTuple):
    """A command as the help lists it."""

    home: str
    """The module in this package and the command's name there, or ``RECIPE``."""
    summary: str
    """An imperative that fits beside the name at 80 columns."""


SECTIONS: Mapping[str, Mapping[str, HelpLine]] = {
    "Label": {
        "demo": HelpLine("demo:command", "Try labelling on sample messages; nothing is kept."),
        "teach": HelpLine(RECIPE, "Label tickets; a model picks the most useful one next."),
        "manual": HelpLine(RECIPE, "Label tickets in file order, without a model."),
        "feedback": HelpLine(RECIPE, "Label customer feedback, loud messages sooner."),
        "review": HelpLine(RECIPE, "Decide where annotators differ, most disputed first."),
        "run": HelpLine("recipes:run", "Run your own recipe: FILE.py or FILE.py:NAME."),
        "recipes": HelpLine("recipes:recipes", "List the recipes you can run."),
        "label": HelpLine("label:command", "Add, rename, merge, split or retire labels."),
    },
    "Measure": {
        "stats": HelpLine("stats:command", "Show a dataset's progress, speed and accuracy."),
        "report": HelpLine("report:command", "Write an HTML report: quality, labels, effort."),
        "evaluate": HelpLine(
            "evaluate:command", "Measure accuracy on a dataset or a labelled file."
        ),
        "suspects": HelpLine("suspects:command", "List answers that are probably wrong."),
        "advise": HelpLine("advise:command", "Find labels to merge, split, add or describe."),
        "rules": HelpLine("rules:command", "Show how accurate rules and commands are."),
        "drift": HelpLine("drift:command", "Find out whether new tickets differ from the old."),
        "simulate": HelpLine(
            "simulate:command", "Test on labelled data what active learning saves."
        ),
    },
    "Use the result": {
        "export": HelpLine("export:command", "Write a dataset's answers as training data."),
        "finish": HelpLine("finish:command", "Have the model label the rest, to a proven bound."),
        "train": HelpLine("train:command", "Train a classifier and save it to a folder."),
        "predict": HelpLine("predict:command", "Label texts with a classifier from `txtal train`."),
        "onnx": HelpLine("onnx:command", "Write a classifier on sentence vectors as ONNX."),
        "models": HelpLine("models:models", "List the versions that `txtal train` made."),
        "compare": HelpLine("models:compare", "Show where two versions of a model differ."),
        "rollback": HelpLine("models:rollback", "Use an earlier version of a model again."),
    },
    "Run it as a service": {
        "serve": HelpLine("serve:command", "Serve predictions and the queue over HTTP."),
        "watch": HelpLine("watch:command", "Predict, queue, retrain and deploy by itself."),
        "hooks": HelpLine("hooks:command", "Send answers, versions and drift to other programs."),
        "token": HelpLine("token:command", "Let programs and people use the service."),
    },
    "Data and upkeep": {
        "load": HelpLine("load:command", "Load tickets, or answers with --answers, from files."),
        "datasets": HelpLine("datasets:command", "List datasets with task, labels and progress."),
        "dataset": HelpLine("dataset:command", "Rename, merge or drop a dataset."),
        "forget": HelpLine("forget:command", "Erase tickets for good, with their answers."),
        "why-excluded": HelpLine("why_excluded:command", "Show why a ticket isn't shown."),
        "share": HelpLine("share:command", "Let the people of a group label in this database."),
        "config": HelpLine("config:command", "Show every setting, and what a dataset keeps."),
        "doctor": HelpLine("doctor:command", "Check versions, terminal, database and cache."),
        "verify": HelpLine("verify:command", "Check every ticket and answer for damage."),
        "backup": HelpLine("backup:command", "Copy the database, even while sessions run."),
        "restore": HelpLine("restore:command", "Replace the database with a verified backup."),
    },
}
"""One line per command, under the heading where the help lists it."""

_LISTED = {name: one for section in SECTIONS.values() for name, one in section.items()}

RECIPES = tuple(name for name, one in _LISTED.items() if one.home == RECIPE)
"""The commands that are recipes."""


class Commands(click.Group):
    """A group of the commands in the table; each is imported when it is called."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command; of a bad value in a file of settings say where it stands."""
        with with_origins(context):
            return super().invoke(context)

    def list_commands(self, context: click.Context) -> list[str]:
        """Return their names, in the alphabet's order."""
        return sorted(_LISTED)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import a command; None where there is none of this name."""
        listed = _LISTED.get(name)
        if listed is None:
            return None
        if name not in self.commands:
            self.commands[name] = _imported(name, listed)
        return self.commands[name]

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections of the help."""
        widest = max(map(len, _LISTED))
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(name.ljust(widest), one.summary) for name, one in section.items()]
                )


def _imported(name: str, listed: HelpLine) -> click.Command:
    if listed.home == RECIPE:
        from txtal.cli.recipes import shipped_command

        return shipped_command(name)
    module, _, attribute = listed.home.partition(":")
    command: click.Command = getattr(import_module(f"txtal.cli.{module}"), attribute)
    return command
