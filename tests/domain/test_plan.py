"""The frozen plan: batches numbered over chunks."""

from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.blobs.plans import MANIFEST
from shared.domain.model import Decision
from shared.domain.plan import Manifest, batch_of, chunk_info
from tests.support.samples import decision


def chunks(counts: list[tuple[int, int]]) -> list[list[Decision]]:
    """Chunks of so many changes (every third one with a usage location) and so many users left alone."""
    made: list[list[Decision]] = []
    index = 0
    for changes, unchanged in counts:
        kinds = [True] * changes + [False] * unchanged
        made.append([])
        for change in kinds:
            made[-1].append(decision(index, change=change, location="DE" if index % 3 == 0 else None))
            index += 1
    return made


@given(st.lists(st.tuples(st.integers(0, 65), st.integers(1, 30)), max_size=5))
def test_every_change_is_in_exactly_one_batch(counts: list[tuple[int, int]]):
    """Batches cut each chunk's changes by 20, in order, and the manifest finds, counts and prices them."""
    planned = chunks(counts)
    manifest = Manifest.of(chunk_info(chunk) for chunk in planned)

    batches = [batch_of(planned[chunk], k) for chunk, k in map(manifest.within, range(manifest.batches))]

    flat = [one for batch in batches for one in batch]
    assert flat == [one for chunk in planned for one in chunk if one.status == "change"]
    assert [manifest.users_of(n) for n in range(manifest.batches)] == [len(batch) for batch in batches]
    assert all(1 <= len(batch) <= 20 for batch in batches)
    writes = [len(batch) + sum(one.index % 3 == 0 for one in batch) for batch in batches]
    assert [manifest.writes_of(n) for n in range(manifest.batches)] == writes
    assert manifest.users == sum(changes + unchanged for changes, unchanged in counts)
    assert all(batch[0].index >= manifest.chunks[manifest.locate(n)].first_index for n, batch in enumerate(batches))


@pytest.mark.parametrize("batch", [-1, 3])
def test_a_batch_that_the_plan_does_not_have_is_an_error(batch: int):
    """Numbers come over the wire: they are not bent to fit."""
    manifest = Manifest.of(chunk_info(chunk) for chunk in chunks([(41, 0), (0, 5)]))

    assert manifest.batches == 3
    with pytest.raises(IndexError, match="3 batches"):
        manifest.locate(batch)


WAVES = st.lists(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=70), max_size=4)


@given(WAVES)
def test_batches_do_not_mix_waves_and_lower_waves_have_lower_numbers(users: list[list[tuple[bool, int]]]):
    """Each change is in one batch of its wave; manifest and waves survive as JSON."""
    planned: list[list[Decision]] = []
    index = 0
    for chunk in users:
        planned.append([])
        for change, wave in chunk:
            made = decision(index, change=change, location=None)
            planned[-1].append(replace(made, wave=wave) if change else made)
            index += 1
    made = Manifest.of(chunk_info(chunk) for chunk in planned)
    manifest = MANIFEST.validate_json(MANIFEST.dump_json(made))

    batches = [batch_of(planned[chunk], k) for chunk, k in map(manifest.within, range(manifest.batches))]

    assert manifest == made
    assert sorted(one.index for batch in batches for one in batch) == [
        one.index for chunk in planned for one in chunk if one.status == "change"
    ]
    assert all(len({one.wave for one in batch}) == 1 and len(batch) <= 20 for batch in batches)
    assert all([one.index for one in batch] == sorted(one.index for one in batch) for batch in batches)
    waves = [batch[0].wave for batch in batches]
    assert waves == sorted(waves)
    assert [manifest.users_of(n) for n in range(manifest.batches)] == [len(batch) for batch in batches]
    assert [manifest.writes_of(n) for n in range(manifest.batches)] == [len(batch) for batch in batches]
    sizes = [size for size, times in manifest.waves for _ in range(times)]
    assert sizes == ([len(list(wave)) for _, wave in groupby(waves)] if any(waves) else [])


def test_a_plan_of_one_wave_is_numbered_by_chunk_and_carries_no_waves():
    """The usual plan: nothing is stored or sent for waves."""
    manifest = Manifest.of(chunk_info(chunk) for chunk in chunks([(41, 0), (25, 5)]))

    assert manifest.waves == ()
    assert all(chunk.waves == () for chunk in manifest.chunks)
    assert [manifest.within(n) for n in range(5)] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
