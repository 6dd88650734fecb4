"""Sitting down to label: a recipe's parts, put together and run until the annotator quits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shlex import quote

from txtal import engine, logs
from txtal.errors import UsageError
from txtal.formats.label_files import read_labels
from txtal.formats.reading import Reading
from txtal.formats.source import arriving
from txtal.ingest.client import LoaderProcess
from txtal.ingest.load import is_large, load, load_first
from txtal.ingest.protocol import Job
from txtal.ingest.stream import Inflow, Reader
from txtal.ingest.talk import Report
from txtal.learner.client import LearnerProcess
from txtal.learning.selective import Rule, pointwise
from txtal.learning.strategies import registry
from txtal.recipes.extensions import Extras
from txtal.recipes.patterns import Patterns, read_patterns
from txtal.recipes.recipe import Recipe
from txtal.session.session import Session
from txtal.store import DEFAULT_PATH, datasets, schema
from txtal.store.ledger import Ledger
from txtal.store.sqlite import Connection, foreseen, transaction
from txtal.text import count, look_alike, normalise_label
from txtal.types import ONE_OF, Dataset, LearnerSettings, Loading, Stream, Task
from txtal.types.grades import grades
from txtal.ui.keymaps import Keymap, mapped
from txtal.ui.keys import Action
from txtal.ui.themes import Theme
from txtal.vectors import spec

BUSY_MILLISECONDS = 100

INTERRUPTED = 128
"""Exit codes from here on: a signal, or Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where and as whom a recipe is run: what every recipe's command line has."""

    database: Path
    annotator: str
    plain: bool
    recipe: str
    code: Path
    """The recipe's file, for the learner to load what it registers."""
    theme: Theme = "calm"
    preset: str = "prodigy"
    """What of :data:`txtal.ui.keymaps.PRESETS` the keys are."""
    keymap: Keymap = field(default_factory=dict)
    """Keys in the place of the preset's."""
    reading: Reading = field(default_factory=Reading)
    """How the tickets' file is read."""


def sit(recipe: Recipe, seat: Seat, report: Report) -> int:
    """Load, start the learner, and label. Returns the exit code.

    Raises UsageError where there is no terminal, or nothing to label with.
    """
    from txtal.ui.plain import is_dumb

    plain = seat.plain or is_dumb(os.environ)
    _check_words(recipe)
    _check_terminal(plain, recipe.tickets == "-")
    guidelines = _guidelines(recipe.guidelines)
    extras = _extras(recipe)
    actions = mapped(seat.keymap, seat.preset, extras)
    reader = _reader(recipe, seat.reading, report)
    with closing(schema.open_database(seat.database, create=True)) as conn, foreseen(seat.database):
        with transaction(conn):  # nothing is left of a sitting that can't begin
            dataset = _prepare(conn, recipe, report)
            loader = _load(conn, dataset, recipe, seat, report)
        if recipe.tickets == "-" and not plain:
            _keyboard_from_terminal()
        label = partial(
            _label, conn, dataset, recipe, seat, plain, guidelines, actions, extras, reader
        )
        if loader is None:
            return label(report)
        loader.start()
        try:
            return _finish(loader, label(report, loader), report)
        finally:
            loader.close()


def _prepare(conn: Connection, recipe: Recipe, report: Report) -> Dataset:
    labels = _labels(recipe)
    task: Task | None = "rating" if recipe.rating else recipe.task
    dataset = datasets.prepare(conn, recipe.dataset, labels, task)
    _check_wishes(recipe, dataset)
    current = {label.name for label in dataset.scheme.labels}
    for name in dict.fromkeys(name for name, _ in labels if name not in current):
        report.say(f"{name} was renamed, merged or retired; see `txtal label log {dataset.name}`")
    if not dataset.scheme.labels:
        raise UsageError(
            f"{recipe.dataset}: no labels yet; give them with -l bug,praise or --labels-from FILE, "
            "or grades with --rating 1-5"
        )
    _warn_of_band(recipe, dataset, report)
    _warn_of_twins(dataset, report)
    return dataset


def _warn_of_twins(dataset: Dataset, report: Report) -> None:
    """Say which labels a reader may take for each other."""
    names = [label.name for label in dataset.scheme.labels]
    for place, name in enumerate(names):
        if twin := look_alike(name, names[:place]):
            report.say(f"the labels {twin} and {name} look alike; `txtal label merge` joins two")


def _warn_of_band(recipe: Recipe, dataset: Dataset, report: Report) -> None:
    """Below a band the likeliest of several labels is unlikely, not a no as of one label."""
    bounds, labels = recipe.stream.band if recipe.stream else None, len(dataset.scheme.labels)
    if bounds and dataset.scheme.task in ONE_OF and bounds[0] > 1 / labels:
        report.say(
            f"below {bounds[0]:g} the likeliest of {count(labels, 'label')} is stored as a "
            f"prediction, however unlikely; --band 0,{bounds[1]:g} asks there, too"
        )


def _labels(recipe: Recipe) -> list[tuple[str, str]]:
    if recipe.rating:
        if recipe.labels or recipe.labels_from or recipe.task not in (None, "rating"):
            raise UsageError("a rating has its grades for labels: give --rating alone")
        return [(grade, "") for grade in grades(recipe.rating)]
    given = [(label, "") if isinstance(label, str) else label for label in recipe.labels]
    labels = [(normalise_label(name), description) for name, description in given]
    return labels + (read_labels(recipe.labels_from) if recipe.labels_from else [])


def _load(
    conn: Connection, dataset: Dataset, recipe: Recipe, seat: Seat, report: Report
) -> LoaderProcess | None:
    """Load the recipe's tickets; of a large file the first, and who will load the rest."""
    source = recipe.tickets if recipe.stream is None else None
    if isinstance(source, str | Path) and is_large(source):
        first = load_first(conn, dataset, source, report, seat.reading)
        job = Job(str(seat.database), dataset.name, str(source), first.added, seat.reading)
        return LoaderProcess(job, log=logs.path())
    if source is not None:
        load(conn, dataset, source, report, reading=seat.reading)
    return None


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


def _label(
    conn: Connection,
    dataset: Dataset,
    recipe: Recipe,
    seat: Seat,
    plain: bool,
    guidelines: str,
    actions: Sequence[Action],
    extras: Extras,
    reader: Reader | None,
    report: Report,
    loader: LoaderProcess | None = None,
) -> int:
    learner = _start_learner(recipe, seat) if recipe.order != "file" else None
    ledger = Ledger(
        conn,
        seat.database,
        dataset,
        annotator=seat.annotator,
        recipe=seat.recipe,
        overlap=recipe.overlap,
    )
    seed = f"{recipe.seed}:{ledger.file.session_id}"
    inflow = None
    if recipe.stream:
        rule = Rule(dataset.scheme.task, recipe.stream.budget, recipe.audit, recipe.stream.band)
        inflow = Inflow(ledger.stream, rule, reader, seed)
    session = Session(
        ledger,
        dataset.scheme,
        learner=learner,
        inflow=inflow,
        loader=loader,
        order=recipe.order,
        audit=recipe.audit,
        recheck=recipe.recheck,
        synthesise=recipe.synthesise,
        seed=seed,
        on_answer=[recipe.on_answer] if recipe.on_answer else [],
        guidelines=guidelines,
        validate=recipe.validate,
    )
    for name in (label for label in extras.patterns.labels if label not in _names(dataset)):
        report.say(f"there are patterns of {name}, which is no label of {dataset.name}")
    ledger.finder.index.start()
    try:
        session.begin()
        session.notice = session.notice or recipe.welcome
        # From here on writes happen between two keys: a lock is told and tried again, not slept on.
        conn.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        if reader and plain:
            reader.start(lambda: None)
        if plain:  # without the tenth of a second that prompt_toolkit takes
            from txtal.ui import plain as line_by_line

            code = line_by_line.run(
                session,
                dataset=dataset.name,
                keys=recipe.label_keys,
                extras=extras,
                on_error=logs.record,
            )
        else:
            from txtal.ui import app

            def wake(function: Callable[[], object]) -> None:
                if learner:
                    learner.wake(function)
                if reader:
                    reader.start(function)

            code = app.run(
                session,
                dataset=dataset.name,
                keys=recipe.label_keys,
                theme=seat.theme,
                actions=actions,
                extras=extras,
                wake=wake,
                on_error=logs.record,
            )
    finally:
        if reader:
            reader.close()
        if learner:
            learner.close()
        with suppress(Exception):  # the answers are on disk; the lease runs out by itself
            ledger.close()
    where = "" if seat.database == DEFAULT_PATH else f" --db {quote(str(seat.database))}"
    report.say(
        f"{count(session.count, 'answer')} in this session, saved in {seat.database}; "
        f"`txtal{where} export {quote(dataset.name)}` writes out all there are"
    )
    return code


def _extras(recipe: Recipe) -> Extras:
    """What the recipe adds to the screen. Raises DataError for patterns that are none."""
    patterns = Patterns(read_patterns(recipe.patterns) if recipe.patterns else ())
    return Extras(recipe.render, tuple(recipe.keys), tuple(recipe.panels), patterns)


def _names(dataset: Dataset) -> set[str]:
    return {label.name for label in dataset.scheme.labels}


def _guidelines(path: Path | None) -> str:
    """The file's text. Raises UsageError when it can't be read."""
    if path is None:
        return ""
    try:
        return path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}") from error


def _start_learner(recipe: Recipe, seat: Seat) -> LearnerProcess:
    settings = LearnerSettings(
        vectoriser=recipe.vectoriser,
        strategy=recipe.strategy,
        audit=recipe.audit,
        seed=recipe.seed,
        robust=recipe.robust,
        stop_gain=recipe.stop_gain,
        stop_at=recipe.stop_at,
        suspects=recipe.order == "suspects",
        code=str(seat.code),
        stream=recipe.stream is not None,
        synthesise=recipe.synthesise > 0,
        engine=recipe.engine,
        scheduler=recipe.scheduler,
    )
    learner = LearnerProcess(seat.database, recipe.dataset, settings, log=logs.path())
    learner.start()
    return learner


def _check_words(recipe: Recipe) -> None:
    """Refuse now what the learner would only find out behind the screen."""
    if not 0 <= recipe.audit <= 1:
        raise UsageError(f"an audit share of {recipe.audit} makes no sense: give 0 to 1, as in 0.1")
    if not 0 <= recipe.overlap <= 1:
        raise UsageError(
            f"an overlap of {recipe.overlap} makes no sense: give a share from 0 to 1, as in 0.1"
        )
    if not 0 <= recipe.recheck <= 1:
        raise UsageError(
            f"a recheck share of {recipe.recheck} makes no sense: give 0 to 1, as in 0.02"
        )
    if not 0 <= recipe.synthesise < 1:
        raise UsageError(
            f"a synthetic share of {recipe.synthesise} makes no sense: give 0 to below 1, as in 0.1"
        )
    if recipe.synthesise and (recipe.stream or recipe.order != "ranking" or recipe.rating):
        raise UsageError(
            "--synthesise composes texts from a pool that a model ranks: leave it out with a "
            "stream, with ratings, and where tickets come in the order of the file"
        )
    if recipe.stop_at is not None and not 0 < recipe.stop_at <= 1:
        raise UsageError(f"a target of {recipe.stop_at} makes no sense: give 0 to 1, as in 0.9")
    if recipe.stop_gain < 0:
        raise UsageError(
            f"a gain of {recipe.stop_gain} makes no sense: give points of macro-F1, as in 1.0"
        )
    if recipe.stream:
        _check_stream(recipe, recipe.stream)
    if recipe.order != "file":
        registry.check(recipe.strategy)
        spec.check(recipe.vectoriser)
        engine.check(recipe.engine, recipe.scheduler)
        if recipe.scheduler:
            engine.reach(recipe.scheduler)


def _check_stream(recipe: Recipe, stream: Stream) -> None:
    if recipe.order != "ranking":
        raise UsageError("a stream is asked as it arrives: leave out what gives another order")
    if not 0 < stream.budget <= 1:
        raise UsageError(
            f"a budget of {stream.budget} makes no sense: give the share of arriving tickets to "
            "ask, above 0 and up to 1, as in 0.1"
        )
    pointwise(recipe.strategy)
    if recipe.engine != "local":
        raise UsageError("a stream is scored here, as it arrives: leave out --engine")
    if stream.follow and (not isinstance(recipe.tickets, str | Path) or recipe.tickets == "-"):
        raise UsageError("--follow needs a file that grows; for standard input use --stream")
    if recipe.tickets is not None and not isinstance(recipe.tickets, str | Path):
        raise UsageError("records made by a recipe can't be a stream: name a file, or -")
    if str(recipe.tickets).startswith("dataset:"):
        raise UsageError("a dataset can't be a stream: its tickets are all there already")


def _reader(recipe: Recipe, reading: Reading, report: Report) -> Reader | None:
    """What reads the stream, its source opened now so that a fault is told before the screen."""
    if recipe.stream is None or not isinstance(recipe.tickets, str | Path):
        return None
    source, follow = recipe.tickets, recipe.stream.follow
    piped = os.dup(0) if source == "-" else 0  # the keyboard takes the place of descriptor 0
    return Reader(
        lambda on_bad, stop: arriving(
            source, on_bad, stop, follow=follow, stdin=piped, reading=reading
        )
    )


def _check_terminal(plain: bool, reads_stdin: bool) -> None:
    if plain:
        if reads_stdin:
            raise UsageError("with --plain the answers come on standard input: name a file to load")
        return
    if not sys.stdout.isatty() or not (reads_stdin or sys.stdin.isatty()):
        raise UsageError(
            "there is no terminal to label in; run it in one, or use --plain to answer line by line"
        )


def _check_wishes(recipe: Recipe, dataset: Dataset) -> None:
    if recipe.robust and dataset.scheme.task != "exclusive":
        raise UsageError(
            f"{dataset.name}: is {dataset.scheme.task}; --robust is for one label of several"
        )
    if recipe.stop_at is not None and dataset.scheme.task == "rating":
        raise UsageError(
            f"{dataset.name}: has grades, whose measure is their error; --stop-at is for labels"
        )


def _keyboard_from_terminal() -> None:
    """Standard input held the tickets and is used up: read the keys from the terminal itself."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise UsageError("there is no terminal to read keys from") from error
    os.dup2(terminal, 0)
    sys.stdin = os.fdopen(0)
