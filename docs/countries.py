"""Makes the shapes of countries that the maps show: `python docs/countries.py WORLD_ATLAS ISO_COUNTRIES`.

The two folders are the npm packages world-atlas 2.0.2 (ISC; the shapes are Natural Earth's, in the public domain) and
i18n-iso-countries 7.14.0 (MIT; from numbers to three letters), unpacked. The projection is the one that the European
Union uses for statistics: Lambert's azimuthal one with equal areas, around 52° N, 10° E. That of the world is Equal
Earth.
"""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

OUTPUT = Path(__file__).parent.parent / "src/whatworks/pages/static/vendor"
WIDTH, HEIGHT, SCALE = 760, 680, 1050  # of the picture; and how many units the radius of the earth has
_MIDDLE = math.radians(52), math.radians(10)
_NEAR = 0.9  # of the earth's radius: what lies further away is not drawn
_LEAST, _SLACK = 6.0, 0.6  # islands with less area are left out; how far a line may be moved
_WORLD = 760, 345, 140  # the same for the map of the world: its size, and how many units the radius of the earth has
_EQUAL_EARTH = 1.340264, -0.081106, 0.000893, 0.003796
_COLD = -58  # degrees north: Antarctica is left out

Point = tuple[float, float]
Projection = Callable[[float, float], Point | None]


def projected(longitude: float, latitude: float) -> Point | None:
    """Return where a place is in the picture; None for one on the other side of the earth."""
    lat, lon = math.radians(latitude), math.radians(longitude) - _MIDDLE[1]
    near = math.sin(_MIDDLE[0]) * math.sin(lat) + math.cos(_MIDDLE[0]) * math.cos(lat) * math.cos(lon)
    if near < 0.3:
        return None
    size = math.sqrt(2 / (1 + near))
    x = size * math.cos(lat) * math.sin(lon)
    y = size * (math.cos(_MIDDLE[0]) * math.sin(lat) - math.sin(_MIDDLE[0]) * math.cos(lat) * math.cos(lon))
    if math.hypot(x, y) > _NEAR:
        return None
    return WIDTH * 0.47 + SCALE * x, HEIGHT * 0.52 - SCALE * y


def flattened(longitude: float, latitude: float) -> Point | None:
    """Return where a place is on the map of the world (Equal Earth, by Šavrič, Patterson and Jenny); None for ice."""
    if latitude < _COLD:
        return None
    a1, a2, a3, a4 = _EQUAL_EARTH
    t = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    squared = t * t
    y = t * (a1 + a2 * squared + squared**3 * (a3 + a4 * squared))
    slope = a1 + 3 * a2 * squared + squared**3 * (7 * a3 + 9 * a4 * squared)
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(t) / (3 * slope)
    width, _, size = _WORLD
    return width / 2 + size * x, size * 1.33 - size * y


def simpler(line: list[Point], slack: float) -> list[Point]:
    """Return a line with fewer points, none of which is moved by more than a little (Douglas and Peucker)."""
    kept, waiting = {0, len(line) - 1}, [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        (x1, y1), (x2, y2) = line[first], line[last]
        length = math.hypot(x2 - x1, y2 - y1)
        far, at = 0.0, 0
        for index in range(first + 1, last):
            x, y = line[index]
            away = abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length if length else math.hypot(x - x1, y - y1)
            if away > far:
                far, at = away, index
        if far > slack:
            kept.add(at)
            waiting += [(first, at), (at, last)]
    return [line[index] for index in sorted(kept)]


def main(atlas: Path, countries: Path) -> None:
    """Write the file."""
    topology = json.loads((atlas / "countries-50m.json").read_text(encoding="utf-8"))
    listed = json.loads((countries / "codes.json").read_text(encoding="utf-8"))
    codes = {number: three for _, three, number, *_ in listed}
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs: list[list[Point]] = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)
    shapes = [
        (
            codes.get(shape.get("id", ""), shape["properties"]["name"]),
            [
                polygon[0]
                for polygon in {"Polygon": [shape["arcs"]], "MultiPolygon": shape["arcs"]}.get(shape["type"], [])
            ],
        )
        for shape in topology["objects"]["countries"]["geometries"]
    ]
    _write("europe", (WIDTH, HEIGHT), shapes, arcs, (projected, _LEAST))
    _write("world", _WORLD[:2], shapes, arcs, (flattened, 3.0))


def _write(
    name: str,
    size: tuple[int, int],
    shapes: list[tuple[str, list[list[int]]]],
    arcs: list[list[Point]],
    how: tuple[Projection, float],
) -> None:
    found: dict[str, str] = {}
    for code, rings in shapes:
        # A country of small islands keeps the largest of them.
        path = "".join(_drawn(ring, arcs, size, *how) for ring in rings) or max(
            (_drawn(ring, arcs, size, how[0], 0) for ring in rings), key=len, default=""
        )
        if path:
            found[code] = path
    made = {"width": size[0], "height": size[1], "paths": dict(sorted(found.items()))}
    text = json.dumps(made, separators=(",", ":"), ensure_ascii=False) + "\n"
    (OUTPUT / f"{name}.json").write_text(text, encoding="utf-8")


def _drawn(ring: list[int], arcs: list[list[Point]], size: tuple[int, int], project: Projection, least: float) -> str:
    places: list[Point] = []
    for number in ring:
        part = arcs[number] if number >= 0 else arcs[~number][::-1]
        places += part if not places else part[1:]
    points = [point for point in (project(*place) for place in places) if point is not None]
    if len(points) < 4:
        return ""
    area = abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True))) / 2
    xs, ys = [x for x, _ in points], [y for _, y in points]
    is_seen = max(xs) > 0 and min(xs) < size[0] and max(ys) > 0 and min(ys) < size[1]
    if not is_seen or (area < least and (len(places) < 12 or project is flattened)):
        return ""
    line = simpler(points, _SLACK)
    return "M" + "L".join(f"{x:.0f} {y:.0f}" if area > 400 else f"{x:.1f} {y:.1f}" for x, y in line) + "Z"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
