"""What runs come to, with numbers worked by hand, and the page that shows it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from tests.cli.driving import DANGEROUS, HOSTILE
from txtal.reports import charts
from txtal.simulation import comparison, report
from txtal.simulation.comparison import labels_needed, levels
from txtal.simulation.conclusion import conclusion, names
from txtal.simulation.runs import Config, Full, Point, Run
from txtal.types import Overlap

AUTO = Config("auto", "lexical@en")
RANDOM = Config("random", "lexical@en")


def run(config: Config, *values: float, seed: int = 0) -> Run:
    """A run whose macro-F1 after 10, 20, ... labels is as given; accuracy is 0.1 above."""
    points = [Point(10 * (i + 1), value + 0.1, value, 0.0) for i, value in enumerate(values)]
    return Run(config, seed, tuple(points))


def compared(*runs: Run, target: float | None = None) -> comparison.Comparison:
    (it,) = comparison.compare(runs, target)
    return it


@pytest.mark.parametrize(
    ("target", "needed"),
    [
        (0.3, 10),  # at most the first point
        (0.4, 10),
        (0.45, 15),
        (0.46, 16),
        (0.475, 18),  # 17.5, rounded up
        (0.5, 20),
        (0.55, 33),  # 20 + 20 * 0.05 / 0.08 = 32.5: the dip between doesn't matter
        (0.58, 40),
        (0.581, None),
    ],
)
def test_labels_needed_on_straight_lines(target: float, needed: int | None) -> None:
    curve = [(10, 0.4), (20, 0.5), (40, 0.58), (50, 0.56)]
    assert labels_needed(curve, target) == needed


def test_a_dip_before_the_target() -> None:
    # From (20, 0.5) down to (30, 0.3) and up: 30 + 10 * 0.3 / 0.6.
    assert labels_needed([(10, 0.4), (20, 0.5), (30, 0.3), (40, 0.9)], 0.6) == 35


def test_levels_are_of_the_seeds() -> None:
    first, second = levels([run(AUTO, 0.2, 0.6), run(AUTO, 0.4, 0.5, seed=1)], "macro_f1")
    assert (first.labels, first.low, first.high) == (10, 0.2, 0.4)
    assert first.mean == pytest.approx(0.3)
    assert (second.labels, second.low, second.high) == (20, 0.5, 0.6)


def test_saved_against_the_budget_of_random() -> None:
    it = compared(
        run(AUTO, 0.2, 0.6, 0.7, 0.8), run(RANDOM, 0.1, 0.3, 0.5, 0.6),
        run(AUTO, 0.4, 0.6, 0.7, 0.8, seed=1), run(RANDOM, 0.1, 0.3, 0.5, 0.6, seed=1),
    )  # fmt: skip
    assert (it.baseline, it.budget, it.target, it.reference) == (RANDOM, 40, 0.6, 40)
    auto, random = it.outcomes
    assert (auto.labels, auto.by_seed, auto.saved) == (20, (20, 20), 0.5)
    assert (auto.macro_f1, auto.accuracy) == pytest.approx((0.8, 0.9))
    assert (it.half, auto.labels_half, random.labels_half) == ((20, 0.3), 10, 20)
    assert (random.labels, random.saved) == (40, 0.0)
    assert conclusion([it]) == (
        "Active learning pays here: auto reached random's macro-F1 at 40 labels (0.600) with 20: "
        "50% fewer answers; mean of 2 seeds (20 to 20)."
    )


def test_an_asked_target_is_held_against_what_random_needed() -> None:
    runs = run(AUTO, 0.2, 0.6, 0.7), run(RANDOM, 0.1, 0.3, 0.5)
    it = compared(*runs, target=0.4)
    assert (it.reference, it.reached) == (25, True)
    assert it.outcomes[0].labels == 15
    assert it.outcomes[0].saved == pytest.approx(0.4)
    assert "auto reached macro-F1 0.4 with 15 labels, random with 25: 40%" in conclusion([it])
    beyond = compared(*runs, target=0.6)
    assert (beyond.reference, beyond.reached) == (30, False)
    assert "random not with 30: at least 33% fewer" in conclusion([beyond])
    never = compared(*runs, target=0.9)
    assert [outcome.saved for outcome in never.outcomes] == [None, None]
    assert "othing reached macro-F1 0.9 within 30 labels" in conclusion([never])


@pytest.mark.parametrize(
    ("auto", "random", "says"),
    [
        ((0.1, 0.2, 0.5), (0.1, 0.3, 0.6), "doesn't pay here: no other strategy reached"),
        (
            (0.4, 0.45, 0.5),
            (0.1, 0.3, 0.6),
            "what random had with 20 labels (0.300) it had with 10",
        ),
        ((0.1, 0.2, 0.6), (0.1, 0.3, 0.6), "doesn't pay here: auto reached"),
        ((0.1, 0.3, 0.7), (0.1, 0.3, 0.6), "hardly pays here"),  # 28 of 30
        ((0.1, 0.8, 0.5), (0.1, 0.3, 0.6), "isn't clear whether active learning pays"),
        # random had it with 20 already: what auto saves of 30 is mostly that.
        ((0.1, 0.65, 0.7), (0.1, 0.6, 0.6), "random itself first had it with 20"),
    ],
)
def test_the_sentence_says_what_is_so(
    auto: tuple[float, ...], random: tuple[float, ...], says: str
) -> None:
    sentence = conclusion([compared(run(AUTO, *auto), run(RANDOM, *random))])
    assert says in sentence
    assert sentence[0].isupper()
    assert "one seed only" in sentence


def test_alone_there_is_nothing_to_compare() -> None:
    assert "Only auto was run" in conclusion([compared(run(AUTO, 0.1, 0.2))])


def test_better_features_are_not_taken_for_active_learning() -> None:
    rich, rich_random = Config("auto", "static@en"), Config("random", "static@en")
    it = compared(
        run(RANDOM, 0.1, 0.3, 0.5), run(AUTO, 0.1, 0.3, 0.5),
        run(rich, 0.5, 0.6, 0.7), run(rich_random, 0.5, 0.6, 0.7),
    )  # fmt: skip
    assert conclusion([it]).startswith(
        "Active learning doesn't pay here: auto static reached random lexical's macro-F1 at "
        "30 labels (0.500) with 10: 67% fewer answers (random static needed 10)"
    )


def test_each_noise_has_its_own_target() -> None:
    noisy = Config("random", "lexical@en", noise=0.1), Config("auto", "lexical@en", noise=0.1)
    comparisons = comparison.compare(
        [
            run(RANDOM, 0.5, 0.6),
            run(AUTO, 0.6, 0.7),
            run(noisy[0], 0.2, 0.3),
            run(noisy[1], 0.1, 0.2),
        ]
    )
    assert [it.target for it in comparisons] == [0.6, 0.3]
    sentence = conclusion(comparisons)
    assert sentence.startswith("Without wrong answers, active learning pays here: ")
    assert "With 10% wrong answers, active learning doesn't pay here: " in sentence
    body = comparison.to_json(comparisons)
    assert [row["labels"] for row in body["configurations"]] == [20, 10, 20, None]


def test_names_tell_what_differs() -> None:
    assert list(names([AUTO, RANDOM]).values()) == ["auto", "random"]
    mixed = [AUTO, Config("auto", "static@en", 0.1, 10)]
    assert list(names(mixed).values()) == [
        "auto lexical batch 1 noise 0", "auto static batch 10 noise 0.1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 200, 8, [0, 25, 50, 75, 100, 125, 150, 175, 200]),
        (0.62, 0.91, 6, [0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]),
        (0, 1, 8, [0, 0.2, 0.4, 0.6, 0.8, 1]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, expected: list[float]) -> None:
    assert charts.ticks(low, high, most) == expected


class Reader(HTMLParser):
    """Holds that every element is closed in order."""

    VOID = ("meta", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


EVIL = f"</style></title><script>alert(1)</script>\"'&<b>{HOSTILE}"


@pytest.mark.parametrize("noises", [(0.0,), (0.0, 0.1)])
def test_the_page_is_whole_and_nothing_in_it_is_obeyed(noises: tuple[float, ...]) -> None:
    configs = [
        Config(strategy, f"{EVIL}@en", noise) for noise in noises for strategy in (EVIL, "random")
    ]
    runs = [run(config, 0.2, 0.5, 0.6, seed=seed) for config in configs for seed in (0, 1)]
    fulls = {f"{EVIL}@en": Full(30, 0.9, 0.8)}
    facts = report.Facts(EVIL, EVIL, 7, 3, 2, 0.1, "0.1", fulls, Overlap(7, 0, 1))
    page = report.page(runs, comparison.compare(runs), facts)
    reader = read(page)
    assert reader.seen.count("svg") == len(noises) * (2 + 2)  # charts and the legend
    assert {"script", "b", "link", "img", "iframe"}.isdisjoint(reader.seen)
    assert {"src", "href", "onload"}.isdisjoint(name for name, _ in reader.attributes)
    assert not DANGEROUS.intersection(page)
    assert "url(" not in page
    assert "@import" not in page
    assert any("<script>alert(1)</script>" in text for text in reader.text)  # shown, as text
    assert page.count("30 labels: 0.600") >= 1  # a point says its numbers


def test_a_page_of_one_flat_run() -> None:
    runs = [run(AUTO, 0.0)]
    fulls = {AUTO.vectoriser: Full(10, 0.0, 0.0)}
    facts = report.Facts("a", "b", 1, 1, 1, 0.0, "0.1", fulls, Overlap(1, 0, 0))
    read(report.page(runs, comparison.compare(runs), facts))
