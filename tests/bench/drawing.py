"""From a key to the bytes that the terminal is sent: the processor's time, without a database.

The sample tickets are answered one after another in the application, with the keys, the picture and
what is sent for it, but in memory and without a learner. So it tells what the screen itself takes,
however busy the machine is; ``keys`` tells what a person waits for.

    python -m tests.bench.drawing
"""

from __future__ import annotations

import io
import json
import statistics
import time
from functools import partial
from itertools import count

from prompt_toolkit.application.current import set_app
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from tests.bench.common import SAMPLE, emit, parser
from tests.ui.fakes import make_session
from txtal.ui.app import build
from txtal.ui.display import Display
from txtal.ui.screen import Screen

ROUND = 50
"""Keys of a round."""


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=int, default=8)
    options = arguments.parse_args()
    texts = [json.loads(line)["text"] for line in SAMPLE.read_text("utf-8").splitlines()]
    named = SAMPLE.with_name("labels.txt").read_text("utf-8").splitlines()
    labels = [line.split("\t")[0] for line in named if not line.startswith("#")]
    session = make_session(texts, labels)
    screen = Screen(session, Display("feedback"), _fail, clock=partial(next, count(0.0, 1.0)))
    sent, times, sizes, digits = io.StringIO(), [], [], count(0)
    with create_pipe_input() as keyboard:
        app = build(screen, keyboard, Vt100_Output(sent, lambda: Size(24, 80), term="xterm"))
        with set_app(app):
            for _ in range(options.rounds + 1):
                before, began = sent.tell(), time.process_time()
                for _ in range(ROUND):
                    screen.press("label", str(1 + next(digits) % len(labels)))
                    app.renderer.render(app, app.layout)
                times.append(1000 * (time.process_time() - began) / ROUND)
                sizes.append((sent.tell() - before) / ROUND)
    figures = {
        "ms_a_key_p50": statistics.median(times[1:]),
        "ms_a_key_least": min(times[1:]),
        "bytes_a_key": statistics.median(sizes[1:]),
    }
    emit("drawing", figures, as_json=options.json)


def _fail(error: BaseException) -> None:
    raise SystemExit(f"the screen failed: {error!r}")


if __name__ == "__main__":
    main()
