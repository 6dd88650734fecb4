"""What importing this room costs: asserted in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.vectors.sentences import make_static

HEAVY = {
    "numpy", "scipy", "spacy", "sklearn", "tokenizers", "safetensors", "wordllama", "model2vec",
    "sentence_transformers", "transformers", "torch", "huggingface_hub",
}  # fmt: skip


def heavy_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return HEAVY & set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import txtal.vectors",
        "from txtal.vectors.registry import vectoriser; vectoriser('a')",
    ],
)
def test_registering_a_vectoriser_imports_nothing_heavy(code: str) -> None:
    assert heavy_after(code) == set()


def test_checking_a_spec_imports_nothing_heavy(tmp_path: Path) -> None:
    folder = make_static(tmp_path / "model")
    check = f"from txtal.vectors.spec import check; check('lexical+sentence={folder}@en')"
    assert heavy_after(check) == set()


def test_a_full_cache_is_used_without_spacy(tmp_path) -> None:
    ensure = (
        "from pathlib import Path; from txtal.vectors.cache import FeatureCache\n"
        f"f = FeatureCache(Path({str(tmp_path)!r})).ensure([1, 2], ['a b', 'c'], 'auto@en')\n"
        "assert f.matrix[:].any()"
    )
    assert "spacy" in heavy_after(ensure)
    assert heavy_after(ensure) == {"numpy"}
