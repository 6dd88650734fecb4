from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.vectors.conftest import TEXTS, Lengths, SavedLengths
from txtal.errors import LearnerError
from txtal.vectors import cache, files, registry
from txtal.vectors.cache import DatasetFeatures, FeatureCache

SPEC = "lexical@en"
ALL = range(1, len(TEXTS) + 1)


class Source:
    """Texts by ticket id, and the ids that were asked for."""

    def __init__(self, then: Callable[[int], None] = lambda asked: None) -> None:
        self.asked: list[int] = []
        self._then = then

    def __call__(self, ids: Sequence[int]) -> list[str]:
        self._then(len(self.asked))
        assert all(type(ticket_id) is int for ticket_id in ids)
        self.asked += ids
        return [TEXTS[(ticket_id - 1) % len(TEXTS)] + f" {ticket_id}" for ticket_id in ids]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "txtal.db.cache" / "7"


@pytest.fixture
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "FETCHED", 5)
    monkeypatch.setattr(cache, "COMMITTED", 10)


def ensure(
    directory: Path, ids: Sequence[int] = ALL, spec: str = SPEC, **options
) -> DatasetFeatures:
    """By a new process, as far as the cache can tell."""
    return FeatureCache(directory).ensure(ids, options.pop("texts", Source()), spec, **options)


def folder_in(directory: Path) -> Path:
    (found,) = (path for path in directory.iterdir() if path.is_dir())
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class TestMaking:
    def test_features_are_those_of_the_vectoriser(self, directory: Path) -> None:
        features = ensure(directory)
        assert features.ids.tolist() == list(ALL)
        assert features.ids.dtype == np.int64
        expected = features.vectoriser.transform(Source()(list(ALL)))
        assert np.allclose(features.matrix, expected, atol=1e-3)
        rows = np.asarray(features.matrix)
        assert np.allclose(rows @ rows.T, expected @ expected.T, atol=1e-3)

    def test_rows_are_read_from_a_map_as_float32(self, directory: Path) -> None:
        matrix = ensure(directory).matrix
        assert isinstance(matrix._stored, np.memmap)
        assert matrix.shape == (len(matrix), matrix[0].shape[0])
        for rows in (slice(2, 4), [2, 3], np.arange(len(matrix)) // 2 == 1):
            assert matrix[rows].dtype == np.float32
            assert np.array_equal(matrix[rows], np.asarray(matrix)[2:4])
        with pytest.raises(TypeError):
            matrix[0, 0] = 1

    def test_texts_may_be_given_outright(self, directory: Path) -> None:
        given = FeatureCache(directory).ensure([3, 1, 2], ["c", "a", "b"], SPEC)
        assert given.ids.tolist() == [3, 1, 2]
        again = FeatureCache(directory).ensure(np.array([4, 3]), ["d", "not read"], SPEC)
        assert again.ids.tolist() == [3, 1, 2, 4]

    def test_an_id_asked_for_twice_has_one_row(self, directory: Path) -> None:
        assert ensure(directory, [5, 4, 5]).ids.tolist() == [5, 4]

    def test_no_tickets_are_no_rows(self, directory: Path) -> None:
        features = ensure(directory, [])
        assert features.matrix.shape == (0, features.vectoriser.dims)
        assert ensure(directory, ALL).matrix.shape[0] == len(ALL)

    @pytest.mark.usefixtures("_small_parts")
    def test_texts_are_fetched_in_parts(self, directory: Path) -> None:
        sizes: list[int] = []

        def texts(ids: Sequence[int]) -> list[str]:
            sizes.append(len(ids))
            return ["text"] * len(ids)

        ensure(directory, ALL[:12], texts=texts)
        assert sizes == [5, 5, 2, 5, 5, 2]

    @pytest.mark.usefixtures("_small_parts")
    def test_progress_counts_the_fits_texts_too(self, directory: Path) -> None:
        told: list[tuple[int, int | None]] = []
        ensure(directory, ALL[:12], progress=lambda *now: told.append(now))
        assert told == [(n, 24) for n in (5, 10, 12, 17, 22, 24)]
        told.clear()
        ensure(directory, ALL[:14], progress=lambda *now: told.append(now))
        assert told == [(2, 2)]

    def test_missing_texts_are_an_error(self, directory: Path) -> None:
        with pytest.raises(LearnerError, match="3 texts were requested and 1 came"):
            ensure(directory, [1, 2, 3], texts=lambda ids: ["one"])

    def test_only_this_user_can_read_it(self, directory: Path) -> None:
        ensure(directory)
        folder = folder_in(directory)
        for path in (directory.parent, directory, folder):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        for path in (directory / "lock", *folder.iterdir()):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_directory_that_cant_be_written_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(LearnerError, match=r"features can't be kept in .*make room"):
            ensure(tmp_path / "file" / "7")

    def test_a_full_disk_is_told_and_got_over(
        self, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def sync(file: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(files, "sync", sync)
            with pytest.raises(LearnerError, match="No space left on device; make room"):
                ensure(directory)
        assert ensure(directory).ids.tolist() == list(ALL)


class TestUsingAgain:
    def test_nothing_is_read_or_written_when_all_is_there(self, directory: Path) -> None:
        first = ensure(directory)
        before = contents(folder_in(directory))
        source = Source()
        again = ensure(directory, texts=source)
        assert source.asked == []
        assert contents(folder_in(directory)) == before
        assert again.vectoriser.fingerprint == first.vectoriser.fingerprint
        assert np.array_equal(again.matrix, first.matrix)

    def test_new_tickets_are_appended(self, directory: Path) -> None:
        first = ensure(directory)
        before = contents(folder_in(directory))
        source = Source()
        more = ensure(directory, range(1, 41), texts=source)
        after = contents(folder_in(directory))
        assert source.asked == list(range(31, 41))
        assert more.ids.tolist() == list(range(1, 41))
        assert after["vectoriser.npz"] == before["vectoriser.npz"]
        assert after["matrix.f16"].startswith(before["matrix.f16"])
        assert np.array_equal(more.matrix[:30], first.matrix)
        assert np.allclose(
            more.matrix[30:], first.vectoriser.transform(Source()(source.asked)), atol=1e-3
        )

    def test_an_old_map_outlives_an_append(self, directory: Path) -> None:
        first = ensure(directory)
        copy = np.array(first.matrix)
        ensure(directory, range(1, 41))
        assert np.array_equal(first.matrix, copy)

    def test_rows_of_tickets_not_asked_for_stay(self, directory: Path) -> None:
        ensure(directory)
        assert ensure(directory, [31, 2]).ids.tolist() == [*ALL, 31]

    def test_one_cache_keeps_its_vectoriser(self, directory: Path) -> None:
        kept = FeatureCache(directory)
        first = kept.ensure(ALL, Source(), SPEC)
        assert kept.ensure(range(1, 41), Source(), SPEC).vectoriser is first.vectoriser


class TestMakingAgain:
    @pytest.mark.parametrize("changed", [{"spec": "lexical@xx"}, {"seed": 1}])
    def test_another_spec_or_seed_takes_the_place_of_the_old(
        self, directory: Path, changed: dict[str, object]
    ) -> None:
        ensure(directory)
        old = folder_in(directory)
        source = Source()
        ensure(directory, texts=source, **changed)
        assert len(source.asked) == 2 * len(ALL)
        assert folder_in(directory) != old

    def test_another_version_does_too(
        self, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ensure(directory)
        old = folder_in(directory)
        monkeypatch.setattr(cache.installed, "versions", lambda name: ["9.9"])
        ensure(directory)
        assert folder_in(directory) != old

    def test_folders_that_arent_ours_are_left_alone(self, directory: Path) -> None:
        (directory / "mine").mkdir(parents=True)
        ensure(directory)
        assert (directory / "mine").is_dir()

    def test_a_pool_more_than_twice_as_large_is_fitted_again(self, directory: Path) -> None:
        first = ensure(directory, ALL[:10])
        copy = np.array(first.matrix)
        twice = ensure(directory, ALL[:20])
        assert twice.vectoriser.fingerprint == first.vectoriser.fingerprint
        more = ensure(directory, ALL[:21])
        assert more.vectoriser.fit_texts == 21
        assert more.ids.tolist() == list(ALL[:21])
        assert np.array_equal(first.matrix, copy)


class TestDamage:
    def spoil_header(self, folder: Path) -> None:
        (folder / "header.json").write_text("{")

    def strange_header(self, folder: Path) -> None:
        (folder / "header.json").write_text(
            '{"rows": -3, "dims": 2, "fingerprint": "", "pool": 5, "made": ""}'
        )

    def lose_header(self, folder: Path) -> None:
        (folder / "header.json").unlink()

    def shorten_matrix(self, folder: Path) -> None:
        os.truncate(folder / "matrix.f16", 100)

    def shorten_ids(self, folder: Path) -> None:
        os.truncate(folder / "ids.i64", 100)

    def lose_ids(self, folder: Path) -> None:
        (folder / "ids.i64").unlink()

    def spoil_vectoriser(self, folder: Path) -> None:
        path = folder / "vectoriser.npz"
        whole = path.read_bytes()
        path.write_bytes(whole[:2000] + bytes(100) + whole[2100:])

    def shorten_vectoriser(self, folder: Path) -> None:
        os.truncate(folder / "vectoriser.npz", 1000)

    def empty_vectoriser(self, folder: Path) -> None:
        os.truncate(folder / "vectoriser.npz", 0)

    def change_vectoriser(self, folder: Path) -> None:
        with np.load(folder / "vectoriser.npz") as saved:
            arrays = dict(saved)
        arrays["lexical.gram_rows"] = arrays["lexical.gram_rows"] * np.float16(2)
        np.savez(folder / "vectoriser.npz", **arrays)

    @pytest.mark.parametrize(
        "damage",
        [
            spoil_header,
            strange_header,
            lose_header,
            shorten_matrix,
            shorten_ids,
            lose_ids,
            spoil_vectoriser,
            shorten_vectoriser,
            empty_vectoriser,
            change_vectoriser,
        ],
    )
    def test_what_is_damaged_is_made_again(
        self, directory: Path, damage: Callable[[TestDamage, Path], None]
    ) -> None:
        whole = ensure(directory)
        expected = np.array(whole.matrix)
        damage(self, folder_in(directory))
        again = ensure(directory)
        assert np.allclose(again.matrix, expected, atol=1e-3)
        assert again.ids.tolist() == list(ALL)

    def test_a_torn_append_is_trimmed(self, directory: Path) -> None:
        whole = ensure(directory)
        expected = np.array(whole.matrix)
        folder = folder_in(directory)
        for name in ("matrix.f16", "ids.i64"):
            with (folder / name).open("ab") as file:
                file.write(b"torn")
        source = Source()
        more = ensure(directory, range(1, 32), texts=source)
        assert source.asked == [31]
        assert more.ids.tolist() == list(range(1, 32))
        assert np.array_equal(more.matrix[:30], expected)


@pytest.mark.usefixtures("_small_parts")
class TestInterruption:
    def test_a_run_that_fails_goes_on_where_it_stopped(self, directory: Path) -> None:
        def fail(asked: int) -> None:
            if asked >= 30 + 15:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ensure(directory, texts=Source(fail))
        source = Source()
        features = ensure(directory, texts=source)
        assert source.asked == list(range(11, 31))
        expected = features.vectoriser.transform(Source()(list(ALL)))
        assert np.allclose(features.matrix, expected, atol=1e-3)

    def test_an_append_that_never_reached_the_header_is_made_again(
        self, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ensure(directory, ALL[:20])

        def commit(self: object, header: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(files.RowFiles, "commit", commit)
            with pytest.raises(KeyboardInterrupt):
                ensure(directory)
        source = Source()
        assert ensure(directory, texts=source).ids.tolist() == list(ALL)
        assert source.asked == list(range(21, 31))

    def test_a_process_that_is_killed_leaves_its_rows_and_no_lock(self, directory: Path) -> None:
        code = f"""
import os, signal
from pathlib import Path
from tests.vectors.test_cache import Source, cache, ensure
cache.FETCHED, cache.COMMITTED = 5, 10
def die(asked):
    if asked == 30 + 25:
        os.kill(os.getpid(), signal.SIGKILL)
ensure(Path({str(directory)!r}), texts=Source(die))
"""
        root = Path(__file__).parents[2]
        ended = subprocess.run([sys.executable, "-c", code], cwd=root, check=False)
        assert ended.returncode == -signal.SIGKILL
        source = Source()
        assert ensure(directory, texts=source).ids.tolist() == list(ALL)
        assert source.asked == list(range(21, 31))

    def test_a_killed_fit_starts_over(self, directory: Path) -> None:
        def fail(asked: int) -> None:
            if asked >= 20:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ensure(directory, texts=Source(fail))
        assert ensure(directory).ids.tolist() == list(ALL)


def test_two_at_once_make_the_rows_once(directory: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def wait(asked: int) -> None:
        inside.set()
        assert go_on.wait(60)

    first = threading.Thread(target=lambda: ensure(directory, texts=Source(wait)))
    first.start()
    assert inside.wait(60)
    second_source = Source()
    found: list[DatasetFeatures] = []
    second = threading.Thread(target=lambda: found.append(ensure(directory, texts=second_source)))
    second.start()
    second.join(0.3)
    assert second.is_alive()
    go_on.set()
    first.join(60)
    second.join(60)
    assert second_source.asked == []
    assert found[0].ids.tolist() == list(ALL)


@pytest.mark.usefixtures("own_registry")
class TestCustom:
    def test_one_that_can_be_saved_is_used_again(self, directory: Path) -> None:
        registry.vectoriser("lengths")(SavedLengths)
        ensure(directory, spec="lengths@en")
        source = Source()
        again = ensure(directory, range(1, 32), "lengths@en", texts=source)
        assert source.asked == [31]
        assert again.matrix.shape == (31, 2)

    def test_one_that_cant_lives_as_long_as_its_cache(self, directory: Path) -> None:
        registry.vectoriser("lengths")(Lengths)
        kept = FeatureCache(directory)
        kept.ensure(ALL, Source(), "lengths@en")
        source = Source()
        kept.ensure(range(1, 32), source, "lengths@en")
        assert source.asked == [31]
        afresh = Source()
        assert ensure(directory, spec="lengths@en", texts=afresh).matrix.shape == (30, 2)
        assert len(afresh.asked) == 2 * len(ALL)

    def test_new_code_makes_new_features(self, directory: Path) -> None:
        registry.vectoriser("lengths")(SavedLengths)
        ensure(directory, spec="lengths@en")
        registry._registered.clear()
        registry.vectoriser("lengths")(type("Other", (SavedLengths,), {"__module__": "gone"}))
        source = Source()
        ensure(directory, spec="lengths@en", texts=source)
        assert len(source.asked) == 2 * len(ALL)


def test_the_directory_may_be_deleted_at_any_time(directory: Path) -> None:
    kept = FeatureCache(directory)
    kept.ensure(ALL, Source(), SPEC)
    shutil.rmtree(directory)
    assert kept.ensure(ALL, Source(), SPEC).ids.tolist() == list(ALL)
