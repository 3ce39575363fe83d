"""Times as texts: ModelArts writes those of events and stages in the zone of Beijing."""

from datetime import datetime, timedelta, timezone

EARLIEST, LATEST = -6.2e10, 2.5e11  # within the years 1 to 9999
BEIJING = timezone(timedelta(hours=8))


def local(seconds: float) -> str:
    """ISO 8601 with milliseconds and +08:00."""
    return datetime.fromtimestamp(seconds, BEIJING).isoformat(timespec="milliseconds")


def parse(text: str) -> float:
    """Seconds, of ISO 8601 or of milliseconds as the API writes create_time; ValueError for no time of a calendar."""
    seconds = int(text) / 1000 if text.isdecimal() else datetime.fromisoformat(text).timestamp()
    if not EARLIEST < seconds < LATEST:
        raise ValueError(f"{text} is too far away")
    return seconds
