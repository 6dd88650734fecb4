"""Runs txtal as forks of a process that has imported it already.

Starting it anew takes a second or two where it learns, and tests are about what it does afterwards.
Each command still is a process of its own, with streams, a folder and an environment of its own,
and can be traced, failed and killed like any other. So is the learner, the loader or the annotator
that it starts: that is forked from the same process. What comes before ``main()`` is tried by those
tests that start the program as it is installed.
"""

from __future__ import annotations

import atexit
import builtins
import fcntl
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cache
from importlib import import_module
from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import IO, Any, NoReturn

import txtal
from txtal import processes

FORKS = sys.platform == "linux"
"""Elsewhere a process that has imported so much can't be forked, or its end not be waited for."""

HEAVY = (
    "joblib.externals.loky", "multiprocessing.spawn", "openpyxl", "plotext", "py3langid.langid",
    "scipy.optimize", "scipy.sparse", "scipy.stats", "sklearn.cluster", "sklearn.dummy",
    "sklearn.feature_extraction.text", "sklearn.linear_model", "spacy.lang.en", "uuid",
)  # fmt: skip
"""What forks shouldn't import again, beside all of txtal."""

_MESSAGE = 1 << 17
"""Bytes of a request at most; most of it is the environment."""

_PIPE = 1 << 16
"""Bytes that a pipe takes without anybody who reads them."""


class Fork:
    """A process that was forked, with as much of ``subprocess.Popen`` as txtal uses."""

    def __init__(self, place: str, asked: Mapping[str, Any], streams: Sequence[int]) -> None:
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._server.connect(place)
        socket.send_fds(self._server, [json.dumps(asked).encode()], streams)
        self.pid = int(self._server.recv(64))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit code; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code, negative for a signal."""
        if self.returncode is None:
            self._server.settimeout(timeout)
            try:
                self.returncode = int(self._server.recv(64) or -signal.SIGKILL)
            except (TimeoutError, BlockingIOError) as error:
                raise subprocess.TimeoutExpired("fork", timeout or 0) from error
            self._server.close()
        return self.returncode

    def kill(self) -> None:
        """Stop it at once."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class Forks:
    """The process that forks."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="forks-")
        self.place = str(Path(self._folder.name) / "socket")
        self._python = _of_python(os.environ)
        self._server = subprocess.Popen(
            [sys.executable, "-m", __name__, self.place],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == b"ready\n"

    @property
    def pid(self) -> int:
        """Its id."""
        return self._server.pid

    def close(self) -> None:
        """End the process."""
        self._server.communicate()
        self._folder.cleanup()

    def fits(self, environ: Mapping[str, str]) -> bool:
        """Return whether the environment asks nothing of Python itself, which runs already."""
        return _of_python(environ) == self._python

    def run(
        self,
        words: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        typed: bytes = b"",
        patience: float | None = None,
        around: Callable[[int], AbstractContextManager[object]] | None = None,
        closed: Sequence[int] = (),
    ) -> tuple[int, bytes, bytes]:
        """Run a command to its end: its exit code, and what it wrote.

        It begins within ``around``, which is given its process's id, and without the standard
        streams that are ``closed``, by number.
        """
        asked = {"words": words, "folder": str(folder), "env": dict(environ), "closed": closed}
        read, write = os.pipe()
        if len(typed) <= _PIPE:
            _feed(write, typed)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            streams = (read, out.fileno(), err.fileno())
            fork = Fork(self.place, {**asked, "halted": around is not None}, streams)
            os.close(read)
            if len(typed) > _PIPE:
                threading.Thread(target=_feed, args=(write, typed), daemon=True).start()
            try:
                if around is None:
                    fork.wait(patience)
                else:
                    with around(fork.pid):
                        os.kill(fork.pid, signal.SIGCONT)
                        fork.wait(patience)
            finally:
                fork.kill()
            out.seek(0)
            err.seek(0)
            return fork.wait(), out.read(), err.read()


@cache
def forks() -> Forks:
    """Return the process of this test run, or of its worker."""
    made = Forks()
    atexit.register(made.close)
    return made


def _of_python(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what Python reads of an environment before anything else runs."""
    known = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "OPENBLAS_", "OMP_")
    return {name: value for name, value in environ.items() if name.startswith(known)}


def _feed(pipe: int, typed: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(pipe, "wb") as standard_input:
        standard_input.write(typed)


# --- the process itself ---------------------------------------------------------------------------


def _serve(place: str) -> None:
    """Fork for whoever asks; tell them the process's id, and in the end its exit code."""
    for module in (*(found.name for found in walk_packages(txtal.__path__, "txtal.")), *HEAVY):
        with suppress(ImportError):
            if not module.endswith("__main__"):
                import_module(module)
    gc.collect()
    gc.freeze()
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener,
        selectors.DefaultSelector() as selector,
    ):
        listener.bind(place)
        listener.listen(64)
        selector.register(listener, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:  # closed: the tests are over
                    return
                if key.fileobj is listener:
                    asker, _ = listener.accept()
                    pid = _forked(asker, place)
                    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (asker, pid))
                else:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    asker, pid = key.data
                    _, status = os.waitpid(pid, 0)
                    with asker, suppress(OSError):  # who asked may be gone
                        asker.send(str(os.waitstatus_to_exitcode(status)).encode())


def _forked(asker: socket.socket, place: str) -> int:
    said, streams, _, _ = socket.recv_fds(asker, _MESSAGE, 3)
    asked = json.loads(said)
    pid = os.fork()
    if not pid:
        _become(place, streams, **asked)
    if asked.get("halted"):
        os.waitpid(pid, os.WUNTRACED)
    for stream in streams:
        os.close(stream)
    with suppress(OSError):
        asker.send(str(pid).encode())
    return pid


def _become(
    place: str,
    streams: Sequence[int],
    words: Sequence[str],
    folder: str,
    env: Mapping[str, str],
    module: str = "",
    halted: bool = False,
    closed: Sequence[int] = (),
    terminal: bool = False,
    name: str = "",
) -> NoReturn:
    """Be the program, or one of its modules that is a process behind it."""
    if name:
        Path("/proc/self/comm").write_text(name)
    if terminal:
        os.setsid()
        fcntl.ioctl(streams[0], termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _take(streams, closed)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.argv = ["txtal", *words]
    sys.path[0] = str(Path(sys.executable).parent)
    sys.modules["__main__"] = ModuleType("__main__")
    processes.start = _start_in(place)  # type: ignore[assignment]
    if halted:
        os.kill(os.getpid(), signal.SIGSTOP)
    code: Any = 0
    try:
        if module:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        else:
            import_module("txtal.cli").main()
    except SystemExit as left:
        code = left.code or 0
    except BaseException:  # noqa: BLE001 - as Python ends
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()  # and none of the rest, which touches every page that is shared
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # none, gone, or closed
            stream.flush()
    os._exit(code)


def _take(streams: Sequence[int], closed: Sequence[int]) -> None:
    """Make these the standard streams, but for those closed, and close whatever else is open."""
    before = (sys.stdin, sys.stdout, sys.stderr)
    for number, (name, stream) in enumerate(zip(("in", "out", "err"), streams, strict=True)):
        os.dup2(stream, number)
        raw = FileIO(number, "w" if number else "r", closefd=False)
        buffer = BufferedWriter(raw) if number else BufferedReader(raw)
        kind = before[number].errors
        by_line = name == "err" or raw.isatty()
        text = TextIOWrapper(buffer, "utf-8", kind, line_buffering=by_line)
        setattr(sys, f"std{name}", text)
        setattr(sys, f"__std{name}__", text)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    _KEPT.extend(before)
    for number in closed:
        os.close(number)
        name = ("stdin", "stdout", "stderr")[number]
        _KEPT.append(getattr(sys, name))
        setattr(sys, name, None)
        setattr(sys, f"__{name}__", None)


_KEPT: list[object] = []
"""Streams that no one uses any more: what collects them would close their numbers."""


def _start_in(place: str) -> Callable[[Sequence[str], Path], processes.Child]:
    """Return what :func:`txtal.processes.start` is in a fork."""
    start = processes.start

    def forked(command: Sequence[str], log: Path) -> processes.Child:
        if [*command[:3]] != [sys.executable, "-P", "-m"]:
            return start(command, log)
        module, *words = command[3:]
        asked = {"words": words, "folder": str(Path.cwd()), "env": dict(os.environ)}
        read, its_out = os.pipe()
        its_in, write = os.pipe()
        with log.open("a", encoding="utf-8") as complaints:
            streams = (its_in, its_out, complaints.fileno())
            name = f"{module.removeprefix('txtal.')}{os.getpid()}"
            fork: Any = Fork(place, {**asked, "module": module, "name": name}, streams)
        os.close(its_in)
        os.close(its_out)
        return processes.Child(fork, _text(write, "w"), _text(read, "r"))

    return forked


def _text(pipe: int, mode: str) -> IO[str]:
    return builtins.open(pipe, mode, encoding="utf-8", buffering=1)


if __name__ == "__main__":
    _serve(sys.argv[1])
