"""The names of features: ``BLOCK[+BLOCK...]@PIPELINE``, such as ``lexical+static@en``.

A block is ``lexical``, ``static``, ``spacy`` or a registered name (:mod:`txtal.vectors.registry`).
The pipeline is a language code spaCy knows, an installed spaCy package, or the folder of one.
``auto`` stands for the blocks that suit the pipeline and what is installed.
"""

from __future__ import annotations

from dataclasses import dataclass

from txtal.errors import UsageError
from txtal.vectors import pipeline, registry, static

DEFAULT_PIPELINE = "en"

_WITHOUT_STATIC = (
    "static word vectors aren't installed, so the model knows words only by their use in these"
    " tickets; for a better start: pip install wordllama safetensors tokenizers"
)


@dataclass(frozen=True, slots=True)
class Spec:
    """Which blocks, over whose tokens."""

    blocks: tuple[str, ...]
    pipeline: str = DEFAULT_PIPELINE

    def __str__(self) -> str:
        return f"{'+'.join(self.blocks)}@{self.pipeline}"


def parse(text: str) -> Spec:
    """The spec in ``text``; without ``@PIPELINE`` English is meant. Raises UsageError."""
    blocks_text, at, name = text.partition("@")
    blocks = tuple(blocks_text.split("+"))
    if not all(registry.NAME.fullmatch(block) for block in blocks) or (at and not name.strip()):
        raise UsageError(
            f"vectoriser {text!r}: write BLOCK[+BLOCK...]@PIPELINE, such as lexical+static@en"
        )
    if len(set(blocks)) < len(blocks):
        raise UsageError(f"vectoriser {text!r}: names a block twice")
    if registry.AUTO in blocks and len(blocks) > 1:
        raise UsageError(f"vectoriser {text!r}: auto stands alone; name every block, or only auto")
    return Spec(blocks, name if at else DEFAULT_PIPELINE)


def resolve(spec: str | Spec) -> tuple[Spec, str]:
    """The spec with ``auto`` replaced, and what the user should know of that, or "".

    Raises UsageError for a spec that can't be parsed or names an unknown block.
    """
    wanted = parse(spec) if isinstance(spec, str) else spec
    if wanted.blocks == (registry.AUTO,):
        return _choose(wanted.pipeline)
    for block in wanted.blocks:
        if block not in registry.BUILT_IN:
            registry.find(block)
    return wanted, ""


def _choose(name: str) -> tuple[Spec, str]:
    if pipeline.has_vectors(name):
        return Spec(("lexical", "spacy"), name), ""
    if static.available():
        return Spec(("lexical", "static"), name), ""
    return Spec(("lexical",), name), _WITHOUT_STATIC
