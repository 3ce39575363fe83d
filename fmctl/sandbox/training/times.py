"""Times as texts: ModelArts writes those of events and stages in the zone of Beijing."""

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def local(seconds: float) -> str:
    """ISO 8601 with milliseconds and +08:00."""
    return datetime.fromtimestamp(seconds, BEIJING).isoformat(timespec="milliseconds")
