"""Checks bundles and databases of the audit by the standard library alone. `joined` makes one program of it."""

import ast
from importlib.resources import files

MODULES = ("values", "ed25519", "container", "listing", "heads", "approvals", "walk", "database", "program")


def joined() -> bytes:
    """Return all of it as one file, `verify.py`: module after module, without what they import of one another."""
    texts = [files(__package__).joinpath(f"{name}.py").read_text(encoding="utf-8") for name in MODULES]
    title = ast.get_docstring(ast.parse(texts[-1]), clean=False)
    return "\n\n".join([f'"""{title}"""', *map(_alone, texts)]).encode() + b"\n"


def _alone(text: str) -> str:
    tree, lines = ast.parse(text), text.splitlines()
    cut: set[int] = set()
    for node in tree.body:
        is_inner = isinstance(node, ast.ImportFrom) and (node.module or "").startswith(__package__)
        if is_inner or node is tree.body[0]:
            cut |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in cut).strip("\n")
