"""Checks signatures of Ed25519 (RFC 8032) in plain integers. It keeps no secret, so its time may tell everything."""

import hashlib
from functools import lru_cache

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
BASE_Y = 4 * pow(5, P - 2, P) % P
Point = tuple[int, int, int, int]


def is_signature(public_key: bytes, signature: bytes, covered: bytes) -> bool:
    """Whether the owner of a raw public key signed exactly these bytes."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    doubled = _doubled(public_key)
    base = _doubled(BASE_Y.to_bytes(32, "little"))
    if scalar >= ORDER or doubled is None or base is None:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + covered).digest()
    x, y, z, t = _times(doubled, int.from_bytes(digest, "little") % ORDER)
    x, y, z, _ = _sum(_times(base, scalar), (-x, y, z, -t))
    inverse = pow(z, P - 2, P)
    encoded = y * inverse % P | (x * inverse % P & 1) << 255
    return encoded.to_bytes(32, "little") == signature[:32]


@lru_cache(maxsize=32)
def _doubled(encoded: bytes) -> tuple[Point, ...] | None:
    """Return a point times 1, 2, 4 and so on; None where the bytes are no point."""
    number = int.from_bytes(encoded, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    point = (x, y, 1, x * y % P)
    points = [point]
    for _ in range(252):
        point = _sum(point, point)
        points.append(point)
    return tuple(points)


def _sum(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(doubled: tuple[Point, ...], scalar: int) -> Point:
    total: Point = (0, 1, 1, 0)
    for place, point in enumerate(doubled):
        if scalar >> place & 1:
            total = _sum(total, point)
    return total
