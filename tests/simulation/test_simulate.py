"""``txtal simulate``: the labelled sample replayed through the real session and learner."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driving import LABELLED, LABELS, Program
from txtal.simulation.annotator import Labelled, answers, labelled
from txtal.simulation.journal import Journal
from txtal.simulation.replay import Simulation
from txtal.simulation.runs import plan
from txtal.types import LearnerSettings, Record
from txtal.vectors.cache import FeatureCache

QUICK = ("--vectors", "lexical", "--budget", "30", "--batch", "10", "--json")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """txtal with some of the sample, cut into ``pool.jsonl`` and ``test.jsonl``."""
    made = Program(tmp_path_factory.mktemp("simulate"))
    lines = LABELLED.read_text("utf-8").splitlines()
    made.file("pool.jsonl", lines[:300:2])
    made.file("test.jsonl", lines[1:300:2])
    return made


def curves(body: dict[str, Any]) -> dict[tuple[str, int], list[tuple[int, float, float]]]:
    """The runs without their times."""
    return {
        (run["strategy"], run["seed"]):
        [(point["labels"], point["accuracy"], point["macro_f1"]) for point in run["curve"]]
        for run in body["runs"]
    }  # fmt: skip


@pytest.mark.slow
def test_a_dataset_is_replayed_as_its_file_is(program: Program) -> None:
    program.ok("load", "--answers", "mine", "pool.jsonl")
    words = ["--test", "test.jsonl", *QUICK, "--strategy", "random", "--seeds", "1"]
    of_file = program.json("simulate", "pool.jsonl", *words)
    of_dataset = program.json("simulate", "dataset:mine", *words)
    assert of_dataset["source"] == "dataset:mine"
    assert curves(of_dataset) == curves(of_file)


def test_the_same_seed_gives_the_same_curve(program: Program) -> None:
    words = ["simulate", "pool.jsonl", "--test", "test.jsonl", *QUICK]
    before = {file.name for file in program.folder.iterdir()}
    first = program.installed.json(*words, "--strategy", "random,margin", "--seeds", "2")
    assert list(first) == [
        "source", "test", "vectoriser", "classes", "tested", "unknown_labels", "overlap", "runs",
        "full", "fulls", "summary",
    ]  # fmt: skip
    assert (first["source"], first["test"]) == ("pool.jsonl", "test.jsonl")
    assert first["vectoriser"] == "lexical@en"
    assert first["classes"] == sorted(LABELS)
    assert [(run["strategy"], run["seed"]) for run in first["runs"]] == [
        ("random", 0), ("random", 1), ("margin", 0), ("margin", 1),
    ]  # fmt: skip
    for run in first["runs"]:
        assert set(run) == {"strategy", "vectoriser", "noise", "batch", "seed", "curve"}
        assert (run["vectoriser"], run["noise"], run["batch"]) == ("lexical@en", 0, 10)
        labels = [point["labels"] for point in run["curve"]]
        assert labels == sorted(set(labels))
        assert labels[-1] == 30
        for point in run["curve"]:
            assert set(point) == {"labels", "accuracy", "macro_f1", "seconds"}
            assert 0 <= point["macro_f1"] <= 1
            assert 0 <= point["accuracy"] <= 1
    full = first["full"]
    assert set(full) == {"labels", "accuracy", "macro_f1"}
    assert full["accuracy"] > 0.5
    assert first["fulls"] == {"lexical@en": full}
    # Alone or beside others, now or later: the same; and no run is done twice.
    again = program.quick.json(*words, "--strategy", "margin,margin", "-s", "margin")
    assert curves(again) == {("margin", 0): curves(first)["margin", 0]}
    assert len({json.dumps(curve) for curve in curves(first).values()}) > 1
    # Nothing is left: neither a database nor features.
    left = {file.name for file in program.folder.iterdir()}
    assert left == before


def test_the_summary(program: Program) -> None:
    ran = program.quick.json("simulate", "pool.jsonl", "--test", "test.jsonl", *QUICK)
    summary = ran["summary"]
    assert set(summary) == {"measure", "budget", "targets", "configurations", "conclusion"}
    (target,) = summary["targets"]
    auto, random = summary["configurations"]
    assert set(auto) == {
        "strategy", "vectoriser", "noise", "batch", "seeds", "accuracy", "macro_f1", "labels",
        "labels_by_seed", "saved", "labels_half",
    }  # fmt: skip
    assert (auto["strategy"], random["strategy"]) == ("auto", "random")
    assert target["baseline"]["strategy"] == "random"
    assert target["target"] == random["macro_f1"] == ran["runs"][1]["curve"][-1]["macro_f1"]
    assert target["labels"] == summary["budget"] == 30
    assert "active learning" in summary["conclusion"].lower()


@pytest.fixture
def tiny(program: Program) -> Iterator[Program]:
    """The same program in a folder of its own, with very little to do."""
    made = Program(program.folder / "tiny")
    made.folder.mkdir()
    lines = LABELLED.read_text("utf-8").splitlines()
    made.file("pool.jsonl", lines[:60:2])
    made.file("test.jsonl", lines[1:60:2])
    yield made.quick
    shutil.rmtree(made.folder)


TINY = ("simulate", "pool.jsonl", "--test", "test.jsonl", "--budget", "10", "--batch", "5",
        "--vectors", "lexical")  # fmt: skip


@pytest.mark.slow
def test_everything_is_combined_with_everything(tiny: Program) -> None:
    body = tiny.json(
        *TINY[:-4], "--batch", "5,10", "--vectors", "lexical", "--vectors", "static",
        "--noise", "0,0.5", "-s", "random", "--seeds", "2", "--json",
    )  # fmt: skip
    keys = [(run["vectoriser"], run["noise"], run["batch"], run["seed"]) for run in body["runs"]]
    vectorisers = ["lexical@en", "static@en"]
    assert keys == list(product(vectorisers, [0, 0.5], [5, 10], [0, 1]))
    assert list(body["fulls"]) == vectorisers
    assert [target["noise"] for target in body["summary"]["targets"]] == [0, 0.5]


@pytest.mark.slow
def test_a_killed_simulation_goes_on_where_it_stopped(tiny: Program) -> None:
    words = [*TINY, "-s", "random,margin", "--seeds", "2", "--resume", "runs.jsonl"]
    whole = tiny.json(*words, "--json")
    file = tiny.folder / "runs.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1 + 4 + 1  # what is fixed, the runs, and what all labels give
    # Killed while the third run was written down.
    file.write_bytes(b"".join(lines[:3]) + lines[3][:40])
    ran = tiny.ok(*words, "--json")
    assert "2 of 4 runs done before" in ran.err
    assert "run 3/4 margin seed 0" in ran.err
    assert curves(json.loads(ran.out)) == curves(whole)
    assert file.read_bytes().splitlines(keepends=True)[:3] == lines[:3]
    # All there: nothing is run, and even the times are those of then.
    before = file.read_bytes()
    assert tiny.json(*words, "--json") == json.loads(ran.out)
    assert file.read_bytes() == before
    # More seeds add to it.
    more = tiny.ok(*words, "--json", "--seeds", "3")
    assert "4 of 6 runs done before, and not again" in more.err
    assert curves(json.loads(more.out)).items() >= curves(whole).items()
    # A header that was cut off is written again.
    file.write_bytes(lines[0][:30])
    tiny.ok(*words)
    assert file.read_bytes().splitlines(keepends=True)[0] == lines[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (["--budget", "12"], "begun with budget 10, not 12"),
        (["--audit", "0.5"], "begun with audit 0.1, not 0.5"),
        (["--test", "pool.jsonl"], "begun with another --test"),
    ],
)
def test_a_journal_of_other_settings_is_refused(
    tiny: Program, change: list[str], says: str
) -> None:
    words = [*TINY, "-s", "random", "--resume", "runs.jsonl"]
    tiny.ok(*words)
    before = (tiny.folder / "runs.jsonl").read_bytes()
    ran = tiny(*words, *change)
    assert says in ran.complaint
    assert ran.code == 3
    assert (tiny.folder / "runs.jsonl").read_bytes() == before


@pytest.mark.parametrize("content", ["a diary", "a diary\n", '{"text": "a ticket"}\n', "[1]\n"])
def test_a_file_of_another_kind_is_never_touched(tiny: Program, content: str) -> None:
    (tiny.folder / "diary.txt").write_text(content)
    ran = tiny(*TINY, "--resume", "diary.txt")
    assert "no journal" in ran.complaint
    assert ran.code == 3
    assert (tiny.folder / "diary.txt").read_text() == content


def test_a_journal_with_a_line_that_is_no_run(tiny: Program) -> None:
    words = [*TINY, "-s", "random", "--resume", "runs.jsonl"]
    tiny.ok(*words)
    with (tiny.folder / "runs.jsonl").open("a") as file:
        file.write('{"strategy": "random"}\n')
    assert "runs.jsonl:4: not a run" in tiny(*words).complaint


def test_what_can_not_be_is_refused_before_the_work(tiny: Program) -> None:
    for words, says in (
        (["--report", "nowhere/r.html"], "nowhere/r.html"),
        (["--resume", "nowhere/r.jsonl"], "nowhere/r.jsonl"),
        (["-s", "random,nosuch"], "nosuch"),
        (["--vectors", "lexical,nosuch"], "nosuch"),
        (["-s", ","], "nothing to run"),
    ):
        assert says in tiny(*TINY[:4], *words).complaint
    for words, says in (
        (["--noise", "0,x"], "'x' is not a number"),
        (["--noise", "1.5"], "at most 1"),
        (["--noise", "nan"], "nan must be"),
        (["--batch", "0"], "at least 1"),
        (["--target", "0"], "--target"),
    ):
        ran = tiny(*TINY[:4], *words)
        assert ran.code == 2
        assert says in ran.err


GOLD = {f"text {i}": ("a", "b", "c")[i % 3] for i in range(200)}


def noisy(task_labels: dict[str, tuple[str, ...]], noise: float, seed: int) -> list[str]:
    """The texts whose answers are wrong."""
    pool = Labelled([Record(text) for text in task_labels], task_labels)
    said = answers(pool, noise, seed)
    assert all(set(labels) <= {"a", "b", "c"} for labels in said.values())
    return [text for text in task_labels if set(said[text]) != set(task_labels[text])]


def test_noise_is_the_share_of_wrong_answers() -> None:
    exclusive = {text: (label,) for text, label in GOLD.items()}
    assert noisy(exclusive, 0, 0) == []
    tenth = noisy(exclusive, 0.1, 0)
    assert len(tenth) == 20
    assert noisy(exclusive, 0.1, 0) == tenth
    assert noisy(exclusive, 0.1, 1) != tenth
    half = noisy(exclusive, 0.5, 0)
    assert len(half) == 100
    assert set(tenth) <= set(half)  # more noise only adds faults
    several = {text: (label, "c") if label != "c" else () for text, label in GOLD.items()}
    assert len(noisy(several, 0.1, 0)) == 20
    alone = dict.fromkeys(GOLD, ("a",))
    assert noisy(alone, 0.5, 0) == []  # there is no other label to give


def test_wrong_labels_are_as_likely_as_each_other() -> None:
    gold = dict.fromkeys(map(str, range(3000)), ("a",)) | {"b": ("b",), "c": ("c",)}
    said = answers(Labelled([Record(text) for text in gold], gold), 1, 0)
    given = Counter(said[str(i)] for i in range(3000))
    assert given.keys() == {("b",), ("c",)}
    assert abs(given["b",] - 1500) < 150


def test_the_table_for_people(program: Program) -> None:
    few = program.file("few.jsonl", LABELLED.read_text("utf-8").splitlines()[:30])
    ran = program.quick.ok(
        "simulate", few, "--test", few, "--vectors", "lexical", "--budget", "100",
        "--strategy", "random", "--batch", "10",
    )  # fmt: skip
    (program.folder / "few.jsonl").unlink()
    assert ran.err == "30 of 30 test texts are in the pool, too\n"
    lines = ran.out.splitlines()
    heads = next(line for line in lines if line.startswith("labels"))
    assert heads.split() == ["labels", "random"]
    everything = next(line for line in lines if line.startswith("all 30"))
    # No more than there are.
    assert lines[lines.index(everything) - 1].split()[0] == "30"
    assert lines[-1].startswith("Whether active learning pays here isn't known: 30 of 30")


@pytest.mark.slow
def test_the_report_the_plot_and_no_escapes(tiny: Program) -> None:
    ran = tiny.ok(*TINY, "--report", "r.html", "--plot", "--seeds", "2")
    lines = ran.out.splitlines()
    assert "accuracy on the test file against labels" in ran.out
    assert "a auto   b random" in lines
    assert "\x1b" not in ran.out
    assert "active learning" in lines[-1].lower()
    page = (tiny.folder / "r.html").read_text("utf-8")
    assert lines[-1].replace("'", "&#x27;") in page
    assert "min to max over seeds" in page
    quiet = tiny.ok("-q", *TINY)
    assert quiet.err == ""
    assert "┌" not in quiet.out  # not on a terminal, and not asked for


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_margin_beats_random_on_banking77(tmp_path: Path, real_data: Path) -> None:
    folder = real_data / "banking77"
    if not folder.is_dir():
        pytest.skip(f"no banking77 in {real_data}; set TXTAL_DATA to where it is")
    ran = Program(tmp_path)(
        "simulate", folder / "train.jsonl", "--test", folder / "test.jsonl",
        "--budget", "500", "--strategy", "margin,random", "--seeds", "2", "--json",
        patience=3500,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    last: dict[str, list[float]] = {"margin": [], "random": []}
    for run in json.loads(ran.out)["runs"]:
        assert run["curve"][-1]["labels"] == 500
        last[run["strategy"]].append(run["curve"][-1]["accuracy"])
    margin, random = (sum(values) / len(values) for values in last.values())
    print(f"margin {margin:.4f}, random {random:.4f}")
    assert margin >= 0.72
    assert margin > random


@pytest.mark.slow
def test_grades_are_measured_by_how_far_off_they_are(program: Program) -> None:
    words = ["dreadful", "poor", "fair", "good", "superb"]
    rows = [
        {"text": f"{word} {thing} {number}", "label": grade}
        for number in range(4)
        for grade, word in enumerate(words, start=1)
        for thing in ("food", "room", "service", "price", "music", "view")
    ]
    program.file("graded.jsonl", rows[::2])
    program.file("unseen.jsonl", rows[1::2])
    wanted = ("simulate", "graded.jsonl", "--test", "unseen.jsonl", "--rating", "1-5",
              "--budget", "40", "--vectors", "lexical", "--batch", "10")  # fmt: skip
    said = program.json(*wanted, "--json")
    assert said["classes"] == ["1", "2", "3", "4", "5"]
    assert said["summary"]["measure"] == "mean_absolute_error"
    for run in said["runs"]:
        first, last = run["curve"][0], run["curve"][-1]
        assert last["mean_absolute_error"] < first["mean_absolute_error"]
    assert said["full"]["mean_absolute_error"] < 0.5
    first = said["runs"][0]["curve"][0]["mean_absolute_error"]
    asked = program.json(*wanted, "--json", "--target", str(first + 0.01))["summary"]
    assert all(found["labels"] <= 40 for found in asked["configurations"])
    text = program.ok(*wanted, "--report", "r.html").out
    assert "mean absolute error on the test file" in text
    assert "random's mean absolute error at 40 labels" in text
    page = (program.folder / "r.html").read_text("utf-8")
    assert "Mean absolute error on the test file" in page
    assert "is not one of the grades 1 to 3" in program(*wanted[:5], "1-3", *wanted[6:]).err


def test_all_labels_are_of_their_own_texts_in_whatever_order_features_were_made(
    tmp_path: Path,
) -> None:
    texts = {f"{word} number {n}": word for n in range(20) for word in ("refund", "praise")}
    data = labelled((Record(text, {}, {"label": word}) for text, word in texts.items()), "made up")
    made = plan(["random"], ["lexical@en"], LearnerSettings(), seeds=1, budget=1)
    simulation = Simulation(data, data, made, tmp_path, Journal())
    backwards = list(range(len(texts), 0, -1))
    FeatureCache(simulation._cache("lexical@en")).ensure(
        backwards, [data.records[ticket_id - 1].text for ticket_id in backwards], "lexical@en"
    )
    assert simulation.full("lexical@en").accuracy == 1.0


@pytest.mark.slow
def test_runs_at_once_give_the_same_curves(tmp_path: Path) -> None:
    texts = {f"{word} number {n}": word for n in range(20) for word in ("refund", "praise")}
    data = labelled((Record(text, {}, {"label": word}) for text, word in texts.items()), "made up")
    settings = LearnerSettings()
    made = plan(["auto", "random"], ["lexical@en"], settings, seeds=1, budget=8, points=4)
    curves = []
    for jobs in (1, 2):
        folder = tmp_path / str(jobs)
        folder.mkdir()
        runs = Simulation(data, data, made, folder, Journal()).runs(lambda *_: None, jobs)
        curves.append(
            {
                run.config: [(point.labels, point.accuracy, point.macro_f1) for point in run.curve]
                for run in runs
            }
        )
    assert curves[0] == curves[1]
