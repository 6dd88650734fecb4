"""Runs txtal as forks of a process that has imported it already.

Starting it anew takes a second or two where it learns, and what is tried thousands of times is what
it does afterwards. Each command still is a process of its own, with streams, a folder and an
environment of its own, and can be traced, failed and killed like any other.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from io import BufferedReader, BufferedWriter, FileIO, RawIOBase, TextIOWrapper
from pathlib import Path
from pkgutil import walk_packages
from types import TracebackType
from typing import Any

import spacy

import txtal
from tests.cli.driving import PATIENCE, Program, Ran

HEAVY = ("sklearn.linear_model", "sklearn.feature_extraction.text", "openpyxl", "platformdirs.unix")
"""What the forks shouldn't import again, beside all of txtal."""


class Forks:
    """The process that forks; to be used in a ``with``."""

    def __enter__(self) -> Forks:
        self._files = tempfile.TemporaryDirectory(prefix="forks-")
        self._server = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.communicate()
        self._files.cleanup()

    def run(
        self,
        words: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        stdin: str = "",
        strace: Sequence[str] = (),
    ) -> Ran:
        """Run a command to its end, under strace with these options if there are any."""
        files = Path(self._files.name)
        said = {name: str(files / name) for name in ("in", "out", "err")}
        (files / "in").write_text(stdin, "utf-8")
        child = self._ask({"words": words, "folder": str(folder), "env": dict(environ), **said})
        tracer = None
        if strace:
            tracer = subprocess.Popen(
                ["strace", "-f", "-p", str(child), *strace], stderr=subprocess.PIPE, text=True
            )
            assert tracer.stderr is not None
            attached = tracer.stderr.readline()
            if "attached" not in attached:
                os.kill(child, signal.SIGKILL)
            assert "attached" in attached, attached
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGCONT)
        code = self._hear()
        if tracer is not None:
            tracer.communicate()
        out, err = ((files / name).read_text("utf-8", "replace") for name in ("out", "err"))
        return Ran(code, out, err)

    def _ask(self, asked: Mapping[str, Any]) -> int:
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        return self._hear()

    def _hear(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())


@dataclass
class Forked(Program):
    """txtal in a folder of its own, run by forks."""

    forks: Forks = field(kw_only=True)

    def __call__(
        self,
        *words: str | Path,
        stdin: str | bytes | RawIOBase = "",
        patience: float = PATIENCE,
        **env: str,
    ) -> Ran:
        """Run a command to its end."""
        assert isinstance(stdin, str)
        return self.forks.run([*map(str, words)], self.folder, {**self.environ, **env}, stdin)


def _serve() -> None:
    """Fork for each line that is read; in a fork, become the program."""
    for module in (*(found.name for found in walk_packages(txtal.__path__, "txtal.")), *HEAVY):
        with suppress(ImportError):
            if not module.endswith("__main__"):
                import_module(module)
    spacy.blank("en")  # half of what a training of a few texts takes is reading its first rules
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(**json.loads(line))
        os.waitpid(child, os.WUNTRACED)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(words: Sequence[str], folder: str, env: Mapping[str, str], **said: str) -> None:
    """Stop until somebody says to go on; then run a command as ``txtal`` would."""
    for number, name in enumerate(("in", "out", "err")):
        file = os.open(said[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY)
        os.dup2(file, number)
        os.close(file)
        raw = FileIO(number, "w" if number else "r", closefd=False)
        buffer = BufferedWriter(raw) if number else BufferedReader(raw)
        stream = TextIOWrapper(buffer, "utf-8", line_buffering=name == "err")
        setattr(sys, f"std{name}", stream)
        setattr(sys, f"__std{name}__", stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["txtal", *words]
    os.kill(os.getpid(), signal.SIGSTOP)
    code: Any = 0
    try:
        import_module("txtal.cli").main()
    except SystemExit as left:
        code = left.code or 0
    except BaseException:  # noqa: BLE001 - as Python ends
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    atexit._run_exitfuncs()  # and none of the rest, which touches every page that is shared
    os._exit(code)


if __name__ == "__main__":
    _serve()
