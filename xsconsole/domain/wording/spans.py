"""Time spans as people read them."""


def duration(seconds: float) -> str:
    """Return a time span as people read it: `45 s`, `3 min`, `2 h 5 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def exact_duration(seconds: float) -> str:
    """Return how long something took: `0.4 s`, from ten seconds on as `duration` says it."""
    return f"{max(0.0, seconds):.1f} s" if seconds < 9.95 else duration(seconds)
