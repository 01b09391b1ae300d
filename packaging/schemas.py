"""Write the published JSON schemas of workflows and blueprints anew, after their structs changed.

.venv/bin/python packaging/schemas.py
"""

from pathlib import Path

from xsconsole.domain.blueprint import schema as of_blueprints
from xsconsole.domain.workflow import schema as of_workflows

if __name__ == "__main__":
    resources = Path(__file__).resolve().parent.parent / "resources" / "xsconsole_resources"
    for one in (of_workflows, of_blueprints):
        place = resources / one.RESOURCE
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(one.json_schema())
        print(place)
