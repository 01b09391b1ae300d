"""The inventory as the flat list of lines that a window shows."""
