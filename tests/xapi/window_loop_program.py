"""Opens and closes a gateway on the window's loop; the exit status says whether it worked."""

import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_API"] = "pyside6"

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.ids import RunId
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.xapi.gateway import Gateway


class Password:
    def reveal(self) -> str:
        return password


async def run() -> int:
    inventory, states = Inventory(), list[LinkState]()

    def hear_link(change: LinkChanged) -> None:
        states.append(change.state)

    gateway = await Gateway.open(sys.argv[1], sys.argv[2], Password(), None, inventory.apply, hear_link)
    vm = next(one for one in inventory.all(VM) if one.is_ordinary)
    snapshot = await gateway.pool.snapshot(vm.uuid, "by the window's loop", RunId("run"), lambda _: None)
    await gateway.pool.destroy_snapshot(snapshot, RunId("run"))
    await gateway.close()
    return 0 if states == [LinkState.LIVE, LinkState.CLOSED] else 1


password = sys.stdin.read()
application = QApplication([])
with QEventLoop(application) as loop:
    status = loop.run_until_complete(run())
sys.exit(status)
