"""Where to draw stages: in layers from left to right as promotions lead, with few crossings; deterministic.

Steps are those of the grid. Ways back have no say in the layers: they lead from right to left anyhow.
"""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from math import floor

import networkx

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow.values import Place, Workflow

LAYER_STEPS = 15
ROW_STEPS = 7
BEND_STEPS = 3  # of a transition that passes a layer on its way
SWEEPS = 24
PATIENCE = 4  # sweeps without a gain, after which none is expected any more
LARGE = 1500  # nodes and bends, from which on fewer sweeps must do
ALIGNMENTS = 12

Node = tuple[str, int]  # a stage (number 0), or the place where a transition passes a layer


def arrange(workflow: Workflow) -> Mapping[StageId, Place]:
    """Return a place for every stage."""
    layer_of = _layers(workflow)
    rows, before = _with_bends(workflow, layer_of)
    after: dict[Node, list[Node]] = defaultdict(list)
    for node, sources in before.items():
        for source in sources:
            after[source].append(node)
    ordered = _ordered(rows, before, after)
    heights = _heights(ordered, before, after)
    stages = [stage.id for stage in workflow.stages]
    top = min((heights[stage, 0] for stage in stages), default=0)
    return {stage: Place(x=layer_of[stage] * LAYER_STEPS, y=heights[stage, 0] - top) for stage in stages}


def crossings(workflow: Workflow) -> int:
    """Return how many pairs of transitions cross, drawn as straight lines from stage to stage.

    A way back along a promotion is the same line. Stages without a place count where `arrange` would put them.
    """
    arranged = arrange(workflow) if any(stage.place is None for stage in workflow.stages) else {}
    places = {stage.id: stage.place or arranged[stage.id] for stage in workflow.stages}
    lines = dict.fromkeys(tuple(sorted((way.source, way.target))) for way in workflow.transitions)
    return sum(
        not set(one) & set(other) and _cross(*(places[StageId(end)] for end in (*one, *other)))
        for one, other in combinations(lines, 2)
    )


def _cross(a: Place, b: Place, c: Place, d: Place) -> bool:
    def side(start: Place, end: Place, point: Place) -> int:
        turn = (end.x - start.x) * (point.y - start.y) - (end.y - start.y) * (point.x - start.x)
        return (turn > 0) - (turn < 0)

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def _layers(workflow: Workflow) -> dict[StageId, int]:
    """Return the column of each stage: the board's; what only ways back touch stands where these lead."""
    graph = workflow.promotions()
    known = {stage.id for stage in workflow.stages}
    graph.remove_nodes_from([node for node in graph if node not in known])
    graph.remove_edges_from(list(networkx.selfloop_edges(graph)))
    while not networkx.is_directed_acyclic_graph(graph):  # an imported draft may go round; it is drawn all the same
        graph.remove_edge(*networkx.find_cycle(graph)[-1][:2])
    layers = {
        stage: at for at, generation in enumerate(networkx.topological_generations(graph)) for stage in generation
    }
    for way in workflow.transitions:
        for stage, other in ((way.source, way.target), (way.target, way.source)):
            if stage in known and other in known and not graph.degree(stage) and graph.degree(other):
                layers[stage] = layers[other]
    return layers


def _with_bends(workflow: Workflow, layer_of: Mapping[StageId, int]) -> tuple[list[list[Node]], dict[Node, list[Node]]]:
    """Return the nodes of each layer, and for each node those of the layer before that lead to it."""
    rows: list[list[Node]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for stage in workflow.stages:
        rows[layer_of[stage.id]].append((stage.id, 0))
    before: dict[Node, list[Node]] = defaultdict(list)
    for source, target in workflow.promotions().edges:
        if source not in layer_of or target not in layer_of or layer_of[source] >= layer_of[target]:
            continue
        last: Node = (source, 0)
        for layer in range(layer_of[source] + 1, layer_of[target]):
            bend: Node = (f"{source}\n{target}", layer)
            rows[layer].append(bend)
            before[bend].append(last)
            last = bend
        before[target, 0].append(last)
    return rows, before


def _ordered(
    rows: list[list[Node]], before: Mapping[Node, list[Node]], after: Mapping[Node, list[Node]]
) -> list[list[Node]]:
    """Return the layers with few crossings: by medians of neighbours, swept to and fro; the best seen is kept."""
    best, fewest = [list(row) for row in rows], _crossings(rows, before)
    current = [list(row) for row in rows]
    sweeps = SWEEPS if sum(map(len, rows)) < LARGE else SWEEPS // 4
    last_gain = 0
    for sweep in range(sweeps):
        if not fewest or sweep - last_gain > PATIENCE:
            break
        is_forward = sweep % 2 == 0
        neighbours = before if is_forward else after
        order = range(1, len(current)) if is_forward else range(len(current) - 2, -1, -1)
        for at in order:
            beside = {node: place for place, node in enumerate(current[at - 1 if is_forward else at + 1])}
            current[at] = _by_medians(current[at], beside, neighbours)
        _exchange(current, before, after)
        found = _crossings(current, before)
        if found < fewest:
            best, fewest, last_gain = [list(row) for row in current], found, sweep
    return best


def _by_medians(row: list[Node], beside: Mapping[Node, int], neighbours: Mapping[Node, list[Node]]) -> list[Node]:
    def median(item: tuple[int, Node]) -> tuple[float, int]:
        at, node = item
        places = sorted(beside[each] for each in neighbours.get(node, ()) if each in beside)
        if not places:
            return float(at), at
        middle = len(places) // 2
        return (places[middle] if len(places) % 2 else (places[middle - 1] + places[middle]) / 2), at

    return [node for _, node in sorted(enumerate(row), key=median)]


def _exchange(rows: list[list[Node]], before: Mapping[Node, list[Node]], after: Mapping[Node, list[Node]]) -> None:
    """Exchange neighbours in each layer while that makes crossings fewer."""
    for at, row in enumerate(rows):
        sides = []
        if at:
            sides.append(({node: place for place, node in enumerate(rows[at - 1])}, before))
        if at + 1 < len(rows):
            sides.append(({node: place for place, node in enumerate(rows[at + 1])}, after))
        places = {
            node: [sorted(beside[each] for each in neighbours.get(node, ())) for beside, neighbours in sides]
            for node in row
        }
        has_gain = True
        while has_gain:
            has_gain = False
            for first in range(len(row) - 1):
                upper, lower = places[row[first]], places[row[first + 1]]
                now = sum(_inversions(up, low) for up, low in zip(upper, lower, strict=True))
                then = sum(_inversions(low, up) for up, low in zip(upper, lower, strict=True))
                if then < now:
                    row[first], row[first + 1] = row[first + 1], row[first]
                    has_gain = True


def _inversions(upper: Sequence[int], lower: Sequence[int]) -> int:
    """Return how often lines of the upper node end below lines of the lower node."""
    return sum(len(upper) - bisect_right(upper, place) for place in lower)


def _crossings(rows: Sequence[Sequence[Node]], before: Mapping[Node, list[Node]]) -> int:
    found = 0
    for left, right in pairwise(rows):
        places = {node: at for at, node in enumerate(left)}
        seen: list[int] = []
        for node in right:
            starts = sorted(places[each] for each in before.get(node, ()))
            found += sum(len(seen) - bisect_right(seen, start) for start in starts)
            for start in starts:
                insort(seen, start)
    return found


def _heights(
    rows: Sequence[Sequence[Node]], before: Mapping[Node, list[Node]], after: Mapping[Node, list[Node]]
) -> dict[Node, int]:
    """Return a height for each node: near its neighbours, in order, and apart from who is above."""
    wished: dict[Node, float] = {}
    for row in rows:
        for node, height in zip(row, _apart(row, [0.0] * len(row)), strict=True):
            wished[node] = height
    for turn in range(ALIGNMENTS):
        is_forward = turn % 2 == 0
        neighbours = before if is_forward else after
        for row in rows if is_forward else reversed(rows):
            means = [
                sum(wished[each] for each in neighbours[node]) / len(neighbours[node])
                if neighbours.get(node)
                else wished[node]
                for node in row
            ]
            for node, height in zip(row, _apart(row, means), strict=True):
                wished[node] = height
    found: dict[Node, int] = {}
    for row in rows:
        last: Node | None = None
        for node in row:
            height = floor(wished[node] + 0.5)
            found[node] = height if last is None else max(height, found[last] + _gap(last, node))
            last = node
    return found


def _gap(upper: Node, lower: Node) -> int:
    return ROW_STEPS if upper[1] == 0 and lower[1] == 0 else BEND_STEPS + (ROW_STEPS - BEND_STEPS) * (upper[1] == 0)


def _apart(row: Sequence[Node], wishes: Sequence[float]) -> list[float]:
    """Return heights as near to the wishes as order and gaps allow (least squares, by pooling those that collide)."""
    offsets = [0.0]
    for upper, lower in pairwise(row):
        offsets.append(offsets[-1] + _gap(upper, lower))
    pools: list[tuple[float, int]] = []
    for wish, offset in zip(wishes, offsets, strict=False):
        mean, size = wish - offset, 1
        while pools and pools[-1][0] > mean:
            other, number = pools.pop()
            mean, size = (other * number + mean * size) / (number + size), number + size
        pools.append((mean, size))
    flat = [mean for mean, size in pools for _ in range(size)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=False)]
