"""What most tests of the store begin with: a home that is empty, and its record."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.homes import Home
from xsconsole.store.ledger import SqliteLedger


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
async def ledger(home: Home) -> AsyncIterator[SqliteLedger]:
    ledger = await home.ledger()
    yield ledger
    await ledger.close()
