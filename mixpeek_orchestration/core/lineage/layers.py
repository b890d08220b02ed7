"""A layered layout: nodes in given columns, put in an order with few crossings and at heights that keep edges short.

The classical steps of Sugiyama: edges over several columns get a waypoint in each, columns are ordered by the
positions of their neighbours, and heights are the nearest to those of the neighbours that keep the order.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SWEEPS: Final = 8
Waypoint = tuple[str, str, int]
"""Where an edge crosses a column: both ends, and the column."""
Place = str | Waypoint


@dataclass(frozen=True)
class Layout:
    """The centre of each node in height, and the heights at which each edge crosses the columns between its ends."""

    height_of: Mapping[str, float]
    passes: Mapping[tuple[str, str], tuple[float, ...]]
    total: float


def arrange(
    columns: Sequence[Sequence[str]],
    edges: Sequence[tuple[str, str]],
    *,
    sizes: Mapping[str, float],
    waypoint_size: float,
) -> Layout:
    """The layout of nodes of these sizes in columns; every edge goes from a column to a later one.

    Equal input gives an equal layout.
    """
    column_of = {node: index for index, column in enumerate(columns) for node in column}
    places: list[list[Place]] = [list(column) for column in columns]
    hops: list[tuple[Place, Place]] = []
    waypoints: dict[tuple[str, str], list[Waypoint]] = {}
    for before, after in edges:
        between = [(before, after, c) for c in range(column_of[before] + 1, column_of[after])]
        waypoints[before, after] = between
        for place in between:
            places[place[2]].append(place)
        path: list[Place] = [before, *between, after]
        hops += itertools.pairwise(path)
    into, out_of = _neighbours(hops)
    ordered = _with_few_crossings(places, into, out_of)

    def size(place: Place) -> float:
        return sizes[place] if isinstance(place, str) else waypoint_size

    heights = _heights(ordered, into, out_of, size)
    top = min((height - size(place) / 2 for place, height in heights.items()), default=0.0)
    bottom = max((height + size(place) / 2 for place, height in heights.items()), default=0.0)
    return Layout(
        {node: heights[node] - top for node in column_of},
        {edge: tuple(heights[place] - top for place in between) for edge, between in waypoints.items()},
        bottom - top,
    )


Neighbours = Mapping[Place, Sequence[Place]]


def _neighbours(hops: Sequence[tuple[Place, Place]]) -> tuple[Neighbours, Neighbours]:
    into: dict[Place, list[Place]] = {}
    out_of: dict[Place, list[Place]] = {}
    for before, after in hops:
        into.setdefault(after, []).append(before)
        out_of.setdefault(before, []).append(after)
    return into, out_of


def _with_few_crossings(places: list[list[Place]], into: Neighbours, out_of: Neighbours) -> list[list[Place]]:
    """The best order that some sweeps to the right and to the left find."""
    best, fewest = places, _crossings(places, out_of)
    current = places
    for sweep in range(SWEEPS):
        if not fewest:
            break
        rightward = sweep % 2 == 0
        current = _swept(current, into if rightward else out_of, rightward=rightward)
        crossings = _crossings(current, out_of)
        if crossings < fewest:
            best, fewest = current, crossings
    return best


def _swept(places: list[list[Place]], beside: Neighbours, *, rightward: bool) -> list[list[Place]]:
    """Each column in the order of the mean position of its neighbours in the column before it."""
    found = [list(column) for column in places]
    indexes = range(1, len(found)) if rightward else range(len(found) - 2, -1, -1)
    for index in indexes:
        fixed = {place: n for n, place in enumerate(found[index - 1 if rightward else index + 1])}

        def mean(item: tuple[int, Place], fixed: Mapping[Place, int] = fixed) -> tuple[float, int]:
            number, place = item
            at = [fixed[neighbour] for neighbour in beside.get(place, ())]
            return (sum(at) / len(at) if at else float(number), number)

        found[index] = [place for _, place in sorted(enumerate(found[index]), key=mean)]
    return found


def _crossings(places: list[list[Place]], out_of: Neighbours) -> int:
    """How many pairs of hops cross: inversions of their ends, counted column by column."""
    count = 0
    for left, right in itertools.pairwise(places):
        position = {place: n for n, place in enumerate(right)}
        seen: list[int] = []
        for place in left:
            ends = [position[after] for after in out_of.get(place, ())]
            for end in ends:
                count += len(seen) - bisect_left(seen, end + 1)
            for end in ends:
                insort(seen, end)
    return count


def _heights(
    ordered: list[list[Place]], into: Neighbours, out_of: Neighbours, size: Callable[[Place], float]
) -> dict[Place, float]:
    heights: dict[Place, float] = {}
    for column in ordered:
        heights |= zip(column, _nearest([0.0] * len(column), [size(place) for place in column]), strict=True)
    for sweep in range(SWEEPS):
        for column in ordered if sweep % 2 == 0 else reversed(ordered):
            wanted = [_mean_height(place, heights, into, out_of) for place in column]
            heights |= zip(column, _nearest(wanted, [size(place) for place in column]), strict=True)
    return heights


def _mean_height(place: Place, heights: Mapping[Place, float], into: Neighbours, out_of: Neighbours) -> float:
    around = [heights[other] for other in (*into.get(place, ()), *out_of.get(place, ()))]
    return sum(around) / len(around) if around else heights[place]


def _nearest(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Positions in this order, a size apart, with the least squared distance to the wanted ones.

    Without the sizes this is isotonic regression: neighbours that would overlap are pooled and share their mean.
    """
    offsets: list[float] = []
    for number, size in enumerate(sizes):
        offsets.append(0.0 if not number else offsets[-1] + (sizes[number - 1] + size) / 2)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, weight = want - offset, 1
        while pools and pools[-1][0] > mean:
            before, count = pools.pop()
            mean, weight = (mean * weight + before * count) / (weight + count), weight + count
        pools.append((mean, weight))
    free = [mean for mean, weight in pools for _ in range(weight)]
    return [position + offset for position, offset in zip(free, offsets, strict=True)]
