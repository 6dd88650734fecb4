"""What a learner does when nobody waits for it, in the one order that holds everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Protocol

from txtal.learner.fit import Fit
from txtal.learner.fitter import Fitter
from txtal.types import Advised, Cluster, Explanation, Ranking

Step = Callable[[], bool]
"""Does a part of something, if there is a part to do; returns whether to come back for more."""


def _nothing() -> bool:
    return False


@dataclass(frozen=True)
class Idle:
    """The steps of one learner, in their order: what the next ranking gains most by comes first.

    None takes longer than a fit, so that an answer is never long without its ranking.
    """

    store_neighbours: Step = _nothing
    """So that the next session has them at once."""
    grow: Step = _nothing
    """Vectorise a part of a large pool; a ranking of more tickets may be due then."""
    sweep: Step = _nothing
    """Score a block of a large pool."""
    settle: Step = _nothing
    """Fit the model of many answers to the end, where the ranking didn't wait for that."""
    measure: Step = _nothing
    """Find out how good the model is; a ranking that says so is due then."""
    compare_names: Step = _nothing
    """Find out whether the labels' names help."""
    weigh_votes: Step = _nothing
    """Find out how much the votes of rules and commands are to count."""
    leave_out: Step = _nothing
    """Find answers that a robust fit learns nothing from."""
    look_ahead: Step = _nothing
    """Find out whether more answers are worth giving."""
    read_behind: Step = _nothing
    """Read a few tickets with a better model, or find out whether it is better here."""
    notice_drift: Step = _nothing
    """Say, once, that the tickets loaded since the last answer are unlike the others."""

    def work(self) -> bool:
        """Do one step, of the first thing there is to do; return whether to call again."""
        return any(getattr(self, field.name)() for field in fields(self))


class Ranker(Protocol):
    """What both learners can do."""

    @property
    def idle(self) -> Idle: ...

    @property
    def outdated(self) -> bool:
        """Whether there is more to rank by now: far more features, or what was measured."""
        ...

    @property
    def fitter(self) -> Fitter: ...

    def learn(self, *, measure: bool = True) -> Fit:
        """Fit a model to the answers there are, and measure it if it is time to."""
        ...

    def rank(self, *, measure_later: bool = False) -> Ranking:
        """Learn, and pick the tickets to show next.

        Measuring that takes long may be left to pauses.
        """
        ...

    def explain(self, ticket_id: int, label_id: int) -> Explanation:
        """Weigh the words of a ticket for a label."""
        ...

    def gather(self, ticket_id: int) -> Cluster:
        """Find the open tickets like one, to be answered together."""
        ...

    def advise(self) -> Advised:
        """Look for faults of the labels."""
        ...


def caught_up(learner: Ranker) -> Ranking:
    """Rank, and do after it what a learner of its own process has the time for.

    All features are made and all blocks swept.
    """
    ranking, idle = learner.rank(), learner.idle
    while idle.grow():
        pass
    if learner.outdated:
        ranking = learner.rank()
    while idle.sweep():
        pass
    for work in (idle.compare_names, idle.weigh_votes, idle.leave_out, idle.look_ahead):
        while work():
            pass
    return ranking


def refined(learner: Ranker) -> Fit:
    """Learn, do to the end what can change the model, and learn again if it did.

    Only the caller needs its measures, if any, of the last fit.
    """
    fit, idle = learner.learn(measure=False), learner.idle
    fitter = learner.fitter
    before = fitter.misled, fitter.left_out
    weighed = False
    while idle.compare_names():
        pass
    while idle.weigh_votes():
        weighed = True
    while idle.leave_out():
        pass
    changed = weighed or before != (fitter.misled, fitter.left_out)
    return learner.learn(measure=False) if changed else fit
