"""The audit log as a client downloads it."""

from xsconsole.simpool.visits import Answered, Visit

_PIECE_LINES = 500


async def download(visit: Visit) -> Answered:
    stream = await visit.begin({"content-type": "text/plain"})
    piece: list[str] = []
    for line in visit.pool.audit.lines(visit.params.get("since", "")):
        piece.append(f"{line}\n")
        if len(piece) == _PIECE_LINES:
            await stream.write("".join(piece).encode())
            piece.clear()
    await stream.write("".join(piece).encode())
    return Answered(response=stream)
