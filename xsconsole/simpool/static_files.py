"""The files a host serves to browsers, where it was given any; XO Lite lives there on a real one."""

import html
import mimetypes
from pathlib import Path

from aiohttp import web

from xsconsole.simpool import pages


def file_answer(folder: Path, path: str) -> web.StreamResponse:
    """Return the file of a path below a folder, for a folder its `index.html`."""
    found = (folder / path.lstrip("/")).resolve()
    if not found.is_relative_to(folder.resolve()):
        return pages.page(403)
    if found.is_dir():
        found /= "index.html"
    if not found.is_file():
        return _missing(path)
    kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    return web.FileResponse(found, headers={"content-type": kind})


def _missing(path: str) -> web.Response:
    response = pages.bare(404)
    response.body = (
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"> <html><head> <title>404 Not Found</title> </head><body> '
        f"<h1>Not Found</h1> <p>The requested URL {html.escape(path)} was not found on this server.</p> "
        "<hr><address>Xapi Server</address></body></html>"
    ).encode()
    response.headers["content-type"] = "text/html"
    return response
