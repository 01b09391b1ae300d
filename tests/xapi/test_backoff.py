import pytest

from xsconsole.xapi.backoff import Backoff


@pytest.mark.parametrize(("chance", "waits"), [(0.0, [1, 2, 4, 4]), (1.0, [2, 4, 8, 8])])
def test_waits_double_up_to_a_limit_and_are_at_least_half_of_it(chance: float, waits: list[float]) -> None:
    backoff = Backoff(first_s=2, longest_s=8, chance=lambda: chance)

    assert [backoff.next_s() for _ in waits] == waits


def test_two_that_lost_a_pool_together_do_not_come_back_together() -> None:
    one, other = Backoff(first_s=1, longest_s=60), Backoff(first_s=1, longest_s=60)

    assert [one.next_s() for _ in range(6)] != [other.next_s() for _ in range(6)]


def test_after_a_success_waits_are_short_again() -> None:
    backoff = Backoff(first_s=1, longest_s=60, chance=lambda: 1.0)
    for _ in range(5):
        backoff.next_s()

    backoff.reset()

    assert backoff.next_s() == 1
