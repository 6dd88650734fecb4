"""Finding a sentence model, and knowing it again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from tests.vectors.sentences import write_json
from txtal.errors import LearnerError, UsageError
from txtal.vectors import models
from txtal.vectors.models import STATIC, TRANSFORMER, WITH_TORCH, find

MODULES = [
    {"path": "", "type": "sentence_transformers.models.Transformer"},
    {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
]

FILES: dict[str, Any] = {"model.safetensors": {}, "tokenizer.json": {}}
"""What our own reader needs beside the configuration."""


@pytest.fixture(autouse=True)
def _all_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads a model is never asked to, here."""

    def find_spec(name: str) -> Any:
        return util.find_spec("json" if name in (STATIC, WITH_TORCH) else name)

    monkeypatch.setattr(models, "find_spec", find_spec)


@pytest.fixture(autouse=True)
def _nothing_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def make(folder: Path) -> Path:
    """What a model's folder looks like from outside."""
    write_json(folder / "modules.json", MODULES)
    write_json(folder / "config.json", {"model_type": "bert"})
    write_json(folder / "1_Pooling" / "config.json", {"pooling_mode_mean_tokens": True})
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "tokenizer.json").write_text("{}")
    return folder


def package(folder: Path, *places: str) -> None:
    """A package with models at ``places``, which must not be imported."""
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    for place in places:
        make(folder / place)


class TestFinding:
    def test_by_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = make(tmp_path / "mine")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        assert find(str(folder)).folder == folder
        assert find("~/mine").folder == folder
        assert find("mine").folder == Path("mine")

    @pytest.mark.parametrize("place", ["model", ".", "data/models/small"])
    @pytest.mark.parametrize("name", ["some_model_v2", "some-model-v2"])
    def test_by_the_package_that_carries_it(
        self, place: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        package(tmp_path / "some_model_v2", place)
        monkeypatch.syspath_prepend(tmp_path)
        assert find(name).folder == tmp_path / "some_model_v2" / place

    def test_a_package_of_several_asks_which(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        package(tmp_path / "models_galore", "small", "large")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(UsageError, match=r"more than one model; name one of .*large, .*small"):
            find("models_galore")

    @pytest.mark.parametrize(
        ("name", "repository"),
        [("who/what-v2", "who/what-v2"), ("what-v2", "sentence-transformers/what-v2")],
    )
    def test_by_the_name_it_was_downloaded_under(
        self, name: str, repository: str, tmp_path: Path
    ) -> None:
        cached = tmp_path / "hub" / f"models--{repository.replace('/', '--')}"
        (cached / "refs").mkdir(parents=True)
        (cached / "refs" / "main").write_text("abc123")
        folder = make(cached / "snapshots" / "abc123")
        make(cached / "snapshots" / "older")
        assert find(name).folder == folder

    def test_a_folder_without_one_hides_no_package(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "lib").mkdir()
        package(tmp_path / "lib" / "some_model", "model")
        monkeypatch.syspath_prepend(tmp_path / "lib")
        monkeypatch.chdir(tmp_path)
        (tmp_path / "some_model").mkdir()
        assert find("some_model").folder == tmp_path / "lib" / "some_model" / "model"

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("nowhere", "or fetch it with: hf download sentence-transformers/nowhere"),
            ("json", "install the package that carries it"),
            ("__main__", "install the package that carries it"),
            ("~nobody/model", "name the folder with its config.json"),
            ("a\x00b", "name the folder with its config.json"),
            ("who/what", "or fetch it with: hf download who/what$"),
            ("./no/such", "name the folder with its config.json"),
            ("C:\\no\\such", "name the folder with its config.json"),
        ],
    )
    def test_one_that_isnt_there_says_how_to_get_it(self, name: str, says: str) -> None:
        with pytest.raises(UsageError, match=says):
            find(name)

    @pytest.mark.parametrize(
        ("kind", "says"),
        [
            ("model2vec", r"needs model2vec, which isn't installed: .*'txtal\[sentence\]'"),
            ("mpnet", r"architecture is mpnet, .*: pip install 'txtal\[sentence-torch\]'"),
        ],
    )
    def test_what_reads_it_must_be_installed(
        self, kind: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_json(tmp_path / "config.json", {"model_type": kind})
        monkeypatch.setattr(models, "find_spec", lambda name: None)
        with pytest.raises(LearnerError, match=says):
            find(str(tmp_path))

    def test_our_own_reader_needs_two_packages(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert find(str(make(tmp_path / "mine"))).library == TRANSFORMER
        monkeypatch.setattr(models, "find_spec", lambda name: None)
        with pytest.raises(LearnerError, match="needs tokenizers and safetensors, which"):
            find(str(tmp_path / "mine"))


@pytest.mark.parametrize(
    ("files", "library"),
    [
        ({"modules.json": MODULES}, WITH_TORCH),
        ({"config.json": {"model_type": "bert"}}, WITH_TORCH),
        ({"config.json": {"model_type": "bert"}, **FILES}, TRANSFORMER),
        ({"config.json": {"model_type": "xlm-roberta"}, **FILES}, TRANSFORMER),
        ({"config.json": {"model_type": "bert", "hidden_act": "silu"}, **FILES}, WITH_TORCH),
        ({"config.json": {"model_type": "mpnet"}, **FILES}, WITH_TORCH),
        ({"config.json": {"model_type": "model2vec"}}, STATIC),
        ({"modules.json": [{"path": ".", "type": "a.b.StaticEmbedding"}]}, STATIC),
        ({"modules.json": [{"type": "a.StaticEmbedding"}, {"type": "b.Normalize"}]}, STATIC),
        ({"modules.json": [{"type": "a.StaticEmbedding"}, {"type": "b.Dense"}]}, WITH_TORCH),
        ({"config.json": {"pooling_mode": "mean"}}, None),
        ({"config.json": [], "modules.json": {}}, None),
        ({"modules.json": ["StaticEmbedding"]}, None),
        ({"meta.json": {"lang": "en"}}, None),
    ],
)
def test_what_reads_a_folder(files: dict[str, Any], library: str | None, tmp_path: Path) -> None:
    for name, content in files.items():
        write_json(tmp_path / name, content)
    if library:
        assert find(str(tmp_path)).library == library
    else:
        with pytest.raises(UsageError, match="no sentence model"):
            find(str(tmp_path))


class TestDigest:
    def test_it_is_the_same_wherever_the_model_lies(self, tmp_path: Path) -> None:
        folder = make(tmp_path / "one")
        copied = Path(shutil.copytree(folder, tmp_path / "two"))
        assert find(str(folder)).digest == find(str(copied)).digest

    def beside(self, folder: Path) -> None:
        (folder / "README.md").write_text("A model.")
        (folder / "model.bin").write_bytes(b"the same weights, in a format that isn't read")
        (folder / "vocab.txt").write_text("the same tokens")
        write_json(folder / "data_config.json", {})
        write_json(folder / "onnx" / "config.json", {})

    def test_what_decides_nothing_doesnt_count(self, tmp_path: Path) -> None:
        model = find(str(make(tmp_path)))
        before = model.digest
        self.beside(tmp_path)
        assert model.digest == before

    @pytest.mark.parametrize(
        "change",
        [
            lambda folder: (folder / "model.safetensors").write_bytes(b"WEIGHTS"),
            lambda folder: (folder / "tokenizer.json").write_text("{ }"),
            lambda folder: write_json(folder / "modules.json", MODULES[:1]),
            lambda folder: write_json(folder / "1_Pooling" / "config.json", {}),
            lambda folder: write_json(folder / "sentence_bert_config.json", {"max": 1}),
        ],
        ids=["weights", "tokens", "modules", "pooling", "length"],
    )
    def test_what_decides_does(self, change: Callable[[Path], object], tmp_path: Path) -> None:
        model = find(str(make(tmp_path)))
        before = model.digest
        change(tmp_path)
        assert model.digest != before

    def test_what_cant_be_read_is_told(self, tmp_path: Path) -> None:
        model = find(str(make(tmp_path)))
        (tmp_path / "tokenizer.json").unlink()
        (tmp_path / "tokenizer.json").mkdir()
        with pytest.raises(LearnerError, match=r"can't be read: .*tokenizer\.json"):
            _ = model.digest
