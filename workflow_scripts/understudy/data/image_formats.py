"""What the bytes of a file say about its format beyond what Pillow tells."""

import struct
import zlib
from collections.abc import Iterator

# Channels of a PNG's colour types, and the passes of interlaced ones: first column and row, steps.
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
HEIF = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim")


def png_is_whole(content: bytes) -> bool:
    """Whether a PNG, which Pillow reads, has as many rows as its header says: Pillow fills up what is missing."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", content[16:29])
    bits = depth * PNG_CHANNELS[colour]
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes]
    expected = sum((1 + -(-columns * bits // 8)) * rows for columns, rows in sizes if columns > 0 and rows > 0)
    row = 1 + -(-width * bits // 8)
    try:
        inflated = zlib.decompressobj()
        found = 0
        for part in _png_data(content):
            while part and found < expected + row:
                found += len(inflated.decompress(part, 1 << 20))
                part = inflated.unconsumed_tail
    except zlib.error:
        return True  # Pillow, which read it, knows better
    return expected <= found < expected + row


def _png_data(content: bytes) -> Iterator[bytes]:
    at = 8
    while at + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        if kind == b"IDAT":
            yield content[at + 8 : at + 8 + length]
        at += 12 + length


def what_it_is(content: object) -> str:
    """Say what a file is that Pillow doesn't know."""
    if not isinstance(content, bytes) or not content:
        return "an empty file"
    start = content[:256].lstrip().lower()
    if content[4:8] == b"ftyp" and content[8:12] in HEIF:
        return "HEIC, which Pillow doesn't read: save it as JPEG or PNG"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if b"<svg" in start:
        return "SVG, which has no pixels: save it as PNG"
    if content[128:132] == b"DICM":
        return "DICOM: save it as 16-bit PNG"
    if content[:4] in (b"II*\0", b"MM\0*"):
        return "a broken TIFF, or one of a kind that Pillow doesn't read: save it as PNG"
    return "of no known format"
