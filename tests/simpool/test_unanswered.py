"""The messages that nobody answers here: known by name, so that the list only changes when somebody wants it to.

What is left needs what this process has none of: a way out to other servers, a database in a file, the state of
firmware, a control domain whose network and services could be taken away. Such a call is refused with NOT_IMPLEMENTED
and its name.
"""

from collections.abc import Callable
from typing import Any

from xsconsole.simpool import disk_servers, identity_calls, model, succession_calls
from xsconsole.simpool.behaviours import HANDLERS
from xsconsole.simpool.generated import generated

UNANSWERED = {
    "VM.import_convert",
    "VM.recover",
    "VM.update_secureboot_certificates_on_boot",
    "VM_appliance.recover",
    "host.bugreport_upload",
    "host.get_tracked_user_agents",
    "host.local_management_reconfigure",
    "host.management_disable",
    "host.shutdown_agent",
    "pool.send_test_post",
    "pool.sync_trusted_certificates_from",
    "session.create_from_db_file",
}


def answered_by_the_hosts() -> set[str]:
    """What is answered by whom knows the hosts at their addresses, and not by the handlers of every pool."""
    nobody: Any = None
    disks = disk_servers.DiskServers(nobody, nobody, nobody)
    return {*succession_calls.calls(nobody), *identity_calls.calls(nobody), *disks.calls()}


def test_no_other_messages_are_left_without_an_answer() -> None:
    answered = answered_by_the_hosts() | set(HANDLERS)

    assert {
        f"{cls.name}.{message.name}"
        for cls in model.load().classes.values()
        for message in cls.messages.values()
        if not message.is_removed and f"{cls.name}.{message.name}" not in answered and generated(cls, message) is None
    } == UNANSWERED


def test_a_message_that_is_not_answered_says_so(session: Any, refusal: Callable[..., list[str]]) -> None:
    host = session.xenapi.host.get_all()[0]

    assert refusal(session.xenapi.host.bugreport_upload, host, "", {}) == ["NOT_IMPLEMENTED", "host.bugreport_upload"]
    assert refusal(session.xenapi.host.management_disable) == ["NOT_IMPLEMENTED", "host.management_disable"]
