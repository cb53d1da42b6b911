"""A causal graph in layers, causes above effects: places of the nodes and routes of the arrows, for drawing it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

#: Times that the layers are put in a new order, down and up again.
SWEEPS = 12


class Layered(NamedTuple):
    """A graph, placed; y grows downwards, and the origin is the upper left corner.

    Attributes
    ----------
    width, height : float
        Of the whole.
    places : dict of str to (float, float)
        Centre of each node.
    routes : dict of (str, str) to list of (float, float)
        Points that the arrow from a parent to a child goes through, from the parent's lower edge to the child's upper
        edge. Between two points it leaves and arrives vertically; it passes other nodes between them.
    """

    width: float
    height: float
    places: dict[str, tuple[float, float]]
    routes: dict[tuple[str, str], list[tuple[float, float]]]


def layered(
    parents: Mapping[str, Sequence[str]],
    widest: int = 3,
    size: tuple[float, float] = (112.0, 48.0),
    gaps: tuple[float, float] = (14.0, 40.0),
    lane: float = 10.0,
) -> Layered:
    """Place the nodes of a graph in layers, every parent in a layer above its children's.

    Arrows that pass a layer get a lane between its nodes, one for all arrows of a parent. The order within layers is
    the one of those tried that has the fewest crossings.

    Parameters
    ----------
    parents : mapping of str to sequence of str
        By node, every parent before its children.
    widest : int
        Nodes that a layer may have.
    size : (float, float)
        Width and height of a node.
    gaps : (float, float)
        Between neighbours in a layer, and between layers.
    lane : float
        Width of a lane.

    Returns
    -------
    Layered

    Examples
    --------
    >>> graph = layered({"a": (), "b": ("a",)}, size=(10, 4), gaps=(2, 6))
    >>> graph.places, graph.routes
    ({'a': (5.0, 2.0), 'b': (5.0, 12.0)}, {('a', 'b'): [(5.0, 4.0), (5.0, 10.0)]})
    """
    layer: dict[str, int] = {}
    for node in parents:
        at = 1 + max((layer[parent] for parent in parents[node]), default=-1)
        while list(layer.values()).count(at) == widest:
            at += 1
        layer[node] = at
    links, layers = _with_lanes(parents, layer)
    layers = _ordered(layers, links)

    def breadth(item):
        return size[0] if isinstance(item, str) else lane

    breadths = [sum(map(breadth, items)) + gaps[0] * (len(items) - 1) for items in layers]
    width = float(max(breadths))
    across, places = {}, {}
    for depth, (items, whole) in enumerate(zip(layers, breadths, strict=True)):
        left = (width - whole) / 2
        for item in items:
            across[item] = left + breadth(item) / 2
            left += breadth(item) + gaps[0]
            if isinstance(item, str):
                places[item] = (across[item], depth * (size[1] + gaps[1]) + size[1] / 2)
    routes = _routes(parents, layer, across, places, size, gaps[1])
    height = len(layers) * size[1] + (len(layers) - 1) * gaps[1]
    return Layered(width, height, {node: places[node] for node in parents}, routes)


def _with_lanes(parents, layer):
    """Links between neighbouring layers, and the layers' items: names of nodes, and (parent, layer) for lanes."""
    layers: list[list] = [[] for _ in range(1 + max(layer.values()))]
    for node, at in layer.items():
        layers[at].append(node)
    links: dict = {}
    for child in parents:
        for parent in parents[child]:
            above = parent
            for at in range(layer[parent] + 1, layer[child]):
                if (parent, at) not in layers[at]:
                    layers[at].append((parent, at))
                links[above, (parent, at)] = None
                above = (parent, at)
            links[above, child] = None
    return list(links), layers


def _ordered(layers, links):
    """The layers with their items in the order that has the fewest crossings among those tried."""
    depth = {item: at for at, items in enumerate(layers) for item in items}
    near: dict = {item: ([], []) for item in depth}
    for above, below in links:
        near[above][1].append(below)
        near[below][0].append(above)
    between = [[link for link in links if depth[link[0]] == at] for at in range(len(layers) - 1)]

    def place(items):
        return {item: (position + 0.5) / len(items) for position, item in enumerate(items)}

    def crossings(layers):
        at = {item: position for items in layers for item, position in place(items).items()}
        return sum(
            (at[one[0]] - at[other[0]]) * (at[one[1]] - at[other[1]]) < 0
            for among in between
            for number, one in enumerate(among)
            for other in among[:number]
        )

    best, fewest = layers, crossings(layers)
    for sweep in range(SWEEPS):
        layers = [list(items) for items in layers]
        down = sweep % 2 == 0
        order = range(1, len(layers)) if down else range(len(layers) - 2, -1, -1)
        for at in order:
            beside = place(layers[at - 1] if down else layers[at + 1])
            own = place(layers[at])

            def middle(item, beside=beside, own=own, down=down):
                others = near[item][0 if down else 1]
                return sum(beside[other] for other in others) / len(others) if others else own[item]

            layers[at].sort(key=middle)
        if (found := crossings(layers)) < fewest:
            best, fewest = layers, found
    return best


def _routes(parents, layer, across, places, size, gap):
    """The points of each arrow; arrows that end at the same node do so beside one another."""
    edges = [(parent, child) for child in parents for parent in parents[child]]
    inner = {
        (parent, child): [across[parent, at] for at in range(layer[parent] + 1, layer[child])]
        for parent, child in edges
    }
    ends: dict = {}
    for child in parents:
        arriving = sorted(parents[child], key=lambda parent: (inner[parent, child] or [across[parent]])[-1])
        spread = min(size[0] / (len(arriving) + 1), size[0] / 4)
        for number, parent in enumerate(arriving):
            ends[parent, child] = across[child] + (number - (len(arriving) - 1) / 2) * spread
    routes = {}
    for parent, child in edges:
        points = [(across[parent], places[parent][1] + size[1] / 2)]
        for at, x in enumerate(inner[parent, child], layer[parent] + 1):
            top = at * (size[1] + gap)
            points += [(x, top), (x, top + size[1])]
        routes[parent, child] = [*points, (ends[parent, child], places[child][1] - size[1] / 2)]
    return routes
