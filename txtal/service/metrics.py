"""Figures for a monitor, in Prometheus' text format."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Of the buckets of latency, in seconds."""

Sample = tuple[str, Mapping[str, str], float]
"""A metric's name, its labels and its value."""


class RequestCounts:
    """Requests by route and status, and how long they took."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(_BOUNDS) + 1))

    def add(self, route: str, status: int, seconds: float) -> None:
        """Count one that is over."""
        self._requests[route, status] += 1
        self._seconds[route] += seconds
        self._buckets[route][bisect_left(_BOUNDS, seconds)] += 1

    def lines(self) -> Iterator[str]:
        """Yield them as a monitor reads them."""
        yield "# HELP txtal_requests_total Requests answered."
        yield "# TYPE txtal_requests_total counter"
        for (route, status), number in sorted(self._requests.items()):
            yield _line("txtal_requests_total", {"route": route, "status": str(status)}, number)
        yield "# HELP txtal_request_seconds Time from a request to its answer."
        yield "# TYPE txtal_request_seconds histogram"
        for route, buckets in sorted(self._buckets.items()):
            total = 0
            for bound, number in zip((*_BOUNDS, float("inf")), buckets, strict=True):
                total += number
                le = "+Inf" if bound == float("inf") else repr(bound)
                yield _line("txtal_request_seconds_bucket", {"route": route, "le": le}, total)
            yield _line("txtal_request_seconds_sum", {"route": route}, self._seconds[route])
            yield _line("txtal_request_seconds_count", {"route": route}, total)


GAUGES: Mapping[str, str] = {
    "txtal_queue_open": "Tickets without an answer.",
    "txtal_tickets": "Tickets of the dataset.",
    "txtal_answers": "Answers that stand, by verdict.",
    "txtal_sessions": "Annotators who are answering through this process.",
    "txtal_model_version": "Version of the classifier in use.",
    "txtal_estimate": "The headline: accuracy, or the mean absolute error of ratings.",
    "txtal_estimate_low": "Lower end of its 95% interval.",
    "txtal_estimate_high": "Upper end of its 95% interval.",
    "txtal_drift": "Whether drift was noticed when it was last looked for: 1 or 0.",
    "txtal_drift_far": "Fraction of the new tickets that lie far from the labelled ones.",
    "txtal_drift_looked": "When drift was looked for, in seconds since the epoch.",
    "txtal_training": "Whether a training is under way: 1 or 0.",
    "txtal_hooks_waiting": "Deliveries to hooks that are still to be made.",
    "txtal_hooks_dead": "Deliveries to hooks that were given up.",
}
"""What is measured when a monitor asks, with its explanation."""


def exposed(samples: Iterable[Sample]) -> Iterator[str]:
    """Yield gauges as a monitor reads them, those of a name together."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, labels, value in samples:
        found[name].append(_line(name, labels, value))
    for name, lines in found.items():
        yield f"# HELP {name} {GAUGES[name]}"
        yield f"# TYPE {name} gauge"
        yield from lines


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{said}}} {value:.10g}" if said else f"{name} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
