"""What the documents point at is there, and what they say can be typed can be typed."""

import re
from pathlib import Path

import pytest

from xsconsole.cli.parser import parser

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
VERB = re.compile(r"^xsconsole ((?:[a-z-]+ ?)+(?:\| [a-z-]+ ?)*)", re.MULTILINE)


def verbs_of_the_readme():
    """Give every verb of the readme's listing; `config list | show NAME` has two."""
    for line in VERB.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        first, *others = (words.split() for words in line.split("|"))
        yield from [first, *([*first[:-1], *other] for other in others)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_link_leads_to_a_file(document):
    links = re.findall(r"(?<!!)\[[^\]]*\]\(([^)#]+)", document.read_text(encoding="utf-8"))

    broken = [link for link in links if "://" not in link and not (document.parent / link).exists()]

    assert not broken


@pytest.mark.parametrize("verb", [*verbs_of_the_readme()], ids=" ".join)
def test_the_command_line_knows_every_verb_of_the_readme(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([*verb, "--help"])

    assert ended.value.code == 0
    assert f"usage: xsconsole {' '.join(verb)}" in capsys.readouterr().out
