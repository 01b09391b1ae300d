"""Values for a blueprint in a file: a JSON object of parameters, or an array of them, one for each configuration."""

from collections.abc import Mapping

import msgspec

from xsconsole.domain.naming import shortened
from xsconsole.domain.text_faults import Names, refuse_doubled
from xsconsole.errors import Refused

FILE_LIMIT_BYTES = 1024 * 1024
FORM = 'Write an object such as {"customer": "acme", "memory": "4 GiB"}, or an array of them, one for each.'
NAMES = Names(what="file of values", parts={"": "Configuration"}, field=str)

Row = Mapping[str, object]


def rows_from(content: bytes, name: str) -> tuple[Row, ...]:
    """Return the rows of a file; `name` is what it is called.

    Raises:
        Refused: it is no such file, with the place where that can be told.
    """
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as failure:
        raise _refused(f"{shortened(name, 200)} is no JSON: {shortened(str(failure), 200)}.") from failure
    rows = found if isinstance(found, list) else [found]
    for number, row in enumerate(rows, start=1):
        where = f"{shortened(name, 200)}, number {number}," if isinstance(found, list) else shortened(name, 200)
        if not isinstance(row, dict):
            raise _refused(f"{where} is no object of values.")
        strange = [key for key, value in row.items() if not isinstance(value, str | int | bool)]
        if strange:
            raise _refused(f"{where} gives “{shortened(strange[0], 40)}” no text, whole number, true or false.")
    if not rows:
        raise _refused(f"{shortened(name, 200)} has no values in it.")
    refuse_doubled(content, NAMES)
    return tuple(rows)


def _refused(reason: str) -> Refused:
    return Refused(reason=reason, mend=FORM)
