"""Two logins on one machine, one database: what works for both, and what nobody else may."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.cli.driving import PATIENCE, REPOSITORY, Program, Ran

PYTHONS = (sys.executable, "/usr/bin/python{}.{}".format(*sys.version_info[:2]))
"""This one, or the system's of the same version: root's own may be where nobody else can enter."""

PACKAGES = [path for path in sys.path if path.endswith("site-packages")]

ANN, BEA, EVE = 64101, 64102, 64103
GROUP = 64200

as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can be two people"
)


@dataclass
class Login:
    """txtal as another user of the machine."""

    uid: int
    database: Path
    home: Path
    groups: tuple[int, ...] = (GROUP,)
    python: str = sys.executable

    def __call__(self, *words: str | Path, stdin: str = "") -> Ran:
        """Run a command to its end."""
        return self.run("-m", "txtal", *words, stdin=stdin)

    def run(self, *words: str | Path, stdin: str = "") -> Ran:
        one = self.started(*words)
        try:
            out, err = one.communicate(stdin, PATIENCE)
        finally:
            one.kill()
        return Ran(one.returncode, out, err)

    def started(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start Python as this user, and return at once."""
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "USER": f"user{self.uid}",
            "LOGNAME": f"user{self.uid}",
            "TXTAL_DB": str(self.database),
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *PACKAGES]),
        }
        return subprocess.Popen(
            [self.python, *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=self.home,
            env=env,
            user=self.uid,
            group=self.uid,
            extra_groups=self.groups,
            umask=0o077,
        )

    def ok(self, *words: str | Path, stdin: str = "") -> Ran:
        ran = self(*words, stdin=stdin)
        assert ran.code == 0, ran.err
        return ran


def _runs(login: Login, python: str) -> bool:
    """Whether a user can run txtal with this Python."""
    try:
        return replace(login, python=python).run("-c", "import spacy, txtal").code == 0
    except OSError:
        return False


@pytest.fixture
def logins() -> Iterator[tuple[Login, Login, Login]]:
    """Ann, who owns the database; Bea, who is in her group; and Eve, who isn't."""
    place = Path(tempfile.mkdtemp(prefix="txtal-share-"))
    place.chmod(0o711)
    people = []
    for uid, groups in ((ANN, (GROUP,)), (BEA, (GROUP,)), (EVE, ())):
        home = place / str(uid)
        home.mkdir(mode=0o700)
        os.chown(home, uid, uid)
        people.append(Login(uid, place / "labels" / "txtal.db", home, groups))
    labels = place / "labels"
    labels.mkdir(mode=0o700)
    os.chown(labels, ANN, ANN)
    tickets = place / "t.jsonl"
    tickets.write_text("".join(f'{{"text": "refund order {n} please"}}\n' for n in range(30)))
    tickets.chmod(0o644)
    try:
        python = next((python for python in PYTHONS if _runs(people[0], python)), None)
        if python is None:
            pytest.skip("other users can't run this Python: it is in a folder they can't enter")
        for login in people:
            login.python = python
        people[0].ok("load", "shop", tickets)
        yield people[0], people[1], people[2]
    finally:
        shutil.rmtree(place)


def teach(login: Login, typed: str = "1\n2\nq\n") -> Ran:
    words = ["teach", "shop", "-l", "refund,praise", "--vectors", "lexical", "--plain"]
    return login.ok(*words, stdin=typed)


def rights(folder: Path) -> set[str]:
    """Modes there are, of files and folders, without links."""
    return {stat.filemode(path.lstat().st_mode) for path in folder.rglob("*")}


@as_root
def test_both_label_and_nobody_else(logins: tuple[Login, Login, Login]) -> None:
    ann, bea, eve = logins
    assert bea("stats", "shop").code != 0  # it is private to begin with
    teach(ann)
    shared = ann.ok("share", "--group", str(GROUP))
    assert "shared with the group" in shared.err
    teach(bea)
    teach(ann)
    found = ann.ok("stats", "shop").out
    assert f"user{ANN}" in found
    assert f"user{BEA}" in found
    folder = ann.database.parent
    assert stat.filemode(folder.stat().st_mode) == "drwxrws---"
    assert rights(folder) <= {"-rw-rw----", "drwxrws---"}
    assert {path.stat().st_gid for path in folder.rglob("*")} == {GROUP}
    assert eve("stats", "shop").code != 0


@pytest.mark.slow
@as_root
def test_both_label_side_by_side(logins: tuple[Login, Login, Login]) -> None:
    """Each answer of the one is given while the other has a ticket on the screen."""
    ann, bea, _ = logins
    ann.ok("share", "--group", str(GROUP))
    words = ["-m", "txtal", "teach", "shop", "-l", "refund,praise", "--vectors", "lexical"]
    sessions = [login.started(*words, "--plain") for login in (ann, bea)]
    try:
        for one in sessions:
            read_until(one, "refund order")
        for _ in range(4):
            for one in sessions:
                assert one.stdin
                one.stdin.write("refund\n")
                read_until(one, "saved ")
        for one in sessions:
            out, err = one.communicate("q\n", PATIENCE)
            assert one.returncode == 0, out + err
    finally:
        for one in sessions:
            one.kill()
    lines = [json.loads(line) for line in bea.ok("export", "shop").out.splitlines()]
    assert Counter(line["annotator"] for line in lines) == {f"user{ANN}": 4, f"user{BEA}": 4}
    assert len({line["text"] for line in lines}) == 8  # none was shown to both


def read_until(one: subprocess.Popen[str], text: str) -> None:
    """Read what a session writes, as far as a line with this text."""
    assert one.stdout
    for line in one.stdout:
        if text in line:
            return
    raise AssertionError(f"it ended before {text!r}")


@as_root
@pytest.mark.slow
def test_caches_and_search_are_made_and_used_by_either(logins: tuple[Login, Login, Login]) -> None:
    ann, bea, _ = logins
    ann.ok("share", "--group", str(GROUP))
    bea.ok("load", "shop", "--prepare", "--vectors", "lexical")  # Bea makes the features
    teach(bea)
    teach(ann)
    ann.ok("load", "shop", "--prepare", "--vectors", "lexical")
    ann.ok("train", "shop", "-o", ann.home / "model", "--vectors", "lexical")
    bea.ok("backup", bea.home / "b.db")
    assert (bea.home / "b.db").stat().st_mode & 0o077 == 0  # a copy is who made it alone
    assert ann.ok("verify")


@pytest.mark.slow
@as_root
def test_a_cache_that_cant_be_written_is_said_in_words(
    logins: tuple[Login, Login, Login],
) -> None:
    ann, bea, _ = logins
    ann.ok("share", "--group", str(GROUP))
    cache = ann.database.with_name("txtal.db.cache")
    cache.chmod(0o700)
    failed = bea("load", "shop", "--prepare", "--vectors", "lexical")
    assert failed.code != 0
    assert "let this user write to it" in failed.complaint


@pytest.mark.slow
@as_root
def test_it_is_taken_back(logins: tuple[Login, Login, Login]) -> None:
    ann, bea, _ = logins
    ann.ok("share", "--group", str(GROUP))
    assert "only its owner" in bea("share", "--group", str(GROUP)).complaint
    bea.ok("stats", "shop")
    ann.ok("share", "--private")
    assert bea("stats", "shop").code != 0
    teach(ann)


@as_root
def test_a_folder_with_other_files_is_given_to_nobody(
    logins: tuple[Login, Login, Login],
) -> None:
    ann, *_ = logins
    (ann.database.parent / "diary.txt").write_text("mine")
    refused = ann("share", "--group", str(GROUP))
    assert "diary.txt" in refused.complaint
    assert stat.filemode(ann.database.parent.stat().st_mode) == "drwx------"


def test_what_share_refuses(answered: Program) -> None:
    assert "--group annotators, or --private" in answered.quick("share").complaint
    assert "no group 'nosuchgroup'" in answered.quick("share", "--group", "nosuchgroup").complaint
    elsewhere = Program(answered.folder, db="none.db").quick
    assert "no such database" in elsewhere("share", "--group", "0").complaint
