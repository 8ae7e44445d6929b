"""The first vessels of the marrow: a connected mesh of sinusoids, fed by arterioles near bone.

Every vessel site is one endothelial segment of 10 um. The mesh is a Delaunay graph bent round the
bone: nodes are scattered through the marrow, each marrow site belongs to the node it reaches most
cheaply, and nodes whose regions touch can be joined by the cheapest path. Sites beside bone are
dear, so that vessels keep clear of it, and the cost varies at random, so that they wind. A
spanning tree joins every node of a pocket of marrow; then edges close loops, those that no third
node bridges first, until the vessels fill their share of the marrow.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_dilation,
    distance_transform_edt,
    gaussian_filter,
    label,
    maximum_filter,
)
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

EIGHT = np.ones((3, 3), dtype=bool)
# Half of the eight neighbours; the other half are the same pairs seen from the other site.
FORWARD = ((1, 0), (0, 1), (1, 1), (1, -1))

BESIDE_BONE_COST = 20.0  # a detour of 20 sites is taken rather than one site beside bone [assumed]
WINDING = 0.5  # deviation of the logarithm of the cost of a site [assumed, by eye]
WINDING_SITES = 2.0  # width over which that cost varies, sites [assumed, by eye]
NODE_SPACING = 1.4  # distance between nodes, of the wanted spacing between vessels [measured]
NODE_JITTER = 0.22  # deviation of a node from its place in the hexagonal pattern [assumed]
FARTHEST_NODE = 0.75  # of the spacing; 0.58 in a perfect hexagonal pattern [assumed]
ARTERIOLE_LENGTH_UM = 100.0  # of one arteriole, inlet included [assumed]
LEAST_SITES_APART = 3.0  # least spacing between vessels, sites
# The least that connected vessels fill, by the width of a site over the spacing: minima of six
# seeds in 100 x 100 and 160 x 160 sites, BV/TV 0.05 to 0.35, spacing 50 to 150 um [measured].
SITE_OVER_SPACING = (0.04, 0.0625, 0.1, 0.15, 0.2, 0.25, 0.3)
LEAST_FILLED = (0.034, 0.054, 0.076, 0.113, 0.141, 0.168, 0.184)


@dataclass(frozen=True, slots=True)
class VesselNetwork:
    """Vessel sites of a section; arterioles are vessel sites through which blood comes in."""

    sites: Mask  # (nx, ny), True where there is endothelium
    arteriole: Mask  # (nx, ny), True at inlets; part of `sites`


class _Pairs(NamedTuple):
    """Pairs of neighbouring sites, (n,) each: two flat sites and their distance in sites."""

    here: Ints
    there: Ints
    length: Floats


class _Edges(NamedTuple):
    """Possible vessels between nodes, (n,) each: two nodes, the cost, where the paths meet."""

    a: Ints
    b: Ints
    cost: Floats
    site_a: Ints
    site_b: Ints


def vessel_network(
    bone: Mask,
    dx_um: float,
    spacing_um: float,
    area_fraction: float,
    arteriole_share: float,
    seed: int,
) -> VesselNetwork:
    """Sinusoids and arterioles for the marrow around `bone` (nx, ny); the same for the same seed.

    spacing_um       mean width of the marrow between vessels (its mean local thickness), at least
                     3 dx; met within 20 % for an area fraction of about 11 um / spacing_um
    area_fraction    share of the marrow sites that are vessel, 0-1; met within 5 % and one path
    arteriole_share  share of the vessel sites that are arteriole, above 0 to 1; at least one site
                     in each pocket of marrow, those nearest to bone first
    seed             whole number >= 0

    Vessels never lie in bone; one site is left between them where the marrow is wide enough. Every
    vessel site is 8-connected to an arteriole. Raises ValueError if the spacing and the area
    fraction exclude each other, with the fractions that this spacing allows.
    """
    if not spacing_um >= LEAST_SITES_APART * dx_um:
        raise ValueError(f"spacing_um is {spacing_um} um; vessels need 3 sites of {dx_um} um each")
    if not 0.0 < area_fraction < 1.0:
        raise ValueError(f"area_fraction is {area_fraction}; it must lie between 0 and 1")
    if not 0.0 < arteriole_share <= 1.0:
        raise ValueError(f"arteriole_share is {arteriole_share}; it must be above 0 and at most 1")
    marrow = ~bone
    if not marrow.any():
        empty = np.zeros(bone.shape, dtype=bool)
        return VesselNetwork(sites=empty, arteriole=empty.copy())
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    beside_bone = binary_dilation(bone, EIGHT) & marrow
    nodes = _scatter_nodes(marrow, beside_bone, NODE_SPACING * spacing_um / dx_um, rng)
    cost = _site_cost(beside_bone, rng).ravel()
    pairs = _neighbour_pairs(marrow, may_squeeze=False)
    step = pairs.length * 0.5 * (cost[pairs.here] + cost[pairs.there])
    reach, parent, owner = _regions(marrow.size, pairs, step, nodes)
    edges = _edges(pairs, step, reach, owner)
    rank = _rank_of_edges(edges, nodes.size)
    first_rank = _first_rank_of_sites(marrow.shape, edges, rank, nodes, parent)
    sites = _fill_to(first_rank, area_fraction, marrow, spacing_um, one_path=spacing_um / dx_um)
    return VesselNetwork(sites, _arterioles(sites, bone, arteriole_share, dx_um, rng))


def least_area_fraction(dx_um: float, spacing_um: float) -> float:
    """About the least share (0-1) of the marrow that connected vessels of sites of dx_um fill."""
    return float(np.interp(dx_um / spacing_um, SITE_OVER_SPACING, LEAST_FILLED))


def coarsest_site_um(area_fraction: float, spacing_um: float) -> float:
    """About the widest site (um) of which vessels can fill no more than area_fraction (0-1)."""
    return spacing_um * float(np.interp(area_fraction, LEAST_FILLED, SITE_OVER_SPACING))


def vessels_as_seen(
    sites: Mask, bone: Mask, dx_um: float, arteriole_share: float, seed: int
) -> VesselNetwork:
    """Vessels whose sites (nx, ny) an image shows; the seed chooses the arterioles.

    Each connected piece gets an inlet, as in `vessel_network`: vessels cut across have flow too.
    """
    if not sites.any():
        return VesselNetwork(sites=sites, arteriole=np.zeros_like(sites))
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    return VesselNetwork(sites, _arterioles(sites, bone, arteriole_share, dx_um, rng))


def perfused(vessel: Mask, inlet: Mask) -> Mask:
    """Vessel sites (nx, ny) that are 8-connected through vessels to an inlet on a vessel."""
    pieces, n_pieces = label(vessel, structure=EIGHT)
    fed = np.zeros(n_pieces + 1, dtype=bool)
    fed[pieces[inlet & vessel]] = True
    fed[0] = False
    return fed[pieces]


def distance_to_vessel_um(vessel: Mask, dx_um: float) -> Floats:
    """Straight distance (um) from each site's centre to the nearest vessel site's; inf without any.

    Oxygen reaches about 100 um from a vessel [recalled]; marrow should lie within it.
    """
    if not vessel.any():
        return np.full(vessel.shape, np.inf)
    return distance_transform_edt(~vessel) * dx_um


def _scatter_nodes(
    marrow: Mask, beside_bone: Mask, spacing: float, rng: np.random.Generator
) -> Ints:
    """Flat sites of the nodes: a jittered hexagonal pattern, gaps beside bone filled.

    No clear site of marrow is left far from all nodes (FARTHEST_NODE), no pocket without one.
    """
    nx, ny = marrow.shape
    xs = np.arange(-spacing, nx + spacing, spacing)
    ys = np.arange(-spacing, ny + spacing, spacing * np.sqrt(3.0) / 2.0)
    places = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1)
    places[:, 1::2, 0] += spacing / 2.0
    places = places.reshape(-1, 2) + rng.uniform(0.0, spacing, 2)
    places += rng.normal(0.0, NODE_JITTER * spacing / np.sqrt(2.0), places.shape)
    i, j = np.floor(places).astype(np.int64).T
    inside = (i >= 0) & (i < nx) & (j >= 0) & (j < ny)
    node = np.zeros(marrow.shape, dtype=bool)
    node[i[inside], j[inside]] = True
    clear = marrow & ~beside_bone
    node &= clear

    pocket, n_pockets = label(marrow)
    has_node = np.zeros(n_pockets + 1, dtype=bool)
    has_node[pocket[node]] = True
    depth = distance_transform_edt(marrow) if not marrow.all() else np.ones(marrow.shape)
    for missed in np.flatnonzero(~has_node[1:]) + 1:
        here = np.flatnonzero(pocket == missed)
        node.flat[here[np.argmax(depth.flat[here])]] = True

    while True:
        distance = np.where(clear, distance_transform_edt(~node), 0.0)
        distance += 1e-6 * rng.random(distance.shape)  # so that no two neighbours are both farthest
        farthest = distance == maximum_filter(distance, size=2 * int(spacing / 2) + 1)
        farthest &= distance > FARTHEST_NODE * spacing
        if not farthest.any():
            return np.flatnonzero(node)
        node |= farthest


def _site_cost(beside_bone: Mask, rng: np.random.Generator) -> Floats:
    """Cost (nx, ny) of a vessel through each site, around 1."""
    noise = gaussian_filter(rng.normal(size=beside_bone.shape), WINDING_SITES, mode="wrap")
    noise *= 2.0 * np.sqrt(np.pi) * WINDING_SITES
    return np.exp(WINDING * noise) * np.where(beside_bone, BESIDE_BONE_COST, 1.0)


def _neighbour_pairs(mask: Mask, *, may_squeeze: bool) -> _Pairs:
    """All pairs of 8-neighbours in the mask (nx, ny).

    `may_squeeze` says whether a diagonal step may pass between two sites outside the mask: a vessel
    may, since its own sites touch so; a path through marrow may not, since bone there is joined.
    """
    nx, ny = mask.shape
    flat = np.arange(nx * ny).reshape(nx, ny)
    here, there, lengths = [], [], []
    for i, j in FORWARD:
        one = (slice(0, nx - i), slice(max(0, -j), ny - max(0, j)))
        two = (slice(i, nx), slice(max(0, j), ny + min(0, j)))
        both = mask[one] & mask[two]
        if i and j and not may_squeeze:
            both &= mask[one[0], two[1]] | mask[two[0], one[1]]
        here.append(flat[one][both])
        there.append(flat[two][both])
        lengths.append(np.full(here[-1].size, np.hypot(i, j)))
    return _Pairs(np.concatenate(here), np.concatenate(there), np.concatenate(lengths))


def _regions(n_sites: int, pairs: _Pairs, step: Floats, nodes: Ints) -> tuple[Floats, Ints, Ints]:
    """For each flat site (n_sites,): cost to its node, next site on the way, index of the node.

    The way of a node is -1; so is the owner of a bone site.
    """
    graph = coo_array((step, (pairs.here, pairs.there)), shape=(n_sites, n_sites)).tocsr()
    reach, parent, source = dijkstra(
        graph, directed=False, indices=nodes, return_predecessors=True, min_only=True
    )
    index = np.full(n_sites, -1, dtype=np.int64)
    index[nodes] = np.arange(nodes.size)
    owner = np.where(source >= 0, index[np.maximum(source, 0)], -1)
    return reach, np.where(parent >= 0, parent, -1).astype(np.int64), owner


def _edges(pairs: _Pairs, step: Floats, reach: Floats, owner: Ints) -> _Edges:
    """The cheapest path between every two nodes whose regions touch."""
    border = owner[pairs.here] != owner[pairs.there]
    here, there = pairs.here[border], pairs.there[border]
    swap = owner[here] > owner[there]
    here, there = np.where(swap, there, here), np.where(swap, here, there)
    cost = reach[here] + step[border] + reach[there]
    a, b = owner[here], owner[there]
    order = np.lexsort((cost, b, a))
    a, b = a[order], b[order]
    cheapest = np.ones(a.size, dtype=bool)
    cheapest[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    chosen = order[cheapest]
    return _Edges(a[cheapest], b[cheapest], cost[chosen], here[chosen], there[chosen])


def _rank_of_edges(edges: _Edges, n_nodes: int) -> Ints:
    """Order (n,) in which edges become vessels: 0 for the spanning tree, then 1, 2, ...

    After the tree come the edges least bridged by a third node: those for which the longer leg of
    the best way round is longest against the edge itself. This is the order of the relative
    neighbourhood graph, and gives meshes of even width instead of thin triangles.
    """
    graph = coo_array((edges.cost, (edges.a, edges.b)), shape=(n_nodes, n_nodes)).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
    key = edges.a * n_nodes + edges.b
    in_tree = np.isin(key, tree.row.astype(np.int64) * n_nodes + tree.col)
    unbridged = _shortest_bridge(edges, graph) / edges.cost
    order = np.lexsort((-unbridged, ~in_tree))
    rank = np.empty(key.size, dtype=np.int64)
    rank[order] = np.maximum(np.arange(key.size) - np.count_nonzero(in_tree) + 1, 0)
    return rank


def _shortest_bridge(edges: _Edges, graph: csr_array) -> Floats:
    """Per edge (n,): the longer leg of the best way over one third node; inf if there is none."""
    both_ways = (graph + graph.T).tocsr()
    legs = [
        dict(
            zip(
                both_ways.indices[lo:hi].tolist(),
                both_ways.data[lo:hi].tolist(),
                strict=True,
            )
        )
        for lo, hi in zip(both_ways.indptr[:-1], both_ways.indptr[1:], strict=True)
    ]
    bridge = np.full(edges.a.size, np.inf)
    for n, (a, b) in enumerate(zip(edges.a.tolist(), edges.b.tolist(), strict=True)):
        thirds = legs[a].keys() & legs[b].keys()
        if thirds:
            bridge[n] = min(max(legs[a][k], legs[b][k]) for k in thirds)
    return bridge


def _first_rank_of_sites(
    shape: tuple[int, ...], edges: _Edges, rank: Ints, nodes: Ints, parent: Ints
) -> Ints:
    """Rank (nx, ny) of the first edge whose path crosses each site; the largest integer if none."""
    never = np.iinfo(np.int64).max
    first = np.full(parent.size, never)
    first[nodes] = 0
    site = np.concatenate([edges.site_a, edges.site_b])
    site_rank = np.concatenate([rank, rank])
    while site.size:
        np.minimum.at(first, site, site_rank)
        site = parent[site]
        site, site_rank = site[site >= 0], site_rank[site >= 0]
    return first.reshape(shape)


def _fill_to(
    first_rank: Ints, area_fraction: float, marrow: Mask, spacing_um: float, one_path: float
) -> Mask:
    """Sites of the tree and of as many further edges as come nearest to the target."""
    n_marrow = int(np.count_nonzero(marrow))
    wanted = area_fraction * n_marrow
    possible = first_rank[first_rank < np.iinfo(np.int64).max]
    n_upto = np.cumsum(np.bincount(possible))
    least, most = n_upto[0] / n_marrow, n_upto[-1] / n_marrow
    allowance = 0.05 * wanted + one_path
    if n_upto[0] > wanted + allowance or n_upto[-1] < wanted - allowance:
        raise ValueError(
            f"area_fraction is {area_fraction}, but a connected network with spacing_um "
            f"{spacing_um} um fills {least:.3f} to {most:.3f} of this marrow: change one of the two"
        )
    last = int(np.argmin(np.abs(n_upto - wanted)))
    return first_rank <= last


def _arterioles(
    sites: Mask, bone: Mask, share: float, dx_um: float, rng: np.random.Generator
) -> Mask:
    """Stretches of vessel near bone (nx, ny), at least one site in each connected network."""
    pieces, n_pieces = label(sites, structure=EIGHT)
    flat = np.flatnonzero(sites)
    piece = pieces.flat[flat]
    from_bone = distance_transform_edt(~bone) if bone.any() else np.zeros(bone.shape)
    # Inlets are the sites nearest to bone, with some luck; each network has one of its own.
    eagerness = from_bone.flat[flat] + rng.exponential(1.0, flat.size)
    n_wanted = max(round(share * flat.size), n_pieces)
    n_inlets = max(round(n_wanted * dx_um / ARTERIOLE_LENGTH_UM), 1)
    order = np.argsort(eagerness)
    first_of_piece = np.zeros(flat.size, dtype=bool)
    first_of_piece[order[np.unique(piece[order], return_index=True)[1]]] = True
    inlet = first_of_piece.copy()
    inlet[order[:n_inlets]] = True

    # Grow all inlets along their vessels together until the share is reached.
    pairs = _neighbour_pairs(sites, may_squeeze=True)
    index = np.full(sites.size, -1, dtype=np.int64)
    index[flat] = np.arange(flat.size)
    graph = coo_array(
        (pairs.length, (index[pairs.here], index[pairs.there])), shape=(flat.size, flat.size)
    )
    along = dijkstra(graph.tocsr(), directed=False, indices=np.flatnonzero(inlet), min_only=True)
    grown = np.lexsort((along, ~first_of_piece))[:n_wanted]
    arteriole = np.zeros(sites.shape, dtype=bool)
    arteriole.flat[flat[grown]] = True
    return arteriole
