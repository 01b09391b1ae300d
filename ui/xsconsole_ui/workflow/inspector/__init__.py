"""The designer's inspector: forms over the draft, for one thing or several."""
