"""The words and options of the audit."""

from xsconsole.cli.request_parser import VerbMaker
from xsconsole.cli.typed_values import count


def add_audit(make: VerbMaker) -> None:
    """Add the verbs of `audit`."""
    verb = make("audit list", "rows, newest first", has_json=True)
    verb.add_argument("--text", default="", metavar="FILTER", help="only rows that fit, such as 'who:alice age<7d'")
    verb.add_argument("--limit", type=count, default=100, metavar="N", help="at most so many rows (100)")
    verb = make("audit verify", "check the chain, its values and signatures", has_json=True)
    verb.add_argument("--key", metavar="FINGERPRINT", help="the key that must have signed it, as it was kept elsewhere")
    make("audit accept", "go on with a record that is not the one remembered; a row says so")
