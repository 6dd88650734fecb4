"""The full-screen session: prompt_toolkit around :class:`txtal.ui.screen.Screen`, and no more."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from prompt_toolkit.application import Application, get_app_session
from prompt_toolkit.filters import Condition, FilterOrBool
from prompt_toolkit.key_binding import KeyBindings, KeyPress, KeyPressEvent
from prompt_toolkit.key_binding.bindings.mouse import load_mouse_bindings
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import Layout
from prompt_toolkit.mouse_events import MouseEvent, MouseEventType
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from txtal.session.session import Session
from txtal.ui import leaving, remembered
from txtal.ui.canvas import Canvas
from txtal.ui.display import Display
from txtal.ui.keys import Action
from txtal.ui.screen import OnError, Screen
from txtal.ui.themes import Theme, styles

if TYPE_CHECKING:
    from prompt_toolkit.input import Input
    from prompt_toolkit.key_binding.key_bindings import NotImplementedOrNone
    from prompt_toolkit.output import Output

Wake = Callable[[Callable[[], None]], object]

RETRY_SECONDS = 0.25
UPDATE_EVERY = 4
"""Retries between two looks at the learner: one look a second."""

SWITCH_SECONDS = 0.0005
"""How long a key may wait for the thread that indexes the tickets; five milliseconds by default."""

ESCAPE_SECONDS = 0.05
_NO_SCREEN = leaving.TERMINAL_GONE | {errno.EBADF, errno.EPIPE}


def run(
    session: Session,
    display: Display,
    *,
    wake: Wake | None = None,
    input: Any = None,  # noqa: A002 - prompt_toolkit's name
    output: Any = None,
    on_error: OnError | None = None,
) -> int:
    """Let the annotator answer until they quit. Returns the exit code.

    The session has begun. ``wake`` is given a function to call, from any thread, when the learner
    has news. ``on_error`` gets the exceptions nobody foresaw, and the session goes on. ``input``
    and ``output`` are prompt_toolkit's.
    """
    report = on_error or (lambda error: None)
    screen = Screen(session, display, report)
    screen.see(side=remembered.side())
    switching = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()  # to go through all that was imported takes the collector longer than a frame
    try:
        return asyncio.run(serve(build(screen, input, output, display.theme), screen, wake))
    except (EOFError, OSError):
        # The terminal is gone, so there is nothing to restore, and nobody to tell.
        if output is None:
            leaving.silence()
        return leaving.HUNG_UP
    finally:
        remembered.keep_side(screen.look.side)
        gc.unfreeze()
        sys.setswitchinterval(switching)


def build(
    screen: Screen,
    input: Input | None = None,  # noqa: A002
    output: Output | None = None,
    theme: Theme = "auto",
) -> Application[int]:
    """The application: one window that shows what the screen draws."""
    output = output or get_app_session().output
    depth = ColorDepth.DEPTH_1_BIT if _has_no_colours(os.environ) else None
    app: Application[int] = Application(
        layout=Layout(Canvas(screen.draw, partial(_mouse, screen))),
        key_bindings=_bindings(screen),
        style=Style.from_dict(dict(_styles(theme, depth or output.get_default_color_depth()))),
        color_depth=depth,
        include_default_pygments_style=False,
        full_screen=True,
        mouse_support=Condition(lambda: screen.look.mouse),
        erase_when_done=True,
        input=input,
        output=output,
    )
    app.ttimeoutlen = ESCAPE_SECONDS
    app.after_render += lambda _: screen.painted()
    app.key_processor.after_key_press += lambda _: _draw_before_the_next(app, screen)
    return app


def _has_no_colours(environ: Mapping[str, str]) -> bool:
    """Whether it is a terminal from before there were colours, which others pretend to be."""
    return environ.get("TERM", "").startswith(("vt1", "vt2", "vt3", "ansi-m")) and not environ.get(
        "COLORTERM"
    )


def _styles(theme: Theme, depth: ColorDepth) -> Mapping[str, str]:
    bits = {
        ColorDepth.DEPTH_1_BIT: 1,
        ColorDepth.DEPTH_4_BIT: 4,
        ColorDepth.DEPTH_8_BIT: 8,
        ColorDepth.DEPTH_24_BIT: 24,
    }[depth]
    return styles(theme, bits, os.environ.get("COLORFGBG", ""))


def _draw_before_the_next(app: Application[int], screen: Screen) -> None:
    """Draw what a key did before the next one is looked at, however fast they come.

    So no key can answer a ticket that wasn't on the screen. While a burst is refused, and while a
    line is typed, nothing is drawn between keys that have come already: a ctrl-C may be the last.
    """
    waiting = bool(app.key_processor.input_queue)
    if not app.is_done and not (waiting and screen.is_ahead_of_drawing):
        app._redraw()


async def serve(app: Application[int], screen: Screen, wake: Wake | None = None) -> int:
    """Run the application until it exits, whatever ends it, with the terminal as it was."""

    def started() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(partial(_unforeseen, app, screen))
        _leave_on_signals(loop, app)
        if wake:
            wake(partial(_from_thread, loop, partial(_news, app, screen)))
        screen.news()
        app.create_background_task(_beat(app, screen))

    return await app.run_async(pre_run=started, set_exception_handler=False)


# --- keys -------------------------------------------------------------------------------------


def _bindings(screen: Screen) -> KeyBindings:
    bindings = KeyBindings()
    for action in screen.keyboard.actions:
        active = Condition(partial(_is_active, screen, action))
        do = _OF_THE_TERMINAL.get(action.name, partial(_press, action.name))
        for key in action.keys:
            _bind(bindings, screen, key, do, active)
    _bind(bindings, screen, Keys.BracketedPaste, _paste)
    _bind(
        bindings,
        screen,
        Keys.Any,
        partial(_press, "unknown"),
        Condition(partial(_is_plain, screen)),
    )
    # The mouse is a key too, and "any other key" would take it from prompt_toolkit's own binding.
    for binding in load_mouse_bindings().get_bindings_for_keys((Keys.Vt100MouseEvent,)):
        bindings.add(Keys.Vt100MouseEvent, eager=True)(binding.handler)
    return bindings


def _is_active(screen: Screen, action: Action) -> bool:
    return screen.look.mode in action.modes and screen.session.scheme.task in action.tasks


def _is_plain(screen: Screen) -> bool:
    """Whether letters without a meaning begin no label's name."""
    yes_or_no, task = screen.look.mode == "confirm", screen.session.scheme.task
    return yes_or_no or (screen.look.mode == "ticket" and task in ("binary", "rating"))


Do = Callable[[Screen, KeyPressEvent], None]


def _bind(
    bindings: KeyBindings, screen: Screen, key: str, do: Do, active: FilterOrBool = True
) -> None:
    @bindings.add(key, filter=active, eager=True, save_before=lambda event: False)
    def _(event: KeyPressEvent) -> NotImplementedOrNone:
        do(screen, event)
        if screen.exit_code is not None:
            _leave(event.app, screen.exit_code)
        return NotImplemented  # drawn by _draw_before_the_next


def _press(action: str, screen: Screen, event: KeyPressEvent) -> None:
    if event.key_sequence[-1].key == Keys.Escape:
        if not _drop_sequence(event.key_processor.input_queue):
            screen.press(action)
    elif action not in ("type", "jump", "unknown") or event.data.isprintable():
        screen.press(action, event.data)


def _drop_sequence(queue: deque[KeyPress]) -> bool:
    """Drop what came with an Escape; True if it was a sequence and no Escape at all.

    prompt_toolkit hands a sequence it doesn't know on as Escape and single characters, so that some
    terminal's ctrl-shift-key, ``ESC [ 27 ; 5 ; 49 ~``, would label four tickets, and alt-1 one.
    """
    if not queue or isinstance(queue[0].key, Keys):
        return False
    if queue.popleft().data not in ("[", "O"):
        return False
    while queue and queue[0].data in _PARAMETERS:
        queue.popleft()
    if queue and not isinstance(queue[0].key, Keys):
        queue.popleft()
    return True


_PARAMETERS = frozenset("0123456789:;<=>?")


def _paste(screen: Screen, event: KeyPressEvent) -> None:
    screen.paste(event.data)


def _mouse(screen: Screen, event: MouseEvent) -> NotImplementedOrNone:
    """The wheel scrolls; what a click is on is known by where it was drawn."""
    if not screen.look.mouse:
        return NotImplemented
    if event.event_type in _WHEEL:
        screen.wheel(_WHEEL[event.event_type])
    elif event.event_type == MouseEventType.MOUSE_UP:
        screen.click(event.position.x, event.position.y)
    return NotImplemented  # drawn by _draw_before_the_next


_WHEEL = {MouseEventType.SCROLL_UP: -1, MouseEventType.SCROLL_DOWN: 1}


def _redraw(screen: Screen, event: KeyPressEvent) -> None:
    event.app.renderer.clear()


def _suspend(screen: Screen, event: KeyPressEvent) -> None:
    event.app.suspend_to_background()


_OF_THE_TERMINAL: dict[str, Do] = {"redraw": _redraw, "suspend": _suspend}


# --- what happens by itself ---------------------------------------------------------------------


async def _beat(app: Application[int], screen: Screen) -> None:
    for beat in count(1):
        await asyncio.sleep(RETRY_SECONDS)
        screen.session.finding.stir()
        if screen.recorder.waiting:
            screen.retry()
            app.invalidate()
        if beat % UPDATE_EVERY == 0:
            _news(app, screen)


def _news(app: Application[int], screen: Screen) -> None:
    screen.news()
    app.invalidate()


def _from_thread(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the session is over, and its loop closed
        loop.call_soon_threadsafe(function)


def _leave_on_signals(loop: asyncio.AbstractEventLoop, app: Application[int]) -> None:
    """Exit in good order on the signals that would leave the terminal as it is."""
    for name in ("SIGTERM", "SIGHUP", "SIGQUIT"):
        # Windows knows two of these not at all and has no handlers; a thread may set none.
        with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
            number: int = getattr(signal, name)
            loop.add_signal_handler(number, partial(_leave, app, 128 + number))


def _leave(app: Application[int], code: int) -> None:
    if app.future is not None and not app.is_done:  # a second signal may come when all is over
        app.exit(result=code)


def _unforeseen(
    app: Application[int],
    screen: Screen,
    loop: asyncio.AbstractEventLoop,
    context: dict[str, Any],
) -> None:
    """Show an uncaught exception with the next beat, so that an error in drawing doesn't loop."""
    error = context.get("exception") or RuntimeError(context["message"])
    if isinstance(error, OSError) and error.errno in _NO_SCREEN:
        _leave(app, leaving.HUNG_UP)
    else:
        screen.failed("the screen", error)
