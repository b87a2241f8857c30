"""Which task somebody left half done: the newest that came to no end and was not done later in another way."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lobby_server.visits.rules import DONE, DONE_SELF_SERVICE, Helped, Tried, unfinished
from tests.make import MORNING

MOMENTS = st.integers(0, 20).map(lambda minutes: MORNING + timedelta(minutes=minutes))
TASKS = st.sampled_from(["cash", "transfer", "card_service"])
TRIED = st.builds(Tried, TASKS, MOMENTS, st.sampled_from([DONE, DONE_SELF_SERVICE, "machine_failed", "changed_mind"]))


@given(st.lists(TRIED, max_size=8), st.lists(st.builds(Helped, TASKS, MOMENTS), max_size=4))
def test_what_is_left_was_not_done_since_and_nothing_newer_is_left(tried: list[Tried], helped: list[Helped]) -> None:
    left = unfinished(tried, helped)
    ends = [(each.service_type, each.ended_at) for each in tried if each.is_done]
    ends += [(each.service_type, each.at) for each in helped]

    def is_open(of: Tried) -> bool:
        return not of.is_done and not any(kind == of.service_type and at >= of.ended_at for kind, at in ends)

    open_ones = [each for each in tried if is_open(each)]
    assert (left is None) == (not open_ones)
    if left is not None:
        assert left in open_ones and left.ended_at == max(each.ended_at for each in open_ones)
