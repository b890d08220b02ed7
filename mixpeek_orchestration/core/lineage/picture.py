"""A lineage as an SVG picture: a card per resource, in columns from the buckets to what is searched.

Everything in it is text that was escaped or numbers; it has no script, loads nothing, and is readable on light and
dark pages, because it brings its own background.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from mixpeek_orchestration.core.display import fitted, shown, width
from mixpeek_orchestration.core.lineage.graph import LineageGraph, Node
from mixpeek_orchestration.core.lineage.layers import arrange

CARD_WIDTH: Final = 236
CARD_HEIGHT: Final = 72
BADGES_HEIGHT: Final = 24
GAP_X: Final = 84
GAP_Y: Final = 20
MARGIN: Final = 24
HEADING: Final = 34
NAME_CELLS: Final = 24
DETAIL_CELLS: Final = 32
BADGE_CELLS: Final = 13

STYLE: Final = """
:root{--page:#ffffff;--card:#ffffff;--line:#d7dbe3;--edge:#a7b0c0;--text:#16202f;--dim:#5b6779;
--bucket:#2f6fde;--collection:#0b8a6a;--endpoint:#a04ad6;--retriever:#c2570c;
--new:#1f4fa8;--new-bg:#e1ebff;--stale:#8a5a00;--stale-bg:#fff1cc;--failed:#b3261e;--failed-bg:#fde3e1}
@media (prefers-color-scheme:dark){:root{--page:#12161d;--card:#1b212b;--line:#333c4a;--edge:#5a6678;
--text:#eef2f8;--dim:#a3afc0;--bucket:#6ea4ff;--collection:#3ccba3;--endpoint:#cd8cf5;--retriever:#f59a52;
--new:#9fc1ff;--new-bg:#1d3157;--stale:#ffd166;--stale-bg:#4a3a10;--failed:#ff9d95;--failed-bg:#521f1b}}
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:var(--text);font-size:12px}
.page{fill:var(--page)}.card{fill:var(--card);stroke:var(--line)}
.edge{fill:none;stroke:var(--edge);stroke-width:1.5}.tip{fill:var(--edge)}
.heading{fill:var(--dim);font-weight:600;font-size:11px;letter-spacing:.06em;text-transform:uppercase}
.kind{fill:var(--dim);font-size:11px}.name{font-weight:600;font-size:14px}.count{font-size:12px}
.bucket{fill:var(--bucket)}.collection{fill:var(--collection)}.endpoint{fill:var(--endpoint)}
.retriever{fill:var(--retriever)}
.new-bg{fill:var(--new-bg)}.stale-bg{fill:var(--stale-bg)}.failed-bg{fill:var(--failed-bg)}
.new{fill:var(--new);font-weight:600;font-size:11px}.stale{fill:var(--stale);font-weight:600;font-size:11px}.failed{fill:var(--failed);font-weight:600;font-size:11px}
""".strip()


def no_link(_: Node) -> str:
    """Nothing can be clicked."""
    return ""


def lineage_svg(graph: LineageGraph, *, title: str, link: Callable[[Node], str] = no_link) -> str:
    """The picture of a graph as the text of an SVG file; the same graph always gives the same text."""
    columns = graph.columns()
    layout = arrange(
        [[node.node_id for node in nodes] for _, nodes in columns],
        graph.edges,
        sizes={node.node_id: _height(node) + GAP_Y for node in graph.nodes},
        waypoint_size=GAP_Y,
    )
    across = 2 * MARGIN + max(len(columns), 1) * (CARD_WIDTH + GAP_X) - GAP_X
    height = 2 * MARGIN + HEADING + max(layout.total - GAP_Y, CARD_HEIGHT)
    column_of = {node.node_id: index for index, (_, nodes) in enumerate(columns) for node in nodes}
    top = MARGIN + HEADING - GAP_Y / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {height:.0f}" width="{across}" '
        f'height="{height:.0f}" role="img" aria-label={quoteattr(shown(title))}>',
        f"<title>{escape(shown(title))}</title>",
        f"<style>{STYLE}</style>",
        '<rect class="page" width="100%" height="100%"/>',
        *(_heading(heading, _left(index)) for index, (heading, _) in enumerate(columns)),
    ]
    for before, after in graph.edges:
        heights = [layout.height_of[before], *layout.passes[before, after], layout.height_of[after]]
        parts.append(_edge(column_of[before], [top + height for height in heights]))
    for index, (_, nodes) in enumerate(columns):
        parts += [
            _card(node, _left(index), top + layout.height_of[node.node_id] - _height(node) / 2, link(node))
            for node in nodes
        ]
    if not graph.nodes:
        parts.append(
            f'<text x="{MARGIN}" y="{MARGIN + HEADING}" class="count">Nothing was declared here yet.</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _left(column: int) -> int:
    return MARGIN + column * (CARD_WIDTH + GAP_X)


def _heading(text: str, left: int) -> str:
    return f'<text class="heading" x="{left}" y="{MARGIN + 8}">{escape(text)}</text>'


def _edge(column: int, heights: Sequence[float]) -> str:
    """A curve from the right of one card to the left of another, level where it passes other columns."""
    left = _left(column) + CARD_WIDTH
    path = f"M{left} {heights[0]:.1f}"
    for number, (before, after) in enumerate(itertools.pairwise(heights), start=1):
        right = left + GAP_X
        middle = left + GAP_X / 2
        last = number == len(heights) - 1
        path += f"C{middle:g} {before:.1f} {middle:g} {after:.1f} {right - (6 if last else 0)} {after:.1f}"
        if not last:
            left = right + CARD_WIDTH
            path += f"H{left}"
    tip = f"M{right} {heights[-1]:.1f}l-8 -4.5v9z"
    return f'<path class="edge" d="{path}"/><path class="tip" d="{tip}"/>'


def _card(node: Node, left: float, top: float, href: str) -> str:
    height = _height(node)
    kind = node.detail if node.kind == "collection" and node.detail else node.kind
    lines = [
        f"<title>{escape(_hint(node))}</title>",
        f'<rect class="card" width="{CARD_WIDTH}" height="{height}" rx="8"/>',
        f'<rect class="{node.kind}" x="1" y="12" width="4" height="{height - 24}" rx="2"/>',
        f'<text class="kind" x="18" y="22">{escape(fitted(kind, DETAIL_CELLS))}</text>',
        f'<text class="name" x="18" y="42">{escape(fitted(node.name, NAME_CELLS))}</text>',
        f'<text class="count" x="18" y="62">{escape(fitted(node.counted, NAME_CELLS))}</text>',
        *_badges(node),
    ]
    card = f'<g transform="translate({left:g} {top:.1f})">{"".join(lines)}</g>'
    return f"<a href={quoteattr(href)}>{card}</a>" if href else card


def _height(node: Node) -> int:
    return CARD_HEIGHT + BADGES_HEIGHT if node.badges else CARD_HEIGHT


def _badges(node: Node) -> list[str]:
    """Below the count, from left to right."""
    drawn, left = [], 18.0
    for kind, label in node.badges:
        text = fitted(label, BADGE_CELLS)
        wide = 6.6 * width(text) + 12
        drawn += [
            f'<rect class="{kind}-bg" x="{left:g}" y="69" width="{wide:g}" height="18" rx="9"/>',
            f'<text class="{kind}" x="{left + wide / 2:g}" y="82" text-anchor="middle">{escape(text)}</text>',
        ]
        left += wide + 4
    return drawn


def _hint(node: Node) -> str:
    """What the mouse shows: the name in full, and everything that is known."""
    parts = [f"{node.kind} {node.name}", node.detail, node.counted, *(text for _, text in node.badges)]
    return shown(" · ".join(part for part in parts if part))
