"""The one place where failures become text on standard error and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader, StringIO, TextIOWrapper

import click

from txtal import logs
from txtal.errors import TxtalError
from txtal.formats.growing import Heedful
from txtal.ui import charset


def guarded(command: Callable[[], int | None]) -> int:
    """Run the command and return the program's exit code, having told what went wrong.

    ``TXTAL_DEBUG=1`` lets unforeseen errors through with their traceback.
    """
    _open_closed_streams()
    _heed_signals()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a locale that can't say it all
    charset.heed_terminal(os.environ)
    try:
        code = command() or 0
        sys.stdout.flush()
        return code
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _tell("interrupted")
        return 130
    except TxtalError as error:
        _tell(str(error))
        return error.exit_code
    except BrokenPipeError:
        # The reader went away (`| head`).
        _give_up_stdout()
        return 1
    except UnicodeEncodeError as error:
        # Most likely a word in another encoding than the terminal's, which Python hands over as
        # half characters: fine in the name of a file, but neither to be stored nor looked up.
        word = next((word for word in sys.argv if not _is_text(word)), None)
        if word is None:
            return _unforeseen(error)
        _tell(f"{word}: not text in this terminal's encoding; see what `locale` says")
        return 2
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            _tell(f"{error.filename}: {error.strerror}; name another file")
            return 2
        if error.errno != errno.EBADF or error.filename is not None:
            return _unforeseen(error)
        _give_up_stdout()
        _tell("standard input or output is closed, and this command needs it")
        return 1
    except Exception as error:  # noqa: BLE001 - told in one line, and logged
        return _unforeseen(error)


def _open_closed_streams() -> None:
    """Put something in the place of each standard stream that was closed before the start.

    Else the next file that is opened, a database perhaps, would have its number, and be written to
    by whatever complains. What has to be read from them or written to them fails, as it must;
    complaints alone may be lost.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            flags = os.O_RDONLY if name == "stdout" else os.O_WRONLY
            with suppress(OSError):
                os.fstat(number)
                continue  # Python alone has none, as without a console on Windows
            opened = os.open(os.devnull, flags)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _heed_signals() -> None:
    """Have whatever waits for standard input hear of a signal, whenever it comes.

    Windows has it so anyway.
    """
    stdin = sys.stdin
    if sys.platform != "win32" and isinstance(stdin, TextIOWrapper):
        with suppress(OSError):  # not the real one, but a test's
            raw = Heedful(stdin.fileno())
            sys.stdin = TextIOWrapper(BufferedReader(raw), stdin.encoding, stdin.errors)


def _give_up_stdout() -> None:
    """Keep Python from complaining again while it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_text(word: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in word)


def _unforeseen(error: Exception) -> int:
    if os.environ.get("TXTAL_DEBUG"):
        raise error
    logs.record(error)
    _tell(f"{_kind(error)}; see {logs.path()}")
    return 1


def _kind(error: Exception) -> str:
    """What may be said of an unforeseen error: never its message, which may quote a ticket."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'reading or writing failed'}: {error.strerror}"
    return f"internal error ({type(error).__name__})"


def _show(error: click.ClickException) -> None:
    """As click shows it, but for what in the words of the command would act on a terminal."""
    from txtal.cli.origins import bad_parameter
    from txtal.text import clean

    if elsewhere := bad_parameter(error):
        _tell(elsewhere)
        return
    said = StringIO()
    error.show(said)
    click.echo(clean(said.getvalue(), newlines=True), err=True, nl=False)
    hint = _where_it_goes(error)
    if hint:
        click.echo(clean(hint), err=True)


def _where_it_goes(error: click.ClickException) -> str:
    """Say where an option goes that a command lacks and the program has."""
    if not isinstance(error, click.NoSuchOption) or error.ctx is None:
        return ""
    root, option = error.ctx.find_root(), error.option_name
    known = {name: one for one in root.command.params for name in one.opts}
    if option not in known or error.ctx is root:
        return ""
    value = (
        ""
        if getattr(known[option], "is_flag", False)
        else f" {known[option].human_readable_name.upper()}"
    )
    path = error.ctx.command_path.removeprefix(root.command_path)
    return f"{option} goes before the command: {root.command_path} {option}{value}{path} …"


def _tell(message: str) -> None:
    from txtal.text import clean

    click.echo(f"txtal: {clean(message)}", err=True)
