"""Jobs begin whoever asks for them, and none once all is closed."""

import asyncio

import pytest

from xsconsole_ui.jobs import Jobs


def test_a_job_that_a_timer_asks_for_between_two_turns_of_the_loop_begins_with_the_next() -> None:
    jobs, done = Jobs(on_error=pytest.fail, on_bug=pytest.fail), list[str]()

    async def noted(what: str) -> None:
        done.append(what)

    async def begun() -> None:
        jobs.start(noted("first"), "a job")
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(begun())
        jobs.start(noted("second"), "a job")
        assert done == ["first"]
        loop.run_until_complete(asyncio.sleep(0))
        assert done == ["first", "second"]

        loop.run_until_complete(jobs.close())
        jobs.start(noted("never"), "a job")
        loop.run_until_complete(asyncio.sleep(0))
        assert done == ["first", "second"]
    finally:
        loop.close()
