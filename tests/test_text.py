"""What is safe to show."""

from __future__ import annotations

import re
import sys
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from txtal.errors import UsageError
from txtal.text import agreed, clean, decimals, in_full, look_alike, normalise_label, shorten

LEAKS = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain text, {braces} [bold] <b>&amp; ~", "plain text, {braces} [bold] <b>&amp; ~"),
        ("Grüße, Привет, 你好, שלום, مرحبا", "Grüße, Привет, 你好, שלום, مرحبا"),
        ("a\u00a0b\u3000c", "a\u00a0b\u3000c"),
        ("\x1b[31mred\x1b[0m", "^[[31mred^[[0m"),
        ("\x1b]52;c;aGk=\x07", "^[]52;c;aGk=^G"),
        ("a\x00b\x7f", "a^@b^?"),
        ("\x9b31m\x85", "<9B>31m<85>"),
        ("a\tb", "a    b"),
        ("a\nb\r\nc\rd", "a⏎ b⏎ c^Md"),
        ("a\x0bb\x0cc", "a^Kb^Lc"),
        ("a\u202eb\u2066c\u200fd\u061ce", "a<U+202E>b<U+2066>c<U+200F>d<U+061C>e"),
        ("a\u200bb\u2060c\ufeffd", "a<U+200B>b<U+2060>c<U+FEFF>d"),
        ("a\u2028b\u2029c", "a<U+2028>b<U+2029>c"),
        ("\U000e0041\U000e007f", "<U+E0041><U+E007F>"),
        ("\ud800x\udfff", "<U+D800>x<U+DFFF>"),
        ("\ue000\U000f0000\U0010ffff\uffff\ufdd0", "<U+E000><U+F0000><U+10FFFF><U+FFFF><U+FDD0>"),
        ("soft\u00adhyphen", "soft<U+00AD>hyphen"),
        ("\u3164", "<U+3164>"),
        ("e\u0301", "e\u0301"),
        ("e" + "\u0301" * 8, "e" + "\u0301" * 8),
        ("e" + "\u0301" * 12 + "f", "e" + "\u0301" * 8 + "<+4 marks>f"),
        ("x" + "\U000e0100" * 9, "x" + "\U000e0100" * 8 + "<+1 marks>"),
        ("ᄒ" + "\u1161" * 10, "ᄒ" + "\u1161" * 8 + "<+2 marks>"),
        ("😀😀😀😀😀😀😀😀😀😀", "😀😀😀😀😀😀😀😀😀😀"),
        ("👩\u200d💻 🏳\ufe0f\u200d🌈 👩🏽\u200d🚀", "👩\u200d💻 🏳\ufe0f\u200d🌈 👩🏽\u200d🚀"),
        ("a\u200db 👩\u200d", "a<U+200D>b 👩<U+200D>"),
        ("می\u200cخواهم क्\u200dष", "می\u200cخواهم क्\u200dष"),
        ("a\u200cb م\u200c", "a<U+200C>b م<U+200C>"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown
    assert clean(shown) == shown


def test_newlines_are_kept_when_asked_for() -> None:
    assert clean("a\nb\r\nc\rd\x1b", newlines=True) == "a\nb\nc^Md^["


def test_every_character_alone() -> None:
    leaked = [
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in LEAKS and clean(chr(code)) == chr(code)
    ]
    assert leaked == []


def test_characters_that_show_are_left_alone() -> None:
    invisible = {0x3164, 0xFFA0}
    changed = [
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code))[0] in "LMNPS"
        and clean(f"x{chr(code)}") != f"x{chr(code)}"
        and code not in invisible
        and not 0xE0000 <= code < 0xE0100
        and not 0x13430 <= code < 0x13460
    ]
    assert changed == []


hostile = st.text(
    st.characters()
    | st.sampled_from("\x1b\x9b\x00\n\r\t\u202e\u200c\u200d\u2028\ufe0f\u0301\u1161\u200b👩💻مक्ष❤")
    | st.characters(categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Mn", "Me", "Mc"]),
    max_size=60,
)
KEPT_JOINER = re.compile("(?<=.)[\u200c\u200d](?=.)", re.DOTALL)


@settings(max_examples=1500)
@given(hostile, st.booleans())
@example("👩\u200d💻" * 20, False)
@example("क" + "\u094d\u200d" * 20 + "ष", False)
def test_nothing_leaks_and_cleaning_twice_changes_nothing(text: str, newlines: bool) -> None:
    shown = clean(text, newlines=newlines)
    assert clean(shown, newlines=newlines) == shown
    rest = KEPT_JOINER.sub("", shown)
    if newlines:
        rest = rest.replace("\n", "")
    assert [char for char in rest if unicodedata.category(char) in LEAKS] == []
    marks = (
        "M" if unicodedata.category(char)[0] == "M" or char in "\u200c\u200d\u1161" else "-"
        for char in shown
    )
    assert "M" * 9 not in "".join(marks)
    shown.encode()


@settings(max_examples=300)
@given(hostile)
def test_no_run_takes_no_room_where_the_screen_measures(text: str) -> None:
    wcwidth = pytest.importorskip("wcwidth").wcwidth
    widths = [wcwidth(char) for char in clean(text)]
    assert -1 not in widths
    assert "0" * 9 not in "".join("0" if width == 0 else "-" for width in widths)


@pytest.mark.parametrize(
    "text",
    [
        "word " * 1_000_000,
        "Grüße " * 800_000,
        "a" + "\u0301" * 2_500_000,
        ("a" + "\u0301" * 20) * 120_000,
        "\x1b" * 5_000_000,
        "\U000f0000" * 1_250_000,
        "\u200d" * 1_600_000,
        "👩\u200d" * 700_000,
        "a\u202e" * 1_000_000,
    ],
    ids=["ascii", "latin", "marks", "zalgo", "controls", "private", "joiners", "emoji", "bidi"],
)
def test_five_megabytes_of_anything(text: str) -> None:
    started = time.perf_counter()
    clean(text)
    # A tenth of this when idle; quadratic work would take minutes.
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("short", 5, "short"),
        ("longer", 5, "longe… 1 more"),
        ("x" * 6000, 1188, "x" * 1188 + "… 4,812 more"),
        ("abe\u0301", 3, "ab… 2 more"),
        ("ab👩\u200d💻", 3, "ab… 3 more"),
        ("\u0301" * 30, 10, "\u0301" * 2 + "… 28 more"),
        ("abc", 0, "… 3 more"),
    ],
)
def test_shorten(text: str, limit: int, shown: str) -> None:
    assert shorten(text, limit) == shown


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "x" * 100,
        "\u00e4rger",
        "\U0001f41b bug",
        "\U0001f469\u200d\U0001f4bb",
        "billing/refund",
    ],
)
def test_names_a_label_may_have(name: str) -> None:
    assert normalise_label(name) == name


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("  refund ", "refund"),
        ("refund\n", "refund"),
        ("late\u00a0 parcel", "late parcel"),
        ("\u3000late\u2003parcel\u202f", "late parcel"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u1112\u1161\u11ab", "\ud55c"),
    ],
)
def test_names_that_are_made_good(given_name: str, kept: str) -> None:
    assert normalise_label(given_name) == kept


@pytest.mark.parametrize(
    "name",
    [
        *("", "  ", "\u00a0", "\u2003\u3000", "\u2800", "\u3164", "\u200b", "\u0301", "\ufe0f"),
        *("x" * 101, "a\nb", "a\tb", "a\x00", "a\u200bb", "\ud800", "\u202ea", "\ufeffa"),
        *("['a', 'b']", '["x"]', "[1]", "(1)", "{'a'}", "['a' 'b']", "[]", "[null]"),
    ],
)
def test_names_no_label_may_have(name: str) -> None:
    with pytest.raises(UsageError):
        normalise_label(name)


@given(st.text())
def test_a_name_that_is_good_stays_as_it_is(name: str) -> None:
    try:
        good = normalise_label(name)
    except UsageError:
        return
    assert normalise_label(good) == good == good.strip() == clean(good)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Refund", "refund"),
        ("r\u0435fund", "refund"),
        ("\uff52efund", "refund"),
        ("re\u034ffund", "refund"),
        ("\u0421\u041e", "CO"),
    ],
)
def test_names_that_look_alike(one: str, other: str) -> None:
    assert look_alike(one, ["none", other]) == other
    assert look_alike(one, ["none", one]) is None


def test_names_that_do_not_look_alike() -> None:
    assert look_alike("refund", ["refunds", "fund", "r\u00e9fund"]) is None


@given(st.floats(0, 1), st.integers(1, 4))
def test_a_share_reads_as_one_or_none_only_if_it_is(share: float, digits: int) -> None:
    shown = float(decimals(share, digits))
    assert (shown == 1) == (share == 1)
    assert (shown == 0) == (share == 0)
    assert abs(shown - share) <= 10.0**-digits
    assert decimals(0.9996) == "0.999"
    assert agreed(0.999, 0.5, 1.0) == "0.99 (0.50 to 1.00)"


@pytest.mark.parametrize(("share", "said"), [(0.95, "95%"), (0.9999, "99.99%"), (0.29, "29%")])
def test_what_somebody_asked_for_is_not_rounded(share: float, said: str) -> None:
    assert in_full(share) == said
