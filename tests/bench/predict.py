"""What ``txtal predict`` takes, against a scikit-learn pipeline that was saved with joblib.

    python -m tests.bench.predict --lines 200000

The reference is what a user would write instead: TF-IDF and logistic regression fitted to the same
answers of banking77, in a loop of json.loads, predict_proba and json.dumps; once with the
probabilities of all labels, once with the best label alone (``--top 1``); and one text by a
command. Each is a process of its own with one thread; seconds are the processor's, the start
included. Then the linear model alone, against scikit-learn's with the same weights on the same
features. The peak of memory is taken at a twentieth of the lines and at all of them; a small
process starts each command, for Linux counts what the starting process has in memory as the
started one's.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.bench.common import DATA, alternate, as_installed, emit, parser
from txtal.classifier import classifier
from txtal.classifier.classifier import Classifier
from txtal.learning.model import LinearModel
from txtal.vectors.vectoriser import Vectoriser

PIPELINE = """
import json, sys
from itertools import islice
import joblib
pipeline = joblib.load(sys.argv[1])
labels = pipeline.classes_.tolist()
with open(sys.argv[2]) as lines, open(sys.argv[3], "w") as out:
    while batch := [json.loads(line) for line in islice(lines, 1000)]:
        proba = pipeline.predict_proba([one["text"] for one in batch])
        best = proba.argmax(axis=1).tolist()
        for one, at, row in zip(batch, best, proba.round(4).tolist()):
            one |= {"predicted": labels[at], "probability": row[at]}
            if sys.argv[4] == "all":
                one["probabilities"] = dict(zip(labels, row))
            out.write(json.dumps(one) + "\\n")
"""

ONE_TEXT = """
import json, sys
import joblib
pipeline = joblib.load(sys.argv[1])
one = json.loads(sys.stdin.readline())
print(json.dumps(one | {"predicted": pipeline.predict([one["text"]])[0]}))
"""

TABLE = pa.schema([("text", pa.string()), ("n", pa.int64())])

STARTER = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, file=sys.stderr)
sys.exit(status != 0)
"""


def trained(texts: Sequence[str], labels: Sequence[str]) -> tuple[Classifier, object]:
    """The same weights twice; ours calibrated, as always."""
    vectoriser = Vectoriser.fit("lexical+static@en", texts)
    model = LogisticRegression(C=10, max_iter=100)
    model.fit(vectoriser.transform(texts), labels)
    coef = model.coef_.astype(np.float32)
    intercept = model.intercept_.astype(np.float32)
    ours = LinearModel("exclusive", coef, intercept, np.ones(len(coef), np.bool_)).calibrated(1.0)
    return Classifier("exclusive", tuple(model.classes_.tolist()), ours, vectoriser), model


def as_parquet(lines: Path) -> Path:
    """The same tickets as a table, beside the lines."""
    path = lines.with_suffix(".parquet")
    with lines.open("rb") as rows, pq.ParquetWriter(path, TABLE) as out:
        while batch := [json.loads(line) for line in islice(rows, 65_536)]:
            pairs = [{"text": one["text"], "n": one["meta"]["n"]} for one in batch]
            out.write_table(pa.Table.from_pylist(pairs, TABLE))
    return path


def run(command: Sequence[str], given: bytes = b"") -> tuple[float, float]:
    """Seconds of the processor and the peak of memory in MB of a process."""
    starter = [sys.executable, "-I", "-S", "-c", STARTER]
    done = subprocess.run([*starter, *command], check=True, input=given, capture_output=True)
    seconds, peak = map(float, done.stderr.split()[-2:])
    return seconds, peak


def model_alone(made: Classifier, theirs: object, texts: Sequence[str]) -> dict[str, float]:
    """What the probabilities take, by both models on the same features."""
    features = made.vectoriser.transform(texts)
    times = alternate(
        {
            "sklearn": lambda: theirs.predict_proba(features),  # type: ignore[attr-defined]
            "ours": lambda: made.model.predict_proba(features),
            "texts": lambda: made.predict(texts),
        },
        5,
    )
    return {
        "model, rows/s": round(len(texts) / times["ours"]),
        "model over sklearn predict_proba": times["sklearn"] / times["ours"],
        "texts to predictions, texts/s": round(len(texts) / times["texts"]),
    }


def commands(folder: Path, files: Sequence[Path]) -> dict[str, list[str]]:
    """What is timed, by name."""
    small, large = map(str, files)
    small_table, large_table = (str(as_parquet(one)) for one in files)
    txtal = [sys.executable, "-m", "txtal", "-q", "predict", str(folder / "model")]
    pipeline = [sys.executable, "-c", PIPELINE, str(folder / "pipeline"), large]
    out = {name: str(folder / name) for name in ("out.jsonl", "out.jsonl.gz", "out.parquet")}
    return {
        "pipeline": [*pipeline, str(folder / "theirs.jsonl"), "all"],
        "jsonl": [*txtal, large, "-o", out["out.jsonl"]],
        "pipeline, top": [*pipeline, str(folder / "theirs-top.jsonl"), "top"],
        "top": [*txtal, large, "--top", "1", "-o", str(folder / "top.jsonl")],
        "gz": [*txtal, large, "-o", out["out.jsonl.gz"]],
        "parquet": [*txtal, large, "-o", out["out.parquet"]],
        "small": [*txtal, small, "-o", str(folder / "small.jsonl")],
        "small parquet": [*txtal, small, "-o", str(folder / "small.parquet")],
        "table": [*txtal, large_table, "-o", str(folder / "table.parquet")],
        "small table": [*txtal, small_table, "-o", str(folder / "small-table.parquet")],
        "one text": [*txtal, "-"],
        "pipeline, one text": [sys.executable, "-c", ONE_TEXT, str(folder / "pipeline")],
    }


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--lines", type=int, default=200_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--answers", type=int, default=1500)
    arguments.add_argument("--short", action="store_true", help="without memory and other formats")
    options = arguments.parse_args()
    as_installed()
    lines = (DATA / "banking77" / "train.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
    drawn = np.random.default_rng(0).permutation(len(texts))[: options.answers].tolist()
    some, their_labels = [texts[i] for i in drawn], [labels[i] for i in drawn]
    made, model = trained(some, their_labels)
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=300))
    pipeline.fit(some, their_labels)
    figures = model_alone(made, model, texts)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        classifier.save(made, folder / "model")
        joblib.dump(pipeline, folder / "pipeline")
        files = []
        for count in (options.lines // 20, options.lines):
            files.append(folder / f"{count}.jsonl")
            with files[-1].open("w", encoding="utf-8") as out:
                for number, row in enumerate(islice(cycle(rows), count)):
                    text = f"{row['text']} {texts[number * 7 % len(texts)]}"
                    out.write(json.dumps({"text": text, "meta": {"n": number}}) + "\n")
        one = json.dumps({"text": texts[0]}).encode() + b"\n"
        peaks: dict[str, float] = {}
        taken: dict[str, list[float]] = {}
        works = commands(folder, files)
        for _ in range(options.rounds):
            for what, command in works.items():
                if options.short and what not in SHORT:
                    continue
                given = one if "one text" in what else b""
                seconds, peaks[what] = run(command, given)
                taken.setdefault(what, []).append(seconds)
        median = {what: float(np.median(values)) for what, values in taken.items()}
        figures |= {
            "lines": options.lines,
            "file to file, lines/s": round(options.lines / median["jsonl"]),
            "throughput over the pipeline": median["pipeline"] / median["jsonl"],
            "throughput over the pipeline, top label": median["pipeline, top"] / median["top"],
            "one text over the pipeline": median["one text"] / median["pipeline, one text"],
        }
        if not options.short:
            figures |= in_full(folder, options.lines, median, peaks)
    emit("predict", figures, as_json=options.json)


SHORT = ("pipeline", "jsonl", "pipeline, top", "top", "one text", "pipeline, one text")
"""What the ratios over a pipeline need."""


def in_full(
    folder: Path, lines: int, median: dict[str, float], peaks: dict[str, float]
) -> dict[str, float]:
    """The figures of other formats and of memory."""
    sizes = {ending: (folder / f"out.{ending}").stat().st_size for ending in ("jsonl", "parquet")}
    return {
        "to gz over to jsonl": median["jsonl"] / median["gz"],
        "to parquet over to jsonl": median["jsonl"] / median["parquet"],
        "peak MB, all lines": round(peaks["jsonl"]),
        "peak MB, a twentieth": round(peaks["small"]),
        "peak MB to parquet, all lines": round(peaks["parquet"]),
        "peak MB to parquet, a twentieth": round(peaks["small parquet"]),
        "peak MB parquet to parquet, all lines": round(peaks["table"]),
        "peak MB parquet to parquet, a twentieth": round(peaks["small table"]),
        "peak MB of the pipeline": round(peaks["pipeline"]),
        "bytes a line, jsonl": round(sizes["jsonl"] / lines),
        "bytes a line, parquet": round(sizes["parquet"] / lines),
    }


if __name__ == "__main__":
    main()
