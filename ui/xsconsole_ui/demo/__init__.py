"""The demo that plays itself: the main job through the real widgets, with pictures and a report."""
