r"""Names with which people log in: one person may be spelled in several ways.

A directory takes `ACME\ann`, `ann@acme.example` and, of its own domain, `ann`, in any case. Which domain a short name
stands for only the directory knows.
"""

import unicodedata


def may_be_one(one: str, other: str) -> bool:
    """Return whether two log-in names may be those of one person; nothing is the name of nobody.

    Where it cannot be told they may be: nobody counts as two because a name was written in another way. Two are apart
    if the names are, or if the domains are and are written alike, both short or both whole.
    """
    (user, domain), (user_too, domain_too) = _parts(one), _parts(other)
    if not user or user != user_too:
        return False
    is_alike = ("." in domain) == ("." in domain_too)
    return not domain or not domain_too or not is_alike or domain == domain_too


def _parts(name: str) -> tuple[str, str]:
    """Return the name of the user and of the domain, which may be empty."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()
    if "\\" in folded:
        domain, _, user = folded.partition("\\")
    else:
        user, _, domain = folded.rpartition("@") if "@" in folded else (folded, "", "")
    return user.strip(), domain.strip().rstrip(".")
