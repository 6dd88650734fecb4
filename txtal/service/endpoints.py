"""The table of what can be asked of the service, and the functions that answer it.

Each row has its path, scope, body and parameters; the application and its OpenAPI document are made
of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from txtal.errors import UsageError
from txtal.service import metrics, schemas
from txtal.service.refusals import Refusal
from txtal.service.schemas import Schema
from txtal.service.served import ServedDataset
from txtal.store.tokens import Token

QUICK_TEXTS = 4
QUICK_CHARACTERS = 4_000
"""Requests up to both are predicted where they arrive: a thread would cost more than they do."""

_PERSON = re.compile(r"[^/\x00-\x1f\x7f]{1,100}")

_MOST_ANSWERS = 1_000


@dataclass(frozen=True, slots=True)
class Asking:
    """A request, with who makes it and what is served."""

    token: Token | None
    """None where the endpoint is open to everybody."""
    served: Mapping[str, ServedDataset]
    requests: metrics.RequestCounts
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def dataset(self) -> ServedDataset:
        """Return the dataset that is meant. Raises Refusal for none, and for one that isn't."""
        named = self.path.get("name") or self.query.get("dataset") or self.body.get("dataset")
        if named is None and len(self.served) == 1:
            return next(iter(self.served.values()))
        if named is None:
            raise Refusal(422, "several datasets are served: name one as dataset")
        found = self.served.get(named)
        if found is None:
            raise Refusal(404, "no dataset of this name is served")
        return found

    def annotator(self, named: str | None) -> str:
        """Return who answers: the token's name, or somebody of whom it may speak."""
        own = self.token.name if self.token else ""
        if named is None or named == own:
            return own
        before, slash, person = named.partition("/")
        if before != own or not slash or not _PERSON.fullmatch(person):
            raise Refusal(403, "this token answers as its own name, or as that and /SOMEBODY")
        return named

    def number(self, name: str, default: int, high: int) -> int:
        """Return a whole number of the query. Raises Refusal for anything else."""
        said = self.query.get(name)
        if said is None:
            return default
        if not re.fullmatch(r"[0-9]{1,19}", said) or int(said) > high:
            raise Refusal(422, f"{name} must be a whole number from 0 to {high}")
        return int(said)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    value: Any = None
    status: int = 200
    kind: Literal["json", "html", "text"] = "json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something that can be asked."""

    method: str
    path: str
    summary: str
    answer: Callable[[Asking], Reply]
    scope: str | None
    """None: no token is needed."""
    body: Schema | None = None
    query: Mapping[str, Schema] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()
    """Statuses beyond those that any request may be refused with."""
    success: int = 200
    kind: str = "application/json"
    direct: Callable[[Asking], bool] = lambda asking: False
    """Whether it is answered where it arrives instead of in a thread."""


def _predict(asking: Asking) -> Reply:
    body = asking.body
    texts = body["texts"] if "texts" in body else [body["text"]]
    return Reply(asking.dataset.predict(texts))


def _is_quick(asking: Asking) -> bool:
    body = asking.body
    texts = body["texts"] if "texts" in body else [body["text"]]
    return (
        len(texts) <= QUICK_TEXTS
        and sum(map(len, texts)) <= QUICK_CHARACTERS
        and asking.dataset.model.is_quick
    )


def _tickets(asking: Asking) -> Reply:
    return Reply(asking.dataset.enqueue(asking.body["tickets"]), 201)


def _next(asking: Asking) -> Reply:
    annotator = asking.annotator(asking.query.get("annotator"))
    found = asking.dataset.desk.next(annotator)
    return Reply(status=204) if found is None else Reply(found)


def _answer(asking: Asking) -> Reply:
    annotator = asking.annotator(asking.body.get("annotator"))
    return Reply(asking.dataset.desk.answer(annotator, asking.body), 201)


def _answers(asking: Asking) -> Reply:
    after = asking.number("after", 0, 2**63 - 1)
    limit = asking.number("limit", 100, _MOST_ANSWERS)
    return Reply(asking.dataset.answers(after, max(1, limit)))


def _stats(asking: Asking) -> Reply:
    return Reply(asking.dataset.stats())


def _models(asking: Asking) -> Reply:
    return Reply(asking.dataset.models())


def _datasets(asking: Asking) -> Reply:
    return Reply({"datasets": list(asking.served)})


def _train(asking: Asking) -> Reply:
    options = ["--if-better"] if asking.body.get("if_better") else []
    job, new = asking.dataset.jobs.start("train", options)
    return Reply({"dataset": asking.dataset.name, **asdict(job)}, 202 if new else 409)


def _training(asking: Asking) -> Reply:
    return Reply(_job(asking, "train"))


def _look_for_drift(asking: Asking) -> Reply:
    job, new = asking.dataset.jobs.start("drift")
    return Reply({"dataset": asking.dataset.name, **asdict(job)}, 202 if new else 409)


def _job(asking: Asking, command: str) -> dict[str, Any]:
    job = asking.dataset.jobs.newest(command)
    told = asdict(job) if job else {"command": command, "state": "none"}
    return {"dataset": asking.dataset.name, **told}


def _health(asking: Asking) -> Reply:
    """Reply ok once each dataset was read. Raises DatabaseError, Refusal."""
    for dataset in asking.served.values():
        try:
            dataset.check()
        except UsageError as error:
            raise Refusal(503, "a dataset that is served is no longer in the database") from error
    return Reply({"status": "ok", "datasets": len(asking.served)})


def _metrics(asking: Asking) -> Reply:
    samples = [one for dataset in asking.served.values() for one in dataset.samples()]
    lines = [*metrics.exposed(samples), *asking.requests.lines()]
    return Reply("\n".join(lines) + "\n", kind="text")


def _page(asking: Asking) -> Reply:
    if len(asking.served) > 1 and "dataset" not in asking.query:
        from txtal.service.page import listing

        return Reply(listing(list(asking.served)), kind="html")
    return Reply(asking.dataset.page(), kind="html")


_CURSOR: Schema = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_LIMIT: Schema = {"type": "integer", "minimum": 0, "maximum": _MOST_ANSWERS}
_NAMED: Mapping[str, Schema] = {"dataset": schemas.DATASET}
_ANNOTATOR: Schema = {"type": "string", "minLength": 1, "maxLength": 200}

ENDPOINTS = (
    Endpoint(
        "POST", "/predict", "Predict the labels of one text or many.", _predict, "predict",
        schemas.PREDICT, refusals=(404, 409), direct=_is_quick,
    ),
    Endpoint(
        "POST", "/tickets", "Load tickets into the queue.", _tickets, "answer",
        schemas.TICKETS, refusals=(404,), success=201,
    ),
    Endpoint(
        "GET", "/next", "Lease the next ticket to answer; 204 when none is open.", _next, "answer",
        query={**_NAMED, "annotator": _ANNOTATOR}, refusals=(204, 404, 409, 429),
    ),
    Endpoint(
        "POST", "/answers", "Answer the ticket of a lease.", _answer, "answer",
        schemas.ANSWER, refusals=(404, 409, 429), success=201,
    ),
    Endpoint(
        "GET", "/answers", "Read the answer log from a cursor on.", _answers, "read",
        query={**_NAMED, "after": _CURSOR, "limit": _LIMIT}, refusals=(404,),
    ),
    Endpoint("GET", "/datasets", "List the datasets that are served.", _datasets, "read"),
    Endpoint(
        "GET", "/datasets/{name}/stats", "Show progress and accuracy.", _stats, "read",
        refusals=(404,),
    ),
    Endpoint(
        "GET", "/datasets/{name}/models", "List the classifier's versions.", _models, "read",
        refusals=(404,),
    ),
    Endpoint(
        "GET", "/models", "List the classifier's versions.", _models, "read",
        query=_NAMED, refusals=(404,),
    ),
    Endpoint(
        "POST", "/train", "Train the next version behind; 409 while one is trained.", _train,
        "admin", schemas.TRAIN, refusals=(404, 409), success=202,
    ),
    Endpoint(
        "GET", "/train", "Show what came of the newest training.", _training, "read",
        query=_NAMED, refusals=(404,),
    ),
    Endpoint(
        "POST", "/drift", "Look for drift behind; /metrics and GET /drift have the result.",
        _look_for_drift, "admin", schemas.DRIFT, refusals=(404, 409), success=202,
    ),
    Endpoint(
        "GET", "/drift", "Show the newest look for drift, without texts.",
        lambda asking: Reply(_without_texts(_job(asking, "drift"))), "read",
        query=_NAMED, refusals=(404,),
    ),
    Endpoint(
        "GET", "/healthz", "Say that the service is up and can read its database.", _health, None,
        refusals=(503,),
    ),
    Endpoint(
        "GET", "/metrics", "Figures for Prometheus.", _metrics, "read", kind="text/plain"
    ),
    Endpoint(
        "GET", "/", "The report as a page that keeps itself current.", _page, "read",
        query=_NAMED, refusals=(404,), kind="text/html",
    ),
)  # fmt: skip


def _without_texts(job: dict[str, Any]) -> dict[str, Any]:
    result = job.get("result")
    if isinstance(result, dict):
        job["result"] = {key: value for key, value in result.items() if key != "unlike"}
    return job


def usage_refusal(error: UsageError) -> Refusal:
    """Return how a foreseen failure of the caller's is answered."""
    return Refusal(409, str(error))
