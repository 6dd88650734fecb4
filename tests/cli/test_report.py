"""A dataset as a page: complete in itself, harmless, and true to what is stored."""

from __future__ import annotations

import json
import re
from contextlib import closing
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.cli.driving import DANGEROUS, HOSTILE, LABELLED, Program
from tests.store.test_verify import MEASURES
from txtal.learner import measuring
from txtal.reports import charts
from txtal.store import datasets, predictions, schema
from txtal.store.ledger import StoreLedger
from txtal.text import percent, span
from txtal.types import Answer, Bin, LabelChange, Ranked, Ranking, Revision


class Page(HTMLParser):
    """What a browser would see: tags that are closed in order, and the words between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe")
        if tag not in ("meta", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "path":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


@pytest.fixture
def told(answered: Program) -> Program:
    """A dataset with 40 timed answers, two fits, and a label with a name to fear."""
    path = answered.folder / answered.db
    lines = [{"text": f"ticket {n}"} for n in range(60)]
    answered.file("more.jsonl", lines)
    answered.quick.ok("load", "d", "more.jsonl")
    with closing(schema.open_database(path)) as conn:
        dataset = datasets.get(conn, "d")
        first, second = dataset.scheme.ids[:2]
        ledger = StoreLedger(conn, path, dataset, annotator=f"<b>{HOSTILE}")
        ledger.change_labels(LabelChange("rename", first, name='<script>"x"&'))
        for n in range(40):
            labels = (first if n % 3 else second,)
            ledger.record(
                Answer(10 + n, "accept", labels, Ranked(10 + n), shown=100, answered=102 + n % 5)
            )
        for answers in (30, 40):
            revision = Revision(answers, answers, 0.2, "lexical@en", "margin", MEASURES.accuracy,
                                measures=MEASURES)  # fmt: skip
            ledger.save_ranking(Ranking(revision, ()))
    return answered


def test_the_page_is_whole_and_harmless(told: Program) -> None:
    ran = told.ok("report", "d", "-o", "page.html")
    assert ran.out == ""
    assert "page.html: the report" in ran.err
    text = (told.folder / "page.html").read_text("utf-8")
    words = " ".join(Page(text).words)
    for said in ("Learning curve", "Calibration", "Confusion", "Time an answer took",
                 "Labels over time", "80.0% (95% interval 50.0 to 90.0)", "Revisions",
                 '<script>"x"&', "per hour"):  # fmt: skip
        assert said in words
    assert "<script" not in text
    assert not (DANGEROUS - {"\n"}) & set(text)
    assert not re.search(r"(src|href)=|url\(|@import", text)
    assert "ticket 1" not in text


def test_a_dataset_with_nothing_in_it_yet(fresh: Program) -> None:
    fresh.file("few.jsonl", [{"text": "one"}])
    fresh.quick.ok("load", "d", "few.jsonl")
    fresh.quick.ok("report", "d", "-o", "page.html")
    words = " ".join(Page((fresh.folder / "page.html").read_text("utf-8")).words)
    assert "0 answers" in words
    assert "Learning curve" not in words


def test_answers_that_nobody_drew_at_random_have_a_training_curve(fresh: Program) -> None:
    program = fresh.quick
    program.file("some.jsonl", LABELLED.read_text("utf-8").splitlines()[:200])
    program.ok("load", "d", "some.jsonl", "--answers")
    program.ok("report", "d", "-o", "page.html", "--vectors", "lexical")
    words = " ".join(Page((program.folder / "page.html").read_text("utf-8")).words)
    assert "Training curve" in words
    body = program.json("evaluate", "d", "--test-split", "0.2", "--vectors", "lexical", "--json")
    assert f"From {body['accuracy']['n']} answers held out" in words
    for step in body["curve"]:
        assert f"{step['answers']:,} labels: {step['accuracy']['value']:.3f}" in words
    program.ok("report", "d", "-o", "quick.html", "--quick")
    assert "Training curve" not in (program.folder / "quick.html").read_text("utf-8")


def test_what_a_simulation_says_is_added(told: Program) -> None:
    body = {
        "source": "labelled.jsonl",
        "summary": {
            "conclusion": "Active learning pays here.",
            "targets": [{"labels": 500, "baseline": {"strategy": "random"}}],
            "configurations": [
                {"strategy": "random", "labels": 500},
                {"strategy": "auto", "labels": 140},
            ],
        },
    }
    (told.folder / "s.json").write_text(json.dumps(body))
    told.quick.ok("report", "d", "-o", "page.html", "--simulation", "s.json")
    words = " ".join(Page((told.folder / "page.html").read_text("utf-8")).words)
    assert "Active learning pays here." in words
    assert "360 answers take" in words
    (told.folder / "s.json").write_text("{}")
    ran = told.quick("report", "d", "-o", "page.html", "--simulation", "s.json")
    assert ran.code == 3
    assert "not what `txtal simulate --json` writes" in ran.complaint


def test_no_such_dataset_writes_nothing(told: Program) -> None:
    ran = told.quick("report", "nosuch", "-o", "other.html")
    assert "there are: d" in ran.complaint
    assert not (told.folder / "other.html").exists()


def test_a_bar_says_what_it_stands_for() -> None:
    drawn = charts.bars([(1.0, 3.0), (2.0, 5.0)], "Times", "s")
    assert "0 to 1 s: 3" in drawn
    assert "1 to 2 s: 5" in drawn
    drawn = charts.stacks([10, 20], [[0.5, 0.5], [1.0, 0.0]], ["a<b", "c"], "Labels")
    assert "a&lt;b: 50% of answers 1 to 10" in drawn
    assert "a&lt;b: 100% of answers 11 to 20" in drawn
    assert drawn.count("<title>") == 3  # none for what isn't there
    drawn = charts.calibration([Bin(10, 0.8, 0.7, 0.4, 0.9)], "Calibration")
    assert "10 decisions: 0.70 right at 0.80" in drawn


def test_ticks_that_differ_are_told_apart() -> None:
    drawn = charts.bars([(0.05, 3.0), (0.1, 4.0)], "times", "s")
    assert all(f">{seconds}</text>" in drawn for seconds in ("0.00", "0.02", "0.10"))


RULE = '[[rule]]\nname = "<i>tickets"\nlabel = "{label}"\nregex = "ticket"\n'
MORE = '[[rule]]\nname = "ones"\nlabel = "{other}"\nwords = "ticket 1"\n'


def test_who_votes_and_what_finish_labelled_is_in_the_report_and_in_stats(told: Program) -> None:
    txtal = told.quick
    with closing(schema.open_database(told.folder / told.db)) as conn:
        dataset = datasets.get(conn, "d")
        label, other = dataset.scheme.labels[:2]
        given = [(51 + n, (label.id,), 0.9, False) for n in range(3)]
        predictions.store(conn, dataset.id, 0.9, {}, given)
    text = RULE.format(label=label.name.replace('"', '\\"')) + MORE.format(other=other.name)
    (told.folder / "rules.toml").write_text(text)
    txtal.ok("rules", "d", "--rules", "rules.toml")
    rules = {one["name"]: one for one in txtal.json("rules", "d", "--limit", "0", "--json")}
    stats = txtal.json("stats", "d", "--json")
    assert {one["name"]: one for one in stats["sources"]} == {
        name: {key: one[key] for key in one if key not in ("differ", "examples")}
        for name, one in rules.items()
    }
    assert stats["finish"]["labelled"] == 3
    assert stats["finish"]["withdrawn"] is None
    assert "3 tickets labelled by the model, at least 90%" in txtal.ok("stats", "d").out
    txtal.ok("report", "d", "-o", "quick.html", "--quick")
    quick = " ".join(Page((told.folder / "quick.html").read_text("utf-8")).words)
    assert "3 tickets labelled by the model, at least 90% of them right" in quick
    for one in rules.values():
        shares = (percent(one[key]) for key in ("coverage", "overlap", "conflicts", "accuracy"))
        assert f"{one['name']} rule {one['votes']} {' '.join(shares)}" in quick
        assert span(one["low"], one["high"]) in quick
    assert "accuracy in the model" not in quick
    txtal.ok("report", "d", "-o", "page.html", "--vectors", "lexical")
    words = " ".join(Page((told.folder / "page.html").read_text("utf-8")).words)
    assert "accuracy in the model" in words
    txtal.ok("finish", "d", "--withdraw")
    assert "its labels are withdrawn: withdrawn by hand" in txtal.ok("stats", "d").out


def test_the_model_is_measured_once_for_a_report(
    labelled: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered: list[int] = []
    gathering = measuring.gathering

    def counted(*given: Any) -> Any:
        gathered.append(1)
        return (yield from gathering(*given))

    monkeypatch.setattr(measuring, "gathering", counted)
    labelled.quick.ok("report", "d", "-o", "page.html", "--vectors", "lexical")
    assert len(gathered) == 1
