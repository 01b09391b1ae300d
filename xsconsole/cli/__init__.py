"""The commands that need no screen. They issue the same command objects as the window.

Exit status: 0 done, 1 refused or failed (the reason on standard error, as a sentence), 2 wrong usage, 3 asked for
where others have to approve, and not done yet.
"""

import argparse
import asyncio
import importlib
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress

from xsconsole.errors import ConsoleError


def main(options: argparse.Namespace) -> int:
    """Run one command and return its exit status. `options` come from `parser()`."""
    from xsconsole.cli import output  # noqa: PLC0415 - `--version` and `--help` load none of this

    output.begin()
    try:
        try:
            status = asyncio.run(_see(options))
        except ConsoleError as error:
            output.print_error(error)
            status = 1
        if status == 1 and getattr(options, "json", False):
            output.print_failure_document()
        output.flush()
        return status
    except BrokenPipeError:
        # Who read our output went away, as `head` does: nothing more can be said, and nothing was left half done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except output.NotWritten as failure:
        output.note(f"The output cannot be written: {failure}.")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (KeyboardInterrupt, asyncio.CancelledError):
        output.note("Stopped. `xsconsole status` shows whether something was interrupted.")
    return 1


async def _see(options: argparse.Namespace) -> int:
    """Run the verb. The system's request to end stops it as Ctrl+C does; a second one ends it at once."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.remove_signal_handler(signal.SIGTERM)
        task.cancel()

    with suppress(NotImplementedError):  # Windows has no such request
        loop.add_signal_handler(signal.SIGTERM, stop)
    module, function = VERBS[options.verb]
    status: int = await getattr(importlib.import_module(f"xsconsole.cli.{module}"), function)(options)
    return status


VERBS: Mapping[str, tuple[str, str]] = {
    "status": ("looking", "status"),
    "plan": ("acting", "show_plan"),
    "promote": ("acting", "act"),
    "demote": ("acting", "act"),
    "refresh": ("acting", "act"),
    "replicate": ("acting", "act"),
    "provision": ("provisioning", "provision"),
    "settle": ("acting", "settle"),
    "config list": ("looking", "config_list"),
    "config show": ("looking", "config_show"),
    "config compare": ("comparing", "compare"),
    "config manifest": ("comparing", "show_manifest"),
    "config create": ("acting", "act"),
    "config add": ("acting", "act"),
    "config remove": ("acting", "act"),
    "config adopt": ("acting", "act"),
    "config dissolve": ("acting", "act"),
    "config start": ("acting", "act"),
    "config shut-down": ("acting", "act"),
    "config reboot": ("acting", "act"),
    "config suspend": ("acting", "act"),
    "config resume": ("acting", "act"),
    "config snapshot": ("acting", "act"),
    "config revert": ("acting", "act"),
    "config rename": ("acting", "act"),
    "config note": ("acting", "act"),
    "config arrange": ("acting", "act"),
    "config delete": ("acting", "act"),
    "config migrate": ("acting", "act"),
    "config export": ("archives", "create"),
    "workflow list": ("workflows", "workflow_list"),
    "workflow show": ("workflows", "workflow_show"),
    "workflow export": ("workflows", "workflow_export"),
    "workflow lint": ("workflows", "workflow_lint"),
    "workflow diff": ("workflows", "workflow_diff"),
    "workflow drafts": ("workflows", "workflow_drafts"),
    "workflow new": ("workflows", "workflow_new"),
    "workflow import": ("workflows", "workflow_import"),
    "workflow discard": ("workflows", "workflow_discard"),
    "workflow walk": ("walking", "workflow_walk"),
    "workflow publish": ("publishing", "publish"),
    "workflow approve": ("publishing", "decide"),
    "workflow reject": ("publishing", "decide"),
    "workflow request": ("publish_files", "request"),
    "workflow decide": ("publish_files", "decide"),
    "workflow receive": ("publish_files", "receive"),
    "request list": ("requests", "request_list"),
    "request show": ("requests", "request_show"),
    "request approve": ("requests", "decide"),
    "request reject": ("requests", "decide"),
    "request withdraw": ("requests", "withdraw"),
    "request clean": ("requests", "clean"),
    "request run": ("requests", "run"),
    "request export": ("requests", "export"),
    "request decide": ("requests", "decide_on_file"),
    "request import": ("requests", "import_"),
    "review-item list": ("reviews", "review_list"),
    "review-item show": ("reviews", "review_show"),
    "review-item close": ("reviews", "close"),
    "restore-point list": ("points", "point_list"),
    "restore-point remove": ("acting", "act"),
    "restore-point expire": ("points", "expire"),
    "archive create": ("archives", "create"),
    "archive list": ("archives", "list_"),
    "archive show": ("archives", "show"),
    "archive verify": ("archives", "verify"),
    "archive restore": ("archives", "restore"),
    "archive replicate": ("archives", "replicate"),
    "archive prove": ("archives", "prove"),
    "archive keep": ("archives", "keep"),
    "archive expire": ("archives", "expire"),
    "archive compare": ("archives", "compare"),
    "archive hold": ("archives", "hold"),
    "archive release": ("archives", "release"),
    "archive delete": ("archives", "delete"),
    "blueprint list": ("blueprints", "list_"),
    "blueprint show": ("blueprints", "show"),
    "blueprint capture": ("blueprints", "capture"),
    "blueprint export-document": ("blueprints", "export_document"),
    "blueprint import-document": ("blueprints", "import_document"),
    "blueprint export": ("blueprint_files", "export"),
    "blueprint import": ("blueprint_files", "import_"),
    "blueprint edit": ("blueprints", "edit"),
    "blueprint drafts": ("blueprints", "drafts"),
    "blueprint discard": ("blueprints", "discard"),
    "blueprint check": ("blueprints", "check"),
    "blueprint diff": ("blueprints", "diff_"),
    "blueprint publish": ("blueprints", "publish"),
    "blueprint retire": ("blueprints", "retire"),
    "blueprint approve": ("blueprints", "decide"),
    "blueprint reject": ("blueprints", "decide"),
    "blueprint clean": ("blueprints", "clean"),
    "queue list": ("line", "queue_list"),
    "queue cancel": ("line", "queue_cancel"),
    "freeze add": ("closing", "close"),
    "freeze list": ("closing", "list_"),
    "freeze lift": ("closing", "lift"),
    "hold set": ("closing", "close"),
    "hold list": ("closing", "list_"),
    "hold lift": ("closing", "lift"),
    "stay extend": ("closing", "close"),
    "stay lift": ("closing", "lift"),
    "stay end": ("staying", "end"),
    "quarantine set": ("closing", "close"),
    "quarantine list": ("closing", "list_"),
    "quarantine lift": ("closing", "lift"),
    "line stop": ("closing", "close"),
    "line release": ("closing", "lift"),
    "line show": ("closing", "line_show"),
    "drift list": ("drifting", "list_"),
    "drift show": ("drifting", "show"),
    "drift state": ("drifting", "state"),
    "drift rules": ("drifting", "rules"),
    "drift allow": ("drifting", "allow"),
    "drift mend": ("acting", "act"),
    "drift forbid": ("drifting", "forbid"),
    "fence ground show": ("fence_ground", "ground_show"),
    "fence ground set": ("fence_ground", "ground_set"),
    "fence deploy": ("fences", "deploy"),
    "fence undeploy": ("fences", "undeploy"),
    "fence redeploy": ("fences", "redeploy"),
    "fence publish": ("fences", "publish"),
    "fence connect": ("fences", "connect"),
    "fence part": ("fences", "connect"),
    "fence list": ("fences", "list_"),
    "fence show": ("fences", "show"),
    "fence rules": ("fences", "rules"),
    "fence export": ("fences", "export"),
    "fence prove": ("fences", "prove"),
    "fence reach": ("fences", "reach"),
    "webhook set": ("webhook", "set_"),
    "webhook show": ("webhook", "show"),
    "webhook clear": ("webhook", "clear"),
    "webhook test": ("webhook", "test"),
    "key show": ("requests", "key_show"),
    "key export": ("keys", "export"),
    "key enrol": ("keys", "enrol"),
    "vm export": ("machines", "export"),
    "vm import": ("machines", "import_"),
    "audit list": ("record", "audit_list"),
    "audit export": ("record", "audit_export"),
    "audit verify": ("record", "audit_verify"),
    "audit report": ("joint_report", "audit_report"),
    "audit accept": ("record", "audit_accept"),
    "audit anchor": ("record", "audit_anchor"),
    "audit rotate": ("record", "audit_rotate"),
    "audit reconcile": ("projecting", "audit_reconcile"),
    "audit acknowledge": ("projecting", "audit_acknowledge"),
    "audit board": ("projecting", "audit_board"),
}
"""Module and function of each verb, loaded when it is said."""
