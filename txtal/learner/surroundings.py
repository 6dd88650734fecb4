"""What is worked out once of a pool's features: kept in memory, and beside them on the disk.

The neighbours take seconds to find; what else there is follows from them.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import numpy as np

from txtal.errors import LearnerError
from txtal.learning import neighbourhood
from txtal.learning.herding import Herding
from txtal.learning.neighbourhood import Neighbourhood
from txtal.learning.propagation import Propagation
from txtal.vectors.cache import FeatureCache, Features
from txtal.vectors.spec import Spec


class Surroundings(NamedTuple):
    """A sample of the pool with its neighbours, and what stands on it."""

    sample: Neighbourhood
    propagation: Propagation
    herding: Herding
    tickets: int
    """That there were when the sample was drawn."""

    @classmethod
    def around(cls, sample: Neighbourhood, tickets: int) -> Surroundings:
        return cls(sample, Propagation(sample), Herding(sample), tickets)

    @classmethod
    def of(cls, features: Features, tickets: int) -> Surroundings:
        return cls.around(Neighbourhood(features.matrix), tickets)

    def kept_up(self, features: Features, tickets: int) -> Surroundings:
        """The same for more tickets, or for more of the same features."""
        if len(features.matrix) == self.sample.pool:
            return self
        if self._still_fair(tickets):
            self.sample.grown(features.matrix)
            return self
        wider = self.sample.extended(features.matrix)
        return self.of(features, tickets) if wider is None else self.around(wider, tickets)

    def _still_fair(self, tickets: int) -> bool:
        """Whether a sample that left most tickets out is no less fair to those there are now."""
        return self.tickets > neighbourhood.SIZE and tickets < 1.5 * self.tickets


def remember(found: Surroundings, cache: FeatureCache, features: Features, spec: Spec) -> bool:
    """Keep the neighbours for the next sitting; False while nobody has asked for them.

    On a disk that is full they aren't kept.
    """
    arrays = found.sample.to_arrays()
    if arrays is None:
        return False
    with suppress(LearnerError):
        cache.remember(features, {**arrays, "tickets": np.array(found.tickets)}, spec)
    return True


def remembered(cache: FeatureCache, features: Features, spec: Spec) -> Surroundings | None:
    """Those that were kept of these features, as they were then."""
    arrays = cache.remembered(features, spec)
    sample = None if arrays is None else Neighbourhood.from_arrays(features.matrix, arrays)
    if sample is None or arrays is None or arrays.get("tickets", np.array(())).shape != ():
        return None
    return Surroundings.around(sample, int(arrays["tickets"]))
