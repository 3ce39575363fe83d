"""A picture of rewards over the values of one hyper-parameter, as SVG."""

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, MARGIN = 640, 400, 60
HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
)


def chart(name: str, reward: str, values: Sequence[str], rewards: Sequence[float]) -> str:
    """A dot a trial. Values that are numbers have their places on a line, others side by side."""
    places = _places(values)
    span = (min(rewards), max(rewards))
    dots = "".join(
        f'<circle cx="{_x(places[value]):.1f}" cy="{_y(_relative(result, *span)):.1f}" r="4" fill="#4269d0">'
        f"<title>{escape(f'{name} {value}: {reward} {result:g}')}</title></circle>"
        for value, result in zip(values, rewards, strict=True)
    )
    axes = (
        f'<path d="M{MARGIN} {MARGIN}V{HEIGHT - MARGIN}H{WIDTH - MARGIN}" fill="none" stroke="black"/>'
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(name)}</text>'
        f'<text x="{MARGIN}" y="{MARGIN - 20}" text-anchor="middle">{escape(reward)}</text>'
        + "".join(_mark(0.0 if result == span[0] else 1.0, result) for result in dict.fromkeys(span))
    )
    ends = sorted(places.items(), key=lambda item: item[1])
    shown = ends if len(ends) <= 6 else [ends[0], ends[-1]]
    labels = "".join(
        f'<text x="{_x(place):.1f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">{escape(value)}</text>'
        for value, place in shown
    )
    return f"{HEAD}{axes}{labels}{dots}</svg>\n"


def _places(values: Sequence[str]) -> dict[str, float]:
    """Where each value is, from 0 to 1."""
    known = sorted(set(values))
    try:
        numbers = {value: float(value) for value in known}
    except ValueError:
        return {value: (at + 0.5) / len(known) for at, value in enumerate(known)}
    low, high = min(numbers.values()), max(numbers.values())
    return {value: _relative(number, low, high) for value, number in numbers.items()}


def _relative(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5


def _x(place: float) -> float:
    return MARGIN + place * (WIDTH - 2 * MARGIN)


def _y(place: float) -> float:
    return HEIGHT - MARGIN - place * (HEIGHT - 2 * MARGIN)


def _mark(place: float, value: float) -> str:
    return f'<text x="{MARGIN - 6}" y="{_y(place) + 4:.1f}" text-anchor="end">{value:.4g}</text>'
