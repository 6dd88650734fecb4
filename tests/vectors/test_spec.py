from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from txtal.errors import LearnerError, UsageError
from txtal.vectors import registry, static
from txtal.vectors.blocks import Sample
from txtal.vectors.lexical import Lexical
from txtal.vectors.pipeline import Pipeline
from txtal.vectors.spec import Spec, check, parse, resolve, spec_of

NAMES = st.from_regex(r"[a-z][a-z0-9_-]*", fullmatch=True)
MODELS = st.from_regex(r"[^+@,]+", fullmatch=True)
BLOCKS = st.lists(
    NAMES.filter(lambda name: name not in ("auto", "sentence"))
    | MODELS.map(lambda model: f"sentence={model}"),
    min_size=1,
    unique=True,
).map(tuple)
PIPELINES = st.text(min_size=1).filter(str.strip)


@given(BLOCKS | st.just(("auto",)), PIPELINES)
def test_a_spec_survives_being_written_down(blocks: tuple[str, ...], pipeline: str) -> None:
    assert parse(str(Spec(blocks, pipeline))) == Spec(blocks, pipeline)


def test_a_spec_without_a_pipeline_means_english() -> None:
    assert str(parse("lexical")) == "lexical@en"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write BLOCK"),
        ("@en", "write BLOCK"),
        ("lexical@", "write BLOCK"),
        ("lexical@ ", "write BLOCK"),
        ("lexical++static@en", "write BLOCK"),
        ("Lexical@en", "write BLOCK"),
        ("lexical+lexical@en", "twice"),
        ("auto+static@en", "auto stands alone"),
        ("lexical+sentence@en", "say which model"),
        ("sentence=@en", "write BLOCK"),
        ("static=model@en", "write BLOCK"),
        ("auto+sentence=model@en", "auto stands alone"),
    ],
)
def test_a_bad_spec_is_refused_with_what_to_write(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse(text)


def test_auto_takes_static_vectors_when_they_are_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(static, "available", lambda: True)
    assert resolve("auto@de") == (Spec(("lexical", "static"), "de"), "")


def test_auto_without_static_vectors_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "find_spec", lambda name: None)
    found, notice = resolve("auto@en")
    assert found == Spec(("lexical",), "en")
    assert "pip install wordllama" in notice
    assert "\n" not in notice


def test_auto_takes_the_vectors_of_a_pipeline_that_has_some(folder_with_vectors: Path) -> None:
    found, notice = resolve(f"auto@{folder_with_vectors}")
    assert found.blocks == ("lexical", "spacy")
    assert notice == ""


def test_a_resolved_spec_resolves_to_itself() -> None:
    found, _ = resolve("auto@en")
    assert resolve(found) == (found, "")
    assert resolve(str(found)) == (found, "")


def test_an_unknown_block_is_refused_with_those_there_are(own_registry: None) -> None:
    with pytest.raises(UsageError, match="no vectoriser 'lexicla'; there are auto, lexical"):
        resolve("lexicla@en")


@pytest.mark.parametrize("refuse", [resolve, check])
def test_an_unknown_model_is_refused(refuse: Callable[[str], object]) -> None:
    with pytest.raises(UsageError, match="no sentence model 'nowhere'"):
        refuse("lexical+sentence=nowhere@en")


class TestRegistry:
    def test_the_decorator_returns_the_class(self, own_registry: None) -> None:
        class Mine:
            def fit(self, texts): ...
            def transform(self, texts): ...

        assert registry.vectoriser("mine")(Mine) is Mine
        assert registry.find("mine") is Mine
        assert "mine" in registry.names()
        assert resolve("mine+lexical@xx")[0] == Spec(("mine", "lexical"), "xx")

    def test_a_recipe_may_be_loaded_twice(self, own_registry: None) -> None:
        def load() -> type:
            class Mine:
                def fit(self, texts): ...
                def transform(self, texts): ...

            return registry.vectoriser("mine")(Mine)

        load()
        second = load()
        assert registry.find("mine") is second

    @pytest.mark.parametrize("name", ["lexical", "auto", "sentence", "mine"])
    def test_a_taken_name_is_refused(self, name: str, own_registry: None) -> None:
        class Mine:
            def fit(self, texts): ...
            def transform(self, texts): ...

        class Other(Mine):
            pass

        registry.vectoriser("mine")(Mine)
        with pytest.raises(UsageError, match="taken"):
            registry.vectoriser(name)(Other)

    @pytest.mark.parametrize("name", ["", "Mine", "my vectors", "a+b", "a@b"])
    def test_a_name_no_spec_can_hold_is_refused(self, name: str, own_registry: None) -> None:
        class Mine:
            def fit(self, texts): ...
            def transform(self, texts): ...

        with pytest.raises(UsageError, match="lower-case"):
            registry.vectoriser(name)(Mine)

    def test_a_class_without_transform_is_refused(self, own_registry: None) -> None:
        class Mine:
            def fit(self, texts): ...

        with pytest.raises(UsageError, match="Mine has no transform"):
            registry.vectoriser("mine")(Mine)

    def test_an_installed_package_is_asked_only_for_its_own_name(
        self, own_registry: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Entry:
            name = "theirs"
            value = "their_package:Theirs"

            def load(self) -> type:
                raise ImportError("No module named 'their_package'")

        def entry_points(*, group: str, name: str | None = None) -> list[Entry]:
            assert group == "txtal.vectorisers"
            return [Entry()] if name in (None, "theirs") else []

        monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
        assert "theirs" in registry.names()
        with pytest.raises(UsageError, match="no vectoriser 'mine'"):
            registry.find("mine")
        with pytest.raises(LearnerError, match=r"'theirs' \(their_package:Theirs\)"):
            registry.find("theirs")
        monkeypatch.setattr(Entry, "load", lambda self: dict)
        assert registry.find("theirs") is dict


def test_chinese_is_read_by_the_characters_that_stand_together() -> None:
    assert str(resolve(spec_of("lexical", "zh", None))[0]) == "lexical@xx"
    assert spec_of("lexical", "de", None) == "lexical@de"
    assert spec_of("lexical", "zh", "zh_core_web_sm") == "lexical@zh_core_web_sm"
    texts = ["物流很快", "物流太慢", "屏幕很亮", "屏幕太暗"] * 30
    pipeline = Pipeline(resolve(spec_of("lexical", "zh", None))[0].pipeline)
    assert "物流" in Lexical.fit("lexical", Sample(texts, pipeline, 0)).grams
