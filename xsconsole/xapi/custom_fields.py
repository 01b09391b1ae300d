"""XenCenter's custom fields: their definitions stand in one XML value that all clients of a pool share."""

import xml.etree.ElementTree as ET

KEY = "XenCenter.CustomFields"


def with_field(definitions: str, name: str) -> str | None:
    """Return the definitions with a text field added, everybody else's kept; None where it is defined already.

    Raises:
        ValueError: they cannot be read, and so not be kept.
    """
    try:
        root = ET.fromstring(definitions) if definitions.strip() else ET.Element("CustomFieldDefinitions")
    except ET.ParseError as failure:
        raise ValueError("the definitions of custom fields are no XML") from failure
    if any(field.get("name") == name for field in root):
        return None
    ET.SubElement(root, "CustomFieldDefinition", {"name": name, "type": "String", "defaultValue": ""})
    return ET.tostring(root, encoding="unicode")
