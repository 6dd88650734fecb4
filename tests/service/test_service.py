"""Every route of the service, as a program uses it and as one that shouldn't."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import txtal
from tests.service.serving import TEXTS, Served, copied, label_of, make, serving
from txtal.classifier import versions
from txtal.service import access, app, looks, model, schemas
from txtal.service.app import Limits
from txtal.service.desk import AnswerDesk
from txtal.service.endpoints import ENDPOINTS
from txtal.service.jobs import Job, Jobs
from txtal.store import schema, tokens
from txtal.store.backup import back_up, restore
from txtal.store.verify import verify


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "t.db"
    make(path, answered=12, trained=True)
    return path


@pytest.fixture
def shop(trained: Path, tmp_path: Path) -> Iterator[Served]:
    with serving(copied(trained, tmp_path)) as served:
        yield served


# --- predictions ----------------------------------------------------------------------------------


def test_one_text_and_many_are_predicted_as_python_predicts_them(shop: Served) -> None:
    texts = ["where is my parcel", "lovely, thank you"]
    said = shop.post("/predict", {"texts": texts}, "predict").json()
    expected = txtal.open(shop.path)["shop"].predict(texts)
    assert [one["labels"] for one in said["predictions"]] == [list(one.labels) for one in expected]
    assert [one["probabilities"] for one in said["predictions"]] == [
        one.probabilities for one in expected
    ]
    one = shop.post("/predict", {"text": texts[0], "dataset": "shop"}, "predict").json()
    assert one["predictions"] == said["predictions"][:1]
    assert one["version"] == said["version"] == 1


def test_a_new_version_takes_over_and_a_damaged_one_does_not(
    shop: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "LOOK_SECONDS", 0.0)
    folder = next(shop.path.with_name("t.db.models").iterdir())

    def now() -> int:
        reply = shop.post("/predict", {"text": "a parcel"}, "predict")
        assert reply.status_code == 200
        return int(reply.json()["version"])

    assert now() == 1
    txtal.open(shop.path)["shop"].train(vectors="lexical")
    _until(lambda: now() == 2)
    versions.use(folder, 1)
    _until(lambda: now() == 1)
    for part in (folder / "2").glob("classifier*.npz"):
        part.write_bytes(b"damaged")
    versions.use(folder, 2)
    assert {now() for _ in range(20)} == {1}
    assert shop.get("/models").json()["current"] == 2


def test_without_a_model_nothing_is_predicted(tmp_path: Path) -> None:
    make(tmp_path / "t.db")
    with serving(tmp_path / "t.db") as served:
        reply = served.post("/predict", {"text": "a"}, "predict")
        assert (reply.status_code, "train" in reply.json()["error"]) == (409, True)


# --- the queue ------------------------------------------------------------------------------------


def test_what_is_enqueued_is_there_at_once_and_once(shop: Served) -> None:
    body = {"tickets": [{"text": "brand new", "meta": {"id": 7}}, {"text": TEXTS[0]}]}
    said = shop.post("/tickets", body, "answer")
    assert said.status_code == 201
    assert (said.json()["added"], said.json()["duplicates"]) == (1, 1)
    again = shop.post("/tickets", body, "answer").json()
    assert (again["added"], again["tickets"]) == (0, said.json()["tickets"])
    assert "brand new" in {one.text for one in txtal.open(shop.path)["shop"].tickets()}


def test_tickets_are_leased_answered_and_followed(shop: Served) -> None:
    seen = []
    while (reply := shop.get("/next", "answer")).status_code == 200:
        asked = reply.json()
        assert shop.get("/next", "answer").json()["ticket"] == asked["ticket"]
        given = {"ticket": asked["ticket"], "lease": asked["lease"]}
        done = shop.post("/answers", {**given, "labels": [label_of(asked["text"])]}, "answer")
        assert done.status_code == 201
        assert done.json()["annotator"] == "answer"
        seen.append(asked["ticket"])
    assert reply.status_code == 204
    assert len(seen) == len(set(seen)) == 12
    followed, cursor = [], 0
    while page := shop.get("/answers", after=cursor, limit=5).json()["answers"]:
        followed += page
        cursor = page[-1]["id"]
    assert len(followed) == 24
    assert all(one["labels"] == [label_of(one["text"])] for one in followed)
    assert shop.get("/answers", after=cursor).json()["cursor"] == cursor


def test_an_answer_that_comes_twice_is_recorded_once(shop: Served) -> None:
    asked = shop.get("/next", "answer").json()
    given = {"ticket": asked["ticket"], "lease": asked["lease"], "labels": ["praise"]}
    first, second = (shop.post("/answers", given, "answer") for _ in range(2))
    assert first.json() == second.json()
    other = shop.post("/answers", {**given, "labels": ["delivery"]}, "answer")
    assert other.status_code == 409
    assert len(txtal.open(shop.path)["shop"].answers()) == 13


def test_two_annotators_and_a_terminal_never_have_the_same_ticket(shop: Served) -> None:
    with txtal.open(shop.path)["shop"].session("terminal", model=False) as terminal:
        seen = []
        while mine := terminal.ask():
            seen.append(mine.ticket)
            for person in ("answer", "answer/bea"):
                reply = shop.get("/next", "answer", annotator=person)
                if reply.status_code == 200:
                    asked = reply.json()
                    seen.append(asked["ticket"])
                    given = {"ticket": asked["ticket"], "lease": asked["lease"]}
                    given |= {"labels": ["praise"], "annotator": person}
                    assert shop.post("/answers", given, "answer").status_code == 201
            terminal.answer("praise")
    assert len(seen) == len(set(seen)) == 12


def test_a_ticket_that_ran_out_and_was_answered_by_another_is_refused(shop: Served) -> None:
    asked = shop.get("/next", "answer").json()
    with closing(schema.open_database(shop.path)) as conn:
        conn.execute("UPDATE lease SET expires = 0")
    with txtal.open(shop.path)["shop"].session("bob", model=False) as bob:
        while mine := bob.ask():
            bob.answer(label_of(mine.text))
    given = {"ticket": asked["ticket"], "lease": asked["lease"], "labels": ["praise"]}
    assert shop.post("/answers", given, "answer").status_code == 409
    assert len(txtal.open(shop.path)["shop"].answers(every=True)) == 24


def test_a_lease_outlives_the_process_that_gave_it(trained: Path, tmp_path: Path) -> None:
    path = copied(trained, tmp_path)
    with serving(path) as before:
        asked = before.get("/next", "answer").json()
        with closing(schema.open_database(path)) as conn:
            conn.execute("DELETE FROM token")
            held = conn.execute("SELECT * FROM lease").fetchall()
        # The one that is killed gives nothing back: put its lease there again once it has ended.
    with closing(schema.open_database(path)) as conn:
        conn.executemany("INSERT INTO lease VALUES (?, ?, ?)", [tuple(row) for row in held])
    with serving(path) as after:
        given = {"ticket": asked["ticket"], "lease": asked["lease"], "labels": ["praise"]}
        assert after.post("/answers", given, "predict").status_code == 403
        assert (
            after.post("/answers", {**given, "annotator": "answer/x"}, "answer").status_code == 409
        )
        assert after.post("/answers", given, "answer").status_code == 201


@pytest.mark.parametrize("how", ["restored", "replaced"])
def test_a_database_that_is_exchanged_under_it_is_answered_like_any_other(
    trained: Path, tmp_path: Path, how: str
) -> None:
    """No ticket of the old one is given out or answered, and no restart is needed."""
    path = copied(trained, tmp_path)
    with serving(path) as shop:
        backup = path.with_name("b.db")
        back_up(path, backup)
        asked = shop.get("/next", "answer").json()
        given = {"ticket": asked["ticket"], "lease": asked["lease"]}
        first = {**given, "labels": [label_of(asked["text"])]}
        assert shop.post("/answers", first, "answer").status_code == 201
        shop.get("/next", "answer")
        if how == "restored":
            restore(backup, path)
        else:
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            backup.replace(path)
        again = shop.get("/next", "answer").json()
        assert again["lease"] != asked["lease"] or how == "replaced"
        given = {"ticket": again["ticket"], "lease": again["lease"]}
        second = {**given, "labels": [label_of(again["text"])]}
        answered = shop.post("/answers", second, "answer")
        assert answered.status_code == 201
        log = shop.get("/answers", after=0).json()["answers"]
        assert log[-1]["id"] == answered.json()["id"]
        assert asked["text"] not in [one["text"] for one in log] or again["text"] == asked["text"]
    with closing(schema.open_readonly(path)) as conn:
        assert verify(conn).faults == ()


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"labels": ["nope"]}, 422),
        ({"labels": []}, 422),
        ({"labels": ["praise", "delivery"]}, 422),
        ({"verdict": "ignore", "labels": ["praise"]}, 422),
        ({"verdict": "reject"}, 422),
        ({"verdict": "ignore"}, 201),
        ({"verdict": "reject", "labels": ["praise"]}, 201),
        ({"labels": ["praise"], "comment": "hm", "flagged": True}, 201),
    ],
    ids=str,
)
def test_only_what_the_task_allows_is_an_answer(
    shop: Served, given: dict[str, object], status: int
) -> None:
    asked = shop.get("/next", "answer").json()
    body = {"ticket": asked["ticket"], "lease": asked["lease"], **given}
    assert shop.post("/answers", body, "answer").status_code == status
    stands = {one["id"] for one in shop.get("/answers", limit=100).json()["answers"]}
    assert len(stands) == 12 + (status == 201)


def test_the_lease_of_a_database_before_its_restore_is_worth_nothing(shop: Served) -> None:
    backup = shop.path.with_name("b.db")
    back_up(shop.path, backup)
    asked = shop.get("/next", "answer").json()
    restore(backup, shop.path)  # in which the ticket of this number may be another
    given = {"ticket": asked["ticket"], "lease": asked["lease"], "labels": ["praise"]}
    assert shop.post("/answers", given, "answer").status_code == 409
    assert len(txtal.open(shop.path)["shop"].answers()) == 12


def test_a_ticket_that_was_answered_through_another_process_is_passed_over(shop: Served) -> None:
    asked = shop.get("/next", "answer").json()
    given = {"ticket": asked["ticket"], "lease": asked["lease"], "labels": ["praise"]}
    other = AnswerDesk(shop.path, "shop", model=False)
    other.next("answer")
    recorded = other.answer("answer", given)
    assert recorded["ticket"] == asked["ticket"]
    other.close()
    assert shop.post("/answers", given, "answer").json() == recorded  # it is repeated here
    again = shop.get("/next", "answer")
    assert again.status_code == 200
    assert again.json()["ticket"] != asked["ticket"]


def test_a_database_that_is_gone_or_damaged_is_said_and_comes_back(
    shop: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "FRESH_SECONDS", -1.0)
    away = shop.path.with_name("away.db")
    shop.path.rename(away)
    assert shop.get("/stats").status_code == 404
    for damage in (None, b"no database at all" * 1000):
        if damage is not None:
            shop.path.write_bytes(damage)
        assert shop.get("/models").status_code == 503
        assert shop.get("/next", "answer").status_code == 503
        health = shop.client.get("/healthz")
        assert health.status_code == 503
        assert "the database can't be used" in health.json()["error"]
        assert shop.client.get("/openapi.json").status_code == 200
    away.replace(shop.path)
    assert shop.get("/next", "answer").status_code == 200
    assert shop.client.get("/healthz").json() == {"status": "ok", "datasets": 1}


def test_a_dataset_that_is_dropped_under_it_is_said(shop: Served) -> None:
    with closing(schema.open_database(shop.path)) as conn:
        conn.execute("UPDATE dataset SET name = 'moved'")
    health = shop.client.get("/healthz")
    assert health.status_code == 503
    assert "no longer in the database" in health.json()["error"]


# --- tokens ---------------------------------------------------------------------------------------

_PATHS = [
    (one.method, one.path.replace("{name}", "shop"), one.scope, one.body is not None)
    for one in ENDPOINTS
    if one.scope
]


@pytest.mark.parametrize(("method", "path", "scope", "has_body"), _PATHS, ids=str)
def test_every_route_wants_a_token_for_its_scope(
    shop: Served, method: str, path: str, scope: str, has_body: bool
) -> None:
    body = {"json": {}} if has_body else {}

    def status(token: str | None) -> int:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return shop.client.request(method, path, headers=headers, **body).status_code

    assert status(None) == status("") == status("txtal_wrong") == 401
    for other in {"read", "predict", "answer"} - {scope}:
        assert status(shop.tokens[other]) == 403
    if path not in ("/train", "/drift"):  # these begin to work
        assert status(shop.tokens["admin"]) in (200, 204, 422)


def test_expired_and_revoked_tokens_are_worth_nothing(
    shop: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "FRESH_SECONDS", -1.0)
    with closing(schema.open_database(shop.path)) as conn:
        shop.tokens["old"] = tokens.add(conn, "old", ["admin"], time.time() - 1)
        shop.tokens["gone"] = tokens.add(conn, "gone", ["admin"], time.time() + 60)
        assert shop.get("/models", "gone").status_code == 200
        tokens.revoke(conn, "gone")
    assert shop.get("/models", "gone").status_code == 401
    assert shop.get("/models", "old").status_code == 401
    assert shop.get("/models", "gone").text == shop.get("/models", "old").text


def test_no_token_is_in_the_database_or_the_log(shop: Served) -> None:
    for scope in tokens.SCOPES:
        shop.get("/models", scope)
    shop.client.get("/models", params={"token": shop.tokens["admin"]})
    stored = b"".join(one.read_bytes() for one in shop.path.parent.glob("t.db*") if one.is_file())
    for token in shop.tokens.values():
        assert token.encode() not in stored
        assert token not in shop.log.getvalue()


def test_every_known_token_is_compared_with_what_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [
        tokens.Token(f"{n}", tokens.digest_of(f"t{n}"), frozenset({"read"}), 0.0) for n in range(5)
    ]
    compared: list[str] = []
    real = tokens.hmac.compare_digest
    monkeypatch.setattr(
        tokens.hmac, "compare_digest", lambda a, b: compared.append(a) or real(a, b)
    )
    assert tokens.matching(known, "t0") == known[0]
    assert tokens.matching(known, "none") is None
    assert len(compared) == 10


def test_a_browser_gives_the_token_as_a_password_and_only_to_read(shop: Served) -> None:
    def basic(scope: str) -> dict[str, str]:
        packed = base64.b64encode(f"me:{shop.tokens[scope]}".encode()).decode()
        return {"Authorization": f"Basic {packed}"}

    page = shop.client.get("/", headers=basic("read"))
    assert page.status_code == 200
    assert "<h1>shop</h1>" in page.text
    assert page.headers["refresh"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.text
    assert shop.client.get("/").headers["www-authenticate"].startswith("Basic")
    assert shop.client.get("/next", headers=basic("admin")).status_code == 401
    assert shop.client.post("/train", headers=basic("admin"), json={}).status_code == 401


def test_a_token_answers_in_its_own_name_alone(shop: Served) -> None:
    for name in ("bob", "answerbob", "answer/", "answer/a/b", "answer/\n", "ann"):
        assert shop.get("/next", "answer", annotator=name).status_code == 403, name
    assert shop.get("/next", "answer", annotator="answer/bob").status_code == 200


# --- figures --------------------------------------------------------------------------------------


def test_figures_are_those_of_the_command_line(shop: Served) -> None:
    stats = shop.get("/datasets/shop/stats").json()
    assert stats == txtal.open(shop.path)["shop"].stats()
    assert [one["number"] for one in shop.get("/datasets/shop/models").json()["versions"]] == [1]
    assert shop.get("/datasets").json() == {"datasets": ["shop"]}
    assert shop.client.get("/healthz").json() == {"status": "ok", "datasets": 1}


def test_metrics_are_what_prometheus_reads(shop: Served) -> None:
    shop.post("/predict", {"text": "a parcel"}, "predict")
    shop.get("/next", "answer")
    lines = shop.get("/metrics").text.splitlines()
    line = re.compile(r'[a-z_]+({[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*})? [0-9.eE+-]+')
    assert all(one.startswith("# ") or line.fullmatch(one) for one in lines)
    for said in (
        'txtal_queue_open{dataset="shop"} 12',
        'txtal_answers{dataset="shop",verdict="accept"} 12',
        'txtal_model_version{dataset="shop"} 1',
        'txtal_sessions{dataset="shop"} 1',
        'txtal_training{dataset="shop"} 0',
        'txtal_requests_total{route="POST /predict",status="200"} 1',
        'txtal_request_seconds_bucket{route="POST /predict",le="+Inf"} 1',
    ):
        assert said in lines


def test_training_runs_behind_and_its_version_is_used(
    shop: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "LOOK_SECONDS", 0.0)
    with closing(schema.open_database(shop.path)) as conn:
        conn.execute("INSERT OR REPLACE INTO setting VALUES (1, 'vectors', '\"lexical\"')")
    assert shop.post("/train", {}).status_code == 202
    assert shop.post("/train", {}).status_code == 409
    _until(lambda: shop.get("/train").json()["state"] != "running", 60.0)
    job = shop.get("/train").json()
    assert (job["state"], job["result"]["version"]) == ("done", 2)
    _until(lambda: shop.post("/predict", {"text": "a"}, "predict").json()["version"] == 2)


def test_drift_is_looked_for_by_itself_and_stays_in_the_metrics(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied(trained, tmp_path)
    monkeypatch.setattr(app, "TEND_SECONDS", 0.05)
    monkeypatch.setattr(looks, "FEWEST", 5)
    asked: list[str] = []

    def look(self: Jobs, command: str, options: object = ()) -> None:
        asked.append(command)
        self._done[command] = Job(command, "done", 7.0, 8.0, {"noticed": True, "share_far": 0.25})

    monkeypatch.setattr(Jobs, "start", look)
    with serving(path, drift_seconds=0.01) as served:
        shop = txtal.open(path)["shop"]
        shop.add(f"quite another matter {n}" for n in range(4))
        served.get("/metrics")
        assert asked == []
        shop.add(["and one more"])
        _until(lambda: bool(asked))
        lines = served.get("/metrics").text.splitlines()
        for one in ("", "_far", "_looked"):
            values = {"": "1", "_far": "0.25", "_looked": "7"}
            assert f'txtal_drift{one}{{dataset="shop"}} {values[one]}' in lines


@pytest.mark.parametrize("every", [0.0, 100.0])
def test_drift_is_looked_for_when_tickets_came_and_not_too_often(every: float) -> None:
    now, found = [0.0], looks.NewTickets(40, 30, 70)
    clock = looks.DriftClock(every, lambda: now[0])
    assert clock.is_due(lambda: found) == bool(every)
    now[0] = 99.0
    found = looks.NewTickets(40, 31, 71)
    assert not clock.is_due(lambda: found)
    now[0] = 101.0
    assert clock.is_due(lambda: found) == bool(every)
    now[0] = 202.0
    assert not clock.is_due(lambda: found)  # none came since
    found = looks.NewTickets(71, 2, 73)
    now[0] = 302.0
    assert not clock.is_due(lambda: found)  # too few
    now[0] = 365.0
    found = looks.NewTickets(71, 30, 101)
    assert clock.is_due(lambda: found) == bool(every)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe{}", 400),
        (b'{"text": "\\ud800"}', 400),
        (b"[" * 100_000, 400),
        (b'{"text": NaN}', 400),
        (b"[]", 422),
        (b"null", 422),
        (b'{"text": 1}', 422),
        (b'{"text": ""}', 422),
        (b'{"text": " \\n "}', 422),
        (b'{"text": "a", "texts": ["a"]}', 422),
        (b'{"texts": []}', 422),
        (b'{"text": "a", "more": 1}', 422),
        (b'{"text": "a", "dataset": "../../etc/passwd"}', 404),
        (b'{"text": "a", "dataset": "shop\\u0000"}', 404),
        ('{"text": "\\u0000 \\u202e \\ud83d\\ude00 �"}'.encode(), 200),
    ],
    ids=lambda one: str(one)[:40],
)
def test_no_body_is_a_fault_of_the_service(shop: Served, content: bytes, status: int) -> None:
    headers = {**shop.headers("predict"), "Content-Type": "application/json"}
    reply = shop.client.post("/predict", content=content, headers=headers)
    assert reply.status_code == status
    if status != 200:
        assert set(reply.json()) == {"error"}


@pytest.mark.parametrize(
    "path",
    [
        "/datasets/../stats",
        "/datasets/..%2f..%2fetc/stats",
        "/datasets/%00/stats",
        "/datasets/%ff%fe/stats",
        "/datasets/a%0d%0aX-Evil:%201/models",
        "/models?dataset=%0d%0aX-Evil:1",
        "/answers?after=-1",
        "/answers?after=99999999999999999999",
        "/answers?after=%D9%A1",
        "/answers?after=1&after=2",
        "/answers?unknown=1",
        "/nothing",
    ],
)
def test_no_path_is_a_fault_of_the_service(shop: Served, path: str) -> None:
    reply = shop.client.get(path, headers=shop.headers("read"))
    assert reply.status_code in (404, 422)
    assert "x-evil" not in reply.headers


def test_bodies_have_a_size_and_a_type(trained: Path, tmp_path: Path) -> None:
    with serving(copied(trained, tmp_path), limits=Limits(body=1000)) as served:
        headers = {**served.headers("predict"), "Content-Type": "application/json"}
        big = b'{"text": "' + b"a" * 2000 + b'"}'
        assert served.client.post("/predict", content=big, headers=headers).status_code == 413
        streamed = served.client.post("/predict", content=iter([big[:900], big]), headers=headers)
        assert streamed.status_code == 413
        headers["Content-Type"] = "text/plain"
        assert served.client.post("/predict", content=b"{}", headers=headers).status_code == 415
        headers |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        assert served.client.post("/predict", content=b"{}", headers=headers).status_code == 415


def test_the_log_has_requests_and_nothing_of_their_words(shop: Served) -> None:
    shop.post("/predict", {"text": "my secret words"}, "predict")
    shop.client.get("/models?dataset=secret%0d%0awords", headers=shop.headers("read"))
    shop.post("/tickets", {"tickets": [{"text": "secret words", "meta": {"secret": 1}}]}, "answer")
    assert "secret" not in shop.log.getvalue()
    assert [(one["request"], one["status"], one["token"]) for one in shop.logged] == [
        ("POST /predict", 200, "predict"),
        ("GET /models", 404, "read"),
        ("POST /tickets", 201, "answer"),
    ]


def test_the_document_describes_every_route(shop: Served) -> None:
    said = shop.client.get("/openapi.json").json()
    there = {(method.upper(), path) for path, one in said["paths"].items() for method in one}
    assert there == {(one.method, one.path) for one in ENDPOINTS}
    predict = said["paths"]["/predict"]["post"]
    body = predict["requestBody"]["content"]["application/json"]["schema"]
    assert body == dict(schemas.PREDICT)
    assert {"200", "401", "403", "413", "422"} <= predict["responses"].keys()
    assert "503" in said["paths"]["/healthz"]["get"]["responses"]


def test_the_document_names_the_datasets_to_those_who_may_read(shop: Served) -> None:
    for scope, names in (("answer", None), ("read", ["shop"])):
        paths = shop.get("/openapi.json", scope).json()["paths"]
        (name,) = paths["/datasets/{name}/stats"]["get"]["parameters"]
        body = paths["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert name["schema"].get("enum") == names
        assert body["properties"]["dataset"].get("enum") == names


def test_the_links_of_the_document_lead_somewhere(shop: Served) -> None:
    paths = shop.client.get("/openapi.json").json()["paths"]
    there = {one["operationId"] for several in paths.values() for one in several.values()}
    answers = [
        answer
        for several in paths.values()
        for one in several.values()
        for answer in one["responses"].values()
    ]
    links = [link for answer in answers for link in answer.get("links", {}).values()]
    assert len(links) == 4
    assert {link["operationId"] for link in links} <= there


def test_several_datasets_are_named_in_requests(trained: Path, tmp_path: Path) -> None:
    path = copied(trained, tmp_path)
    make(path, "other")
    with serving(path) as served:
        assert served.get("/models").status_code == 422
        assert served.get("/models", dataset="other").json()["versions"] == []
        assert served.get("/models", dataset="shop").json()["current"] == 1
        assert 'href="/?dataset=other"' in served.get("/").text
        assert "<h1>other</h1>" in served.get("/", dataset="other").text


def _until(done: object, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)
