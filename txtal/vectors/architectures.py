"""The architectures that :mod:`transformer` reads, and how to tell them from a model's folder.

Apart from it, so that a check whether a model is there needs no numpy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "1"
"""Raised when the vectors of a model change."""

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
POOLING = ("cls", "mean", "max")
ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu")
AFTER_DENSE = ("Tanh", "Identity")
"""What may follow a dense layer, by how its name ends."""


class Kind(NamedTuple):
    """How an architecture names its weights, below its own prefix."""

    prefix: str
    layer: str
    query: str
    key: str
    value: str
    attended: str
    attended_norm: str
    up: str
    down: str
    norm: str
    offset: bool
    """Whether positions begin after the padding token's number."""


_BERT = Kind(
    "bert.",
    "encoder.layer.{}.",
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "attention.output.LayerNorm",
    "intermediate.dense",
    "output.dense",
    "output.LayerNorm",
    False,
)
_ROBERTA = _BERT._replace(prefix="roberta.", offset=True)
KINDS = {
    "bert": _BERT,
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "camembert": _ROBERTA,
    "distilbert": Kind(
        "distilbert.",
        "transformer.layer.{}.",
        "attention.q_lin",
        "attention.k_lin",
        "attention.v_lin",
        "attention.out_lin",
        "sa_layer_norm",
        "ffn.lin1",
        "ffn.lin2",
        "output_layer_norm",
        False,
    ),
}


def unread(folder: Path) -> str | None:
    """Why the model in ``folder`` can't be read here; None if it can. Reads no weights."""
    config = read_json(folder / "config.json")
    kind = str(config.get("model_type", "")) if isinstance(config, dict) else ""
    if kind not in KINDS:
        return f"its architecture is {kind or 'unknown'}, not one of {', '.join(KINDS)}"
    if config.get("position_embedding_type", "absolute") != "absolute":
        return "its positions aren't absolute"
    if activation(config) not in ACTIVATIONS:
        return f"its activation is {activation(config)}"
    for name in (WEIGHTS, TOKENIZER):
        if not (folder / name).is_file():
            return f"it has no {name}"
    return next(
        filter(None, (_unread_module(folder, module) for module in modules_of(folder))), None
    )


def _unread_module(folder: Path, module: Mapping[str, Any]) -> str | None:
    kind, config = kind_of(module), read_json(folder / str(module.get("path", "")) / "config.json")
    if kind == "Pooling" and not pooling(config):
        return "its pooling is neither cls, mean nor max"
    if kind == "Dense" and not str(config.get("activation_function", "")).endswith(AFTER_DENSE):
        return "its dense layer has another activation than tanh"
    if kind not in ("Transformer", "Pooling", "Dense", "Normalize"):
        return f"it goes through {kind}"
    return None


def read_json(path: Path) -> Any:
    """What the file holds; nothing where there is none, or none that can be read."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def modules_of(folder: Path) -> list[dict[str, Any]]:
    """What a model's texts go through, in order; empty when it doesn't say."""
    listed = read_json(folder / "modules.json")
    there = isinstance(listed, list) and all(isinstance(module, dict) for module in listed)
    return listed if there else []


def kind_of(module: Mapping[str, Any]) -> str:
    """The name of a module's class, such as Pooling."""
    return str(module.get("type", "")).rpartition(".")[2]


def activation(config: Mapping[str, Any]) -> str:
    """The name of the activation between the dense layers of each block."""
    return str(config.get("hidden_act", config.get("activation", "gelu")))


def pooling(config: Mapping[str, Any]) -> str:
    """cls, mean or max; nothing where it is another, or several at once."""
    if isinstance(config.get("pooling_mode"), str):
        return config["pooling_mode"] if config["pooling_mode"] in POOLING else ""
    wanted = [
        name.removeprefix("pooling_mode_").removesuffix("_token").removesuffix("_tokens")
        for name, value in config.items()
        if name.startswith("pooling_mode_") and value is True
    ]
    return wanted[0] if len(wanted) == 1 and wanted[0] in POOLING else ""
