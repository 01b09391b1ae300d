"""What was frozen for a request goes when a version of the workflow ends that, and stays as long as nobody can tell."""

from tests.engine.desks import Office, virtually
from tests.engine.publishing_over import publish
from tests.engine.requesting import ask, view
from tests.engine.test_candidates import Scene, copied
from tests.engine.test_copying import census
from xsconsole.domain.ids import StageId
from xsconsole.domain.publication.values import PUBLICATION_PREFIX
from xsconsole.domain.requests.views import RequestState
from xsconsole.domain.workflow.edits import change_stage, remove
from xsconsole.engine.ports import Field


def unreadable(office: Office) -> dict[str, str]:
    """Return the pool's keys with what stands beside the version as a newer console might write it."""
    return {key: "{}" if key.startswith(PUBLICATION_PREFIX) else text for key, text in office.pool.keys.items()}


def test_a_version_that_ends_a_request_lets_go_what_was_frozen_for_it() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        alice, bob, pool = scene.alice, scene.bob, scene.office.pool
        request = await ask(alice, scene.shop)

        await publish(bob, change_stage(copied(alice, bob), StageId("integration"), name="Inbox"))
        assert view(alice, request).state is RequestState.WAITING
        assert not view(alice, request).is_over
        pool.set_map(Field.POOL, None, unreadable(scene.office))
        assert view(alice, request).state is RequestState.VOID
        assert not view(alice, request).is_over
        await publish(bob, remove(copied(alice, bob), [StageId("production")]))

        assert view(alice, request).is_over
        assert await alice.engine.requests.thaw(request, "published over") == ""
        assert scene.frozen() == []
        assert await alice.engine.requests.forget(request, "seen") == ""
        assert not [key for key in pool.keys if ".request." in key or ".run." in key]
        left = census(scene.office)
        assert {name: left[name] for name in left if name != "keys"} == {
            name: scene.before[name] for name in left if name != "keys"
        }

    virtually(story)
