"""Cron expressions of five fields, read in UTC: when one means next."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from fmctl.sandbox.models.checks import invalid

RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
LOOK_AHEAD = timedelta(days=4 * 366 + 1)  # 29 February comes at least that often


def next_time(schedule: str, now: float) -> float:
    """The first minute after `now` that a cron expression of five fields means."""
    minutes, hours, days, months, weekdays = parse(schedule)
    moment = datetime.fromtimestamp(now // 60 * 60 + 60, UTC)
    end = moment + LOOK_AHEAD
    any_day, any_weekday = (schedule.split()[at] == "*" for at in (2, 4))
    while moment < end:
        by_day, by_weekday = moment.day in days, moment.isoweekday() % 7 in weekdays
        # Cron's old rule: when both are restricted, one of them is enough.
        fits = by_day and by_weekday if any_day or any_weekday else by_day or by_weekday
        if moment.month not in months or not fits:
            moment = (moment + timedelta(days=1)).replace(hour=0, minute=0)
        elif moment.hour not in hours:
            moment = (moment + timedelta(hours=1)).replace(minute=0)
        elif moment.minute not in minutes:
            moment += timedelta(minutes=1)
        else:
            return moment.timestamp()
    raise invalid("schedule", f"{schedule} never comes")


def parse(schedule: str) -> list[frozenset[int]]:
    """The values of each of the five fields."""
    fields = schedule.split()
    if len(fields) != len(RANGES):
        raise invalid("schedule", "five fields: minute, hour, day, month and weekday")
    values = [_values(field, low, high) for field, (low, high) in zip(fields, RANGES, strict=True)]
    return [*values[:4], frozenset(day % 7 for day in values[4])]


def _values(field: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(?:\*|\?|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?", part)
        if not match:
            raise invalid("schedule", f"{field} is no field of cron")
        first, last, step = match.groups()
        begin = int(first) if first else low
        end = int(last) if last else (begin if first and not step else high)
        if not low <= begin <= end <= high or step == "0":
            raise invalid("schedule", f"{field} is not between {low} and {high}")
        found.update(range(begin, end + 1, int(step or 1)))
    return frozenset(found)
