"""Running a recipe: its parts put together, and run until the annotator quits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from txtal import config, logs
from txtal.annotators.panel import Suggestions
from txtal.annotators.starting import check as check_annotators
from txtal.annotators.starting import started
from txtal.errors import LockedError, UsageError
from txtal.formats.reading import Reading
from txtal.formats.source import arriving
from txtal.hooks.starting import courier
from txtal.hooks.starting import keep as keep_hooks
from txtal.ingest.client import LoaderProcess
from txtal.ingest.load import is_large, load, load_first
from txtal.ingest.protocol import LoadJob
from txtal.ingest.stream import Reader, SourceInflow
from txtal.ingest.talk import Noted, Report
from txtal.learner.client import LearnerProcess
from txtal.learning.selective import Rule
from txtal.recipes.extensions import Extras
from txtal.recipes.recipe import Recipe, records_of
from txtal.session.session import Session
from txtal.session.setup import Background, Hooks, Policy
from txtal.store import (
    datasets,
    make_cache_folder,
    predictions,
    schema,
    settings,
    votes,
)
from txtal.store.ledger import StoreLedger
from txtal.store.sqlite import Connection, foreseen, transaction
from txtal.text import count, look_alike
from txtal.types import ONE_OF, UNRANKED, Dataset, Loading
from txtal.ui.display import Display
from txtal.ui.keymaps import Keymap, mapped
from txtal.ui.keys import Action
from txtal.ui.standing import goodbye
from txtal.ui.themes import Theme

BUSY_MILLISECONDS = 100

INTERRUPTED = 128
"""Exit codes from here on: a signal, or Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """Where and as whom a recipe is run: what every recipe's command line has."""

    database: Path
    annotator: str
    plain: bool
    recipe: str
    code: Path
    """The recipe's file, for the learner to load what it registers."""
    theme: Theme = "auto"
    preset: str = "prodigy"
    """Which of :data:`txtal.ui.keymaps.PRESETS` the keys are."""
    keymap: Keymap = field(default_factory=dict)
    """Keys in the place of the preset's."""
    given: Mapping[str, str | float] = field(default_factory=dict)
    """Options to keep with the dataset, by name; see :data:`txtal.config.KEPT`."""
    notices: tuple[str, ...] = ()
    """What to say before the session begins."""
    reading: Reading = field(default_factory=Reading)
    """How the tickets' file is read."""
    hooks: Mapping[str, str] = field(default_factory=dict)
    """Whom to tell of what happens, by the event; kept with the dataset."""


def run(recipe: Recipe, invocation: Invocation, report: Report) -> int:
    """Load, start the learner, and label. Returns the exit code.

    Raises UsageError where there is no terminal, or nothing to label with.
    """
    from txtal.ui.plain import is_dumb

    plain = invocation.plain or is_dumb(os.environ)
    recipe.check()
    check_annotators(recipe.model)
    _check_dataset(recipe, invocation.database)
    _check_terminal(plain, recipe.tickets == "-")
    extras = recipe.screen.extras()
    actions = mapped(invocation.keymap, invocation.preset, extras)
    return _RecipeRun(recipe, invocation, report, plain, extras).labelled(actions)


class _RecipeRun:
    """One run of a recipe that has been checked, with what is read and opened for it."""

    def __init__(
        self, recipe: Recipe, invocation: Invocation, report: Report, plain: bool, extras: Extras
    ) -> None:
        self.recipe = recipe
        self.invocation = invocation
        self.report = Noted(report)
        self.plain = plain
        self.extras = extras
        self.guidelines = recipe.screen.guideline_text()
        self.reader = _reader(recipe, invocation.reading)

    def labelled(self, actions: Sequence[Action]) -> int:
        """Open the database, load, and label until the annotator quits. Returns the exit code."""
        database = self.invocation.database
        with closing(schema.open_database(database, create=True)) as conn, foreseen(database):
            with transaction(conn):  # nothing is left of a session that can't begin
                dataset = self._prepared(conn)
                loader = self._load(conn, dataset)
                self._keep(conn, dataset)
            if self.recipe.tickets == "-" and not self.plain:
                _keyboard_from_terminal()
            with suppress(OSError):  # whoever can't write there says so
                make_cache_folder(database)
            if loader is None:
                return self._label(conn, dataset, actions)
            loader.start()
            try:
                return _finish(loader, self._label(conn, dataset, actions, loader), self.report)
            finally:
                loader.close()

    # --- before -----------------------------------------------------------------------------

    def _prepared(self, conn: Connection) -> Dataset:
        """The dataset, made or brought up to the recipe's labels."""
        recipe, scheme = self.recipe, self.recipe.scheme
        labels = scheme.specs()
        task = "rating" if scheme.scale else scheme.task
        dataset = datasets.prepare(conn, recipe.dataset, labels, task)
        recipe.model.check_dataset(dataset)
        for notice in datasets.otherwise(dataset, labels):
            self.report.say(notice)
        if not dataset.scheme.labels:
            self._check_can_begin_without_labels()
        self._warn(dataset)
        return dataset

    def _keep(self, conn: Connection, dataset: Dataset) -> None:
        """Keep the options that were given with the dataset, and say what is and was kept."""
        for notice in self.invocation.notices:
            self.report.say(notice)
        given = self.invocation.given
        settings.forget(conn, dataset.id, config.replaced(given))
        changed = settings.keep(conn, dataset.id, given)
        for notice in keep_hooks(conn, self.invocation.database, dataset.id, self.invocation.hooks):
            self.report.say(notice)
        said = [
            f"{name} {value or 'none'}" + ("" if old is None else f" (it was {old or 'none'})")
            for name, (old, value) in changed.items()
        ]
        if said:
            self.report.say(f"kept with {dataset.name} from now on: {', '.join(said)}")

    def _check_can_begin_without_labels(self) -> None:
        """Raise UsageError where the labels can't come with the first answers."""
        questions, task = self.recipe.questions, self.recipe.scheme.task
        if questions.stream or questions.order == "suspects" or task in ("binary", "rating"):
            raise UsageError(
                f"{self.recipe.dataset}: has no labels yet; give them with -l bug,praise or "
                "--labels-from FILE, or grades with --rating 1-5, or scores with --score 0-100"
            )

    def _warn(self, dataset: Dataset) -> None:
        """Say what is likely to be a mistake, and isn't certain to be one."""
        names = [label.name for label in dataset.scheme.labels]
        stream = self.recipe.questions.stream
        bounds = stream.band if stream else None
        if bounds and dataset.scheme.task in ONE_OF and bounds[0] > 1 / len(names):
            # Below a band the most probable of several labels is improbable: that is no "no".
            self.report.say(
                f"below {bounds[0]:g} the most probable of {count(len(names), 'label')} is stored "
                f"as a prediction, however improbable; --band 0,{bounds[1]:g} shows those, too"
            )
        for place, name in enumerate(names):
            if twin := look_alike(name, names[:place]):
                self.report.say(
                    f"the labels {twin} and {name} look alike; `txtal label merge` joins two"
                )
        for name in (label for label in self.extras.patterns.labels if label not in names):
            self.report.say(f"patterns name the label {name}, which {dataset.name} doesn't have")
        if self.recipe.questions.patterns_share and not self.recipe.quota:
            self.report.say("patterns_share has no effect without patterns: name a file of them")

    def _load(self, conn: Connection, dataset: Dataset) -> LoaderProcess | None:
        """Load the recipe's tickets; of a large file the first, and return who loads the rest."""
        source = self.recipe.tickets if self.recipe.questions.stream is None else None
        if isinstance(source, str | Path) and is_large(source):
            first = load_first(conn, dataset, source, self.report, self.invocation.reading)
            job = LoadJob(
                str(self.invocation.database),
                dataset.name,
                str(source),
                first.added,
                self.invocation.reading,
            )
            return LoaderProcess(job, log=logs.path())
        if source is not None:
            if not isinstance(source, str | Path):
                source = records_of(source, self.invocation.code)
            load(conn, dataset, source, self.report, reading=self.invocation.reading)
        return None

    # --- the session ------------------------------------------------------------------------

    def _label(
        self,
        conn: Connection,
        dataset: Dataset,
        actions: Sequence[Action],
        loader: LoaderProcess | None = None,
    ) -> int:
        """Start what works behind the screen, show it, and end it all. Returns the exit code."""
        with ExitStack() as ending:
            learner = self._learner()
            if learner:
                ending.callback(learner.close)
            if self.reader:
                ending.callback(self.reader.close)
            ledger = StoreLedger(
                conn,
                self.invocation.database,
                dataset,
                annotator=self.invocation.annotator,
                recipe=self.invocation.recipe,
                overlap=self.recipe.questions.overlap,
            )
            ending.callback(ledger.leave)
            recipe = self.recipe
            if (messenger := courier(self.invocation.database)) is not None:
                ending.callback(messenger.close)
            annotators = started(recipe.dataset, recipe.model, self.invocation, recipe.quota)
            if annotators:
                ending.callback(annotators.close)
            background = Background(learner, None, loader, annotators=annotators)
            session = self._session(ledger, dataset, background)
            ledger.finder.index.start()
            session.begin()
            session.notice = session.notice or self.recipe.screen.welcome
            if not self.plain:
                session.notices.begin_with(self.report.said)
            # From here on writes happen between two keys: a lock is shown and tried again, not
            # slept on.
            conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            self._withdraw_if_wrong(conn, dataset)
            if annotators or votes.sources(conn, dataset.id):
                panel = Suggestions(conn, dataset).panel()
                self.extras = replace(self.extras, panels=[*self.extras.panels, panel])
            code = self._shown(session, ledger, actions, learner)
            known = ledger.file.holds_answers()
        self._withdraw_if_wrong(conn, dataset)
        self.report.say(goodbye(session, self.invocation.database, dataset.name, known=known))
        return code

    def _learner(self) -> LearnerProcess | None:
        """The learner's process, started; None where no model is needed."""
        recipe = self.recipe
        if recipe.questions.order in UNRANKED:
            return None
        wanted = recipe.model.settings(recipe.questions, self.invocation.code)
        learner = LearnerProcess(self.invocation.database, recipe.dataset, wanted, log=logs.path())
        learner.start()
        return learner

    def _session(self, ledger: StoreLedger, dataset: Dataset, background: Background) -> Session:
        questions, screen = self.recipe.questions, self.recipe.screen
        seed = f"{questions.seed}:{ledger.file.session_id}"
        inflow = None
        if questions.stream:
            stream = questions.stream
            rule = Rule(dataset.scheme.task, stream.budget, questions.audit, stream.band)
            inflow = SourceInflow(ledger.stream, rule, self.reader, seed)
        return Session(
            ledger,
            dataset.scheme,
            Policy(
                questions.order,
                questions.audit,
                questions.recheck,
                questions.synthesise,
                questions.patterns_share if self.recipe.quota else 0.0,
                seed,
                open_task=self.recipe.scheme.task is None and not dataset.scheme.labels,
            ),
            replace(background, inflow=inflow, lookups=None if self.plain else ledger.lookups),
            Hooks([screen.on_answer] if screen.on_answer else [], screen.validate),
            guidelines=self.guidelines,
        )

    def _shown(
        self,
        session: Session,
        ledger: StoreLedger,
        actions: Sequence[Action],
        learner: LearnerProcess | None,
    ) -> int:
        """Show the session, line by line or as a screen, until the annotator quits."""
        label_keys, theme = self.recipe.screen.label_keys, self.invocation.theme
        display = Display(ledger.dataset.name, label_keys, actions, theme, self.extras)
        if self.plain:  # without the tenth of a second that prompt_toolkit takes
            from txtal.ui import plain as line_by_line

            if self.reader:
                self.reader.start(lambda: None)
            return line_by_line.run(session, display, on_error=logs.record)
        from txtal.ui import app

        def wake(function: Callable[[], object]) -> None:
            if learner:
                learner.wake(function)
            if self.reader:
                self.reader.start(function)
            ledger.lookups.wake = function

        return app.run(session, display, wake=wake, on_error=logs.record)

    def _withdraw_if_wrong(self, conn: Connection, dataset: Dataset) -> None:
        """Withdraw the model's labels if those that people checked are wrong too often."""
        with suppress(LockedError):  # `txtal finish` looks again
            if why := predictions.withdraw_if_wrong(conn, dataset.id):
                self.report.say(f"the labels by `txtal finish` are withdrawn: {why}")


def _finish(loader: LoaderProcess, code: int, report: Report) -> int:
    """See the file loaded once the annotator has quit, unless they were in a hurry."""
    try:
        hurried = code >= INTERRUPTED
        heard = loader.close() if hurried else loader.finish(partial(_watch, report))
    except KeyboardInterrupt:
        code, heard = 130, loader.close()
    for line in heard.bad_lines:
        report.say(line)
    if heard.bad > len(heard.bad_lines):
        report.say(f"… {heard.bad - len(heard.bad_lines):,} more bad lines")
    report.say(heard.detail)
    return code or heard.exit_code


def _watch(report: Report, now: Loading) -> None:
    report.progress("loading the rest", round(100 * (now.progress or 0)), 100)


def _reader(recipe: Recipe, reading: Reading) -> Reader | None:
    """What reads the stream; opened now, so that a fault is reported before the screen."""
    if recipe.questions.stream is None or not isinstance(recipe.tickets, str | Path):
        return None
    source, follow = recipe.tickets, recipe.questions.stream.follow
    piped = os.dup(0) if source == "-" else 0  # the keyboard takes the place of descriptor 0
    return Reader(
        lambda on_bad, say, stop: arriving(
            source, on_bad, stop, follow=follow, stdin=piped, reading=reading, say=say
        )
    )


def _check_dataset(recipe: Recipe, database: Path) -> None:
    """Raise UsageError for an unknown dataset, unless there are tickets or labels to make it of."""
    if recipe.tickets is None and not recipe.scheme.is_given:
        with closing(schema.open_readonly(database, older=True)) as conn, foreseen(database):
            datasets.check(conn, recipe.dataset)


def _check_terminal(plain: bool, reads_stdin: bool) -> None:
    if plain:
        if reads_stdin:
            raise UsageError("with --plain the answers come on standard input: name a file to load")
        return
    if not sys.stdout.isatty() or not (reads_stdin or sys.stdin.isatty()):
        raise UsageError(
            "there is no terminal to label in; run it in one, or use --plain to answer line by line"
        )


def _keyboard_from_terminal() -> None:
    """Standard input held the tickets and is used up: read the keys from the terminal itself."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise UsageError("there is no terminal to read keys from") from error
    os.dup2(terminal, 0)
    sys.stdin = os.fdopen(0)
