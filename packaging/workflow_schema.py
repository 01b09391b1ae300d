"""Write the published JSON schema of workflows anew, after their structs changed.

.venv/bin/python packaging/workflow_schema.py
"""

from pathlib import Path

from xsconsole.domain.workflow.schema import RESOURCE, json_schema

if __name__ == "__main__":
    place = Path(__file__).resolve().parent.parent / "resources" / "xsconsole_resources" / RESOURCE
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(json_schema())
    print(place)
