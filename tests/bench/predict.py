"""What ``txtal predict`` takes, against scikit-learn's own predict on the same features.

    python -m tests.bench.predict --lines 200000

The classifier is a scikit-learn LogisticRegression on banking77, its weights in both. First the
model alone: both get the features of the train split. Then from file to file: ``txtal predict``
against a loop of json.loads, the same vectoriser, scikit-learn's predict_proba and json.dumps, each
a process of its own. Seconds are the processor's: each has one thread. The peak of memory is taken
at a twentieth of the lines and at all of them; a small process starts each command, for Linux
counts what the starting process has in memory as the started one's.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.linear_model import LogisticRegression

from tests.bench.common import DATA, alternate, as_installed, emit, parser
from txtal.classifier import classifier
from txtal.classifier.classifier import Classifier
from txtal.learning.model import LinearModel
from txtal.vectors.vectoriser import Vectoriser

BARE = """
import json, sys
from itertools import islice
from pathlib import Path
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.linear_model import LogisticRegression
from txtal.classifier import load
made = load(Path(sys.argv[1]))
model = LogisticRegression()
model.coef_, model.intercept_ = made.model.coef, made.model.intercept
model.classes_ = np.array(made.labels)
with open(sys.argv[2]) as lines, open(sys.argv[3], "w") as out:
    while batch := [json.loads(line) for line in islice(lines, 1000)]:
        proba = model.predict_proba(made.vectoriser.transform([one["text"] for one in batch]))
        for one, row in zip(batch, proba):
            best = int(row.argmax())
            one |= {"predicted": made.labels[best], "probability": round(float(row[best]), 4)}
            one["probabilities"] = dict(zip(made.labels, row.round(4).tolist()))
            out.write(json.dumps(one) + "\\n")
"""

TABLE = pa.schema([("text", pa.string()), ("n", pa.int64())])

STARTER = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
sys.exit(status != 0)
"""


def trained(texts: list[str], labels: list[str], answers: int) -> tuple[Classifier, object]:
    """The same weights twice, of the first answers of a shuffle; ours calibrated, as always."""
    vectoriser = Vectoriser.fit("lexical+static@en", texts)
    rows = np.random.default_rng(0).permutation(len(texts))[:answers]
    model = LogisticRegression(C=10, max_iter=100)
    model.fit(vectoriser.transform([texts[i] for i in rows]), [labels[i] for i in rows])
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


def run(command: list[str]) -> tuple[float, float]:
    """Seconds of the processor and the peak of memory in MB of a process."""
    starter = [sys.executable, "-I", "-S", "-c", STARTER]
    done = subprocess.run([*starter, *command], check=True, stdout=subprocess.PIPE, text=True)
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--lines", type=int, default=200_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--answers", type=int, default=1500)
    options = arguments.parse_args()
    as_installed()
    lines = (DATA / "banking77" / "train.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    texts = [row["text"] for row in rows]
    made, model = trained(texts, [row["label"] for row in rows], options.answers)
    features = made.vectoriser.transform(texts)
    times = alternate(
        {
            "sklearn predict": lambda: model.predict(features),
            "sklearn predict_proba": lambda: model.predict_proba(features),
            "ours": lambda: made.model.predict_proba(features),
            "texts": lambda: made.predict(texts),
        },
        5,
    )
    figures: dict[str, float] = {
        "model, rows/s": round(len(texts) / times["ours"]),
        "model over sklearn predict_proba": times["sklearn predict_proba"] / times["ours"],
        "model over sklearn predict": times["sklearn predict"] / times["ours"],
        "texts to predictions, texts/s": round(len(texts) / times["texts"]),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        classifier.save(made, folder / "model")
        files = {}
        for count in (options.lines // 20, options.lines):
            files[count] = folder / f"{count}.jsonl"
            with files[count].open("w", encoding="utf-8") as out:
                for number, row in enumerate(islice(cycle(rows), count)):
                    text = f"{row['text']} {texts[number * 7 % len(texts)]}"
                    out.write(json.dumps({"text": text, "meta": {"n": number}}) + "\n")
        small, large = files.values()
        small_table, large_table = map(as_parquet, files.values())
        txtal = [sys.executable, "-m", "txtal", "-q", "predict", str(folder / "model")]
        works = {
            "bare": [
                *(sys.executable, "-c", BARE),
                *map(str, (folder / "model", large, folder / "bare.jsonl")),
            ],
            "jsonl": [*txtal, str(large), "-o", str(folder / "out.jsonl")],
            "gz": [*txtal, str(large), "-o", str(folder / "out.jsonl.gz")],
            "parquet": [*txtal, str(large), "-o", str(folder / "out.parquet")],
            "small": [*txtal, str(small), "-o", str(folder / "small.jsonl")],
            "small parquet": [*txtal, str(small), "-o", str(folder / "small.parquet")],
            "table": [*txtal, str(large_table), "-o", str(folder / "out.parquet")],
            "small table": [*txtal, str(small_table), "-o", str(folder / "small.parquet")],
        }
        peaks: dict[str, float] = {}
        taken: dict[str, list[float]] = {what: [] for what in works}
        for _ in range(options.rounds):
            for what, command in works.items():
                seconds, peaks[what] = run(command)
                taken[what].append(seconds)
        median = {what: float(np.median(values)) for what, values in taken.items()}
        sizes = {
            ending: (folder / f"out.{ending}").stat().st_size for ending in ("jsonl", "parquet")
        }
    figures |= {
        "lines": options.lines,
        "file to file, lines/s": round(options.lines / median["jsonl"]),
        "throughput over the bare loop": median["bare"] / median["jsonl"],
        "to gz over to jsonl": median["jsonl"] / median["gz"],
        "to parquet over to jsonl": median["jsonl"] / median["parquet"],
        "peak MB, all lines": round(peaks["jsonl"]),
        "peak MB, a twentieth": round(peaks["small"]),
        "peak MB to parquet, all lines": round(peaks["parquet"]),
        "peak MB to parquet, a twentieth": round(peaks["small parquet"]),
        "peak MB parquet to parquet, all lines": round(peaks["table"]),
        "peak MB parquet to parquet, a twentieth": round(peaks["small table"]),
        "peak MB of the bare loop": round(peaks["bare"]),
        "bytes a line, jsonl": round(sizes["jsonl"] / options.lines),
        "bytes a line, parquet": round(sizes["parquet"] / options.lines),
    }
    emit("predict", figures, as_json=options.json)


if __name__ == "__main__":
    main()
