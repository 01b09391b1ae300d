"""To which pools the window is connected: asked for, remembered for the next start, and left."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from xsconsole.console import Connection, Estate, Secret
from xsconsole.domain.estate import PoolSight
from xsconsole.errors import CertificateChanged, ConnectFailed, ConsoleError
from xsconsole_ui.connect_dialog import ConnectDialog
from xsconsole_ui.dialogs import answered
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.notices import Notices

Wanted = tuple[Connection, Secret | None]
"""Where to connect, with the password where nobody has to be asked for it."""


class Connecting(QObject):
    """One pool that fails hinders no other; each is asked about by itself."""

    def __init__(self, estate: Estate, jobs: Jobs, notices: Notices, window: QWidget) -> None:
        super().__init__(window)
        self._estate, self._jobs, self._notices, self._window = estate, jobs, notices, window
        self._wanted: dict[str, None] = {}  # addresses, in the order in which they came
        self._menu = QMenu(window)
        self._menu.triggered.connect(self._leave_chosen)

    @property
    def menu(self) -> QMenu:
        """The choice of a pool to disconnect from, where there are several."""
        return self._menu

    def begin(self, pools: Sequence[Wanted], *, are_named: bool = False) -> None:
        """Connect to all of these; those without a password are asked for, one after another.

        `are_named`: they were named for this start, and the next one connects to the usual ones, too.
        """
        usual = self._estate.home.usual_pools(None) if are_named else ()
        self._wanted = dict.fromkeys([*(one.url for one in usual), *(connection.url for connection, _ in pools)])
        unknown = [connection for connection, password in pools if password is None]
        for connection, password in pools:
            if password is not None:
                self.connect_to(connection, password)
        if unknown:
            self._jobs.start(self._ask_for(unknown), "ask for pools")

    def ask(self, proposed: Connection | None = None) -> None:
        """Open the dialog that asks for a pool. It connects by itself and stays until that has worked."""
        self._jobs.start(self._ask(proposed), "ask for a pool")

    def ask_again(self, url: str) -> None:
        """Open the dialog for a pool that was given up: with its changed certificate, where that is the reason."""
        link = next((sight.link for sight in self._estate.sights if sight.url == url), None)
        changed = link.error if link is not None and isinstance(link.error, CertificateChanged) else None
        try:
            known = self._estate.home.known_connection(url, None, None)
        except ConsoleError as failure:
            self._notices.tell_error(failure)
            return
        self._jobs.start(self._ask(known, changed), "ask for a pool")

    def connect_to(self, connection: Connection, password: Secret) -> None:
        """Connect; where that fails, say why and ask."""
        self._jobs.start(self._connect_or_ask(connection, password), "connect")

    async def _ask_for(self, unknown: Sequence[Connection]) -> None:
        self._estate.pools.expect(())
        # While somebody looks for the passwords, the last known states can be looked at.
        for connection in unknown:
            await self._estate.pools.recall(connection.url)
        for connection in unknown:
            await self._ask(connection)

    async def _ask(self, proposed: Connection | None, changed: CertificateChanged | None = None) -> None:
        self._estate.pools.expect(())
        await answered(ConnectDialog(self._estate, proposed, self._window, changed=changed))
        self._keep()

    async def _connect_or_ask(self, connection: Connection, password: Secret) -> None:
        self._estate.pools.expect(())  # from here on the road itself says so
        try:
            await self._estate.pools.connect(connection, password)
        except ConnectFailed as failure:
            self._notices.tell_error(failure)
            await self._ask(connection)
        else:
            self._keep()

    def _keep(self) -> None:
        """Remember for the next start what is connected now, and what was wanted and could not be."""
        for console in self._estate.pools:
            self._wanted[console.url] = None
        try:
            self._estate.home.keep_connected(tuple(self._wanted))
        except ConsoleError as failure:
            self._notices.tell_error(failure)

    def leave(self, at: QPoint) -> None:
        """Disconnect from the pool; of several, ask from which."""
        sights = self._estate.sights
        if len(sights) == 1:
            self._leave(sights[0])
            return
        self._menu.clear()
        for sight in sights:
            action = QAction(self.tr("Disconnect from {pool}").format(pool=sight.name), self._menu)
            action.setData(sight.url)
            self._menu.addAction(action)
        self._menu.popup(at)

    @Slot(QAction)
    def _leave_chosen(self, chosen: QAction) -> None:
        sight = next((sight for sight in self._estate.sights if sight.url == chosen.data()), None)
        if sight is not None:
            self._leave(sight)

    def _leave(self, sight: PoolSight) -> None:
        console = next((one for one in self._estate.pools.all if one.url == sight.url), None)
        if console is None:
            return
        if any(status.ended_at is None for status in console.runs):
            self._notices.tell(
                "warn",
                self.tr("A run is going on on {pool}.").format(pool=sight.name),
                self.tr("Wait until it has ended, or stop it in the activity, then disconnect."),
            )
            return
        self._wanted.pop(sight.url, None)
        self._jobs.start(self._left(sight.url), "disconnect")

    async def _left(self, url: str) -> None:
        console = next((one for one in self._estate.pools.all if one.url == url), None)
        if console is not None:
            await self._estate.pools.leave(console)
            self._keep()
