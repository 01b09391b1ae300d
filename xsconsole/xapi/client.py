"""The package's session on a road of ours."""

from typing import Any

import XenAPI

from xsconsole.xapi.transport import NO_SESSION, Road


class Session(XenAPI.Session):  # type: ignore[misc] # the package has no types
    """The package's session on a road of ours, without its two traps.

    It logs in again silently where a session has ended, and keeps the password for that; and its transport makes a
    call a second time whose answer is lost.
    """

    def __init__(self, road: Road, handle: str | None = None) -> None:
        super().__init__(road.address.url, transport=road)
        self._road = road
        self._session = handle

    def of(self, handle: str) -> "Session":
        """Return another session of the same pool, on the same road."""
        return Session(self._road, handle)

    def xenapi_request(self, methodname: str, params: tuple[object, ...]) -> Any:
        if methodname.startswith("login"):
            return self._login(methodname, params)
        if methodname in ("logout", "session.logout"):
            return self._logout()
        return self._road.call(methodname, (self._session or NO_SESSION, *params))

    def _login(self, method: str, params: tuple[object, ...]) -> None:
        self._session = self._road.call(f"session.{method}", params)
        self.last_login_method = method

    def _logout(self) -> None:
        handle, self._session = self._session, None
        if handle is not None:
            self._road.call("session.logout", (handle,))
