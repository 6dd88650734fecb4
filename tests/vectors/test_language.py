"""The language of tickets, detected from their texts, and the tokeniser that follows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.driving import Program
from txtal.classifier.classifier import load
from txtal.learner.language import spec_of
from txtal.store import datasets, revisions, schema
from txtal.types import Revision
from txtal.vectors.language import Detected, detect, in_language
from txtal.vectors.spec import parse, resolve
from txtal.vectors.vectoriser import Vectoriser

ENGLISH = [
    "My order hasn't arrived and nobody answers the phone, number {}.",
    "The app closes by itself whenever I open the settings, {} times today.",
    "Where do I find the invoice for last month, customer {}?",
]
GERMAN = [
    "Meine Bestellung {} ist nicht angekommen, und niemand geht ans Telefon.",
    "Die App schließt sich von selbst, sobald ich die Einstellungen öffne, {} mal heute.",
    "Wo finde ich die Rechnung für den letzten Monat, Kunde {}?",
]
FRENCH = [
    "Je n'ai pas reçu ma commande {} et personne ne répond au téléphone.",
    "L'application se ferme toute seule quand j'ouvre les réglages, {} fois.",
    "Où se trouve la facture du mois dernier, client {} ?",
]
CHINESE = [
    "我的包裹{}还没有到,请帮我查一下。",
    "应用程序打开设置就崩溃了{}次。",
    "上个月的发票{}在哪里?",
]
THAI = [
    "พัสดุของฉันยังไม่มาถึง {} กรุณาช่วยด้วย",
    "แอปปิดเองทุกครั้งที่เปิด {}",
    "ใบแจ้งหนี้เดือนที่แล้วอยู่ที่ไหน {}",
]


def many(lines: Sequence[str], count: int = 60) -> list[str]:
    return [lines[number % len(lines)].format(number) for number in range(count)]


class TestDetected:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            (ENGLISH, Detected("en", "en")),
            (GERMAN, Detected("de", "de")),
            (FRENCH, Detected("fr", "fr")),
            (CHINESE, Detected("zh", "xx")),
            (THAI, Detected("th", "xx")),
        ],
        ids=["en", "de", "fr", "zh", "th"],
    )
    def test_a_language_by_its_texts(self, lines: list[str], expected: Detected) -> None:
        assert detect(many(lines)) == expected

    def test_a_mixture_is_read_as_any_language(self) -> None:
        assert detect(many(GERMAN) + many(ENGLISH)) == Detected("xx", "xx")

    def test_a_few_texts_of_another_language_change_nothing(self) -> None:
        assert detect(many(GERMAN, 95) + many(ENGLISH, 5)).pipeline == "de"

    @pytest.mark.parametrize("texts", [[], ["", " "], ["ok"], ["12345 !!! 678"] * 300])
    def test_texts_that_tell_nothing_are_read_as_before(self, texts: list[str]) -> None:
        found = detect(texts)
        assert found == Detected("", "en")
        assert not found.notice

    def test_only_another_language_than_english_is_worth_a_word(self) -> None:
        assert not detect(many(ENGLISH)).notice
        assert "--lang de" in detect(many(GERMAN)).notice
        assert "several languages" in detect(many(GERMAN) + many(ENGLISH)).notice

    def test_lone_surrogates_are_no_language(self) -> None:
        assert detect(["\ud800" * 300]).pipeline in ("en", "xx")


class TestSpec:
    def test_a_language_that_is_given_holds(self) -> None:
        assert in_language("lexical@en", many(GERMAN)) == (parse("lexical@en"), "")

    def test_a_spec_takes_the_texts_language(self) -> None:
        assert str(in_language("lexical@auto", many(GERMAN))[0]) == "lexical@de"
        assert str(Vectoriser.fit("lexical@auto", many(FRENCH)).spec) == "lexical@fr"

    def test_chinese_is_never_split_at_every_character(self) -> None:
        assert resolve("lexical@zh")[0] == parse("lexical@xx")


class TestOnTheCommandLine:
    @pytest.fixture
    def program(self, tmp_path: Path) -> Program:
        made = Program(tmp_path).quick
        labels = ("order", "app", "invoice")
        for name, lines in (("german", GERMAN), ("thai", THAI), ("english", ENGLISH)):
            rows = [
                json.dumps({"text": text, "label": labels[number % 3]})
                for number, text in enumerate(many(lines))
            ]
            made.ok("load", name, made.file(f"{name}.jsonl", rows), "--answers")
        return made

    def trained(self, program: Program, dataset: str, *words: str) -> str:
        """The features of the classifier that was trained."""
        folder = program.folder / f"{dataset}-{len(words)}"
        program.ok("train", dataset, "-o", folder, *words)
        return str(load(folder).vectoriser.spec)

    def test_it_is_detected_where_none_is_given(self, program: Program) -> None:
        assert self.trained(program, "german").endswith("@de")
        light = ("--vectors", "lexical")
        assert self.trained(program, "thai", *light) == "lexical@xx"
        assert self.trained(program, "english", *light) == "lexical@en"

    def test_one_that_is_given_goes_before_it(self, program: Program) -> None:
        assert self.trained(program, "german", "--lang", "xx", "--vectors", "lexical").endswith(
            "@xx"
        )

    def test_it_stays_with_the_dataset_once_there_is_a_model_version(
        self, program: Program
    ) -> None:
        path = program.folder / program.db
        with closing(schema.open_database(path)) as conn:
            assert spec_of(conn, "german", "lexical@auto")[0] == parse("lexical@de")
            version = Revision(60, 60, 0.1, "lexical+static@fr", "auto")
            revisions.record(conn, datasets.get(conn, "german").id, "", version)
            assert spec_of(conn, "german", "lexical@auto") == (parse("lexical@fr"), "")
            assert spec_of(conn, "german", "lexical@en")[0] == parse("lexical@en")

    def test_simulate_says_it_in_a_line(self, program: Program) -> None:
        ran = program.ok(
            "simulate", "german.jsonl", "--test", "german.jsonl", "--budget", "20",
            "--vectors", "lexical",
        )  # fmt: skip
        assert "read with --lang de" in ran.err
        assert "lexical" in ran.out


def test_english_needs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("txtal.vectors.language._identified", lambda parts: ["de"] * len(parts))
    assert detect(many(ENGLISH)) == Detected("en", "en")
    assert detect(many(FRENCH)).language == "de"
    half = many(ENGLISH) + many(FRENCH)
    assert detect(half).language == "de"
