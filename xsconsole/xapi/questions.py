"""Questions that a host answers over plain HTTP, beside its calls."""

import contextlib
import http.client

import urllib3

from xsconsole.xapi.errors import RoadBroken
from xsconsole.xapi.transport import Address, cause_of, connection_to
from xsconsole.xapi.trust import Trust

TIMEOUT_S = 15.0
LARGEST_ANSWER_BYTES = 32 * 1024 * 1024
OK = 200
BROKEN = (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError)


def asked(trust: Trust, address: Address, session: str, path: str) -> tuple[int, bytes]:
    """Return the status and the answer to a path with its query; of a very long one the beginning.

    Raises:
        RoadBroken: there was none.
    """
    with contextlib.closing(connection_to(trust.checked(address))) as connection:
        connection.timeout = TIMEOUT_S
        try:
            # The cookie carries the session: a query would stand in every log.
            connection.request("GET", path, headers={"Cookie": f"session_id={session}"})
            response = connection.getresponse()
            return response.status, response.data[:LARGEST_ANSWER_BYTES]
        except BROKEN as failure:
            raise RoadBroken(cause_of(failure), was_sent=True) from failure
