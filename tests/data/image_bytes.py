"""Image files made byte by byte, of kinds that Pillow reads but can't write."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

SRGB_PRIMARIES = {"rXYZ": (0.4361, 0.2225, 0.0139), "gXYZ": (0.3851, 0.7169, 0.0971), "bXYZ": (0.1431, 0.0606, 0.7141)}


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows: list[bytes], size: tuple[int, int], depth: int, colour: int, extra: bytes = b"") -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + extra + pixels + png_chunk(b"IEND", b"")


def png16(values: np.ndarray, colour: int, extra: bytes = b"") -> bytes:
    """A PNG of 16 bits: colour type 0 grey, 2 RGB, 4 grey and alpha, 6 RGBA."""
    return png([row.astype(">u2").tobytes() for row in values], values.shape[1::-1], 16, colour, extra)


def tiff(
    values: np.ndarray,
    order: str = "<",
    bits: int | None = None,
    photometric: int | None = None,
    sample: int = 1,
    planar: int = 1,
    extra: tuple = (),
    orientation: int | None = None,
    data: bytes | None = None,
    deflate: bool = False,
) -> bytes:
    """A TIFF of one strip a plane; ``sample`` is 1 unsigned, 2 signed, 3 float."""
    count = values.shape[2] if values.ndim == 3 else 1
    photometric = (2 if count >= 3 else 1) if photometric is None else photometric
    stored = values if planar == 1 else np.moveaxis(values, 2, 0)
    data = data or stored.astype(values.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if deflate else data
    strips = count if planar == 2 else 1
    bits = bits or 8 * values.dtype.itemsize
    tags = {256: [values.shape[1]], 257: [values.shape[0]], 258: [bits] * count, 259: [8 if deflate else 1],
            262: [photometric], 273: [0] * strips, 277: [count], 278: [values.shape[0]],
            279: [len(data) // strips] * strips, 284: [planar], 339: [sample] * count}  # fmt: skip
    tags |= ({338: list(extra)} if extra else {}) | ({274: [orientation]} if orientation else {})
    start = 8 + 2 + 12 * len(tags) + 4
    end = start + sum(4 * len(numbers) for numbers in tags.values() if len(numbers) > 1)
    tags[273] = [end + strip * (len(data) // strips) for strip in range(strips)]
    entries, tail = b"", b""
    for tag, numbers in sorted(tags.items()):  # all numbers of four bytes
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        value = packed if len(numbers) == 1 else struct.pack(f"{order}I", start + len(tail))
        tail += packed if len(numbers) > 1 else b""
        entries += struct.pack(f"{order}HHI", tag, 4, len(numbers)) + value
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    return head + entries + struct.pack(f"{order}I", 0) + tail + data


def profile(space: str = "RGB ", gamma: float = 1.0) -> bytes:
    """A colour profile of version 2: sRGB's primaries, or grey, with a curve of one gamma."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"

    def xyz(values: tuple) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))

    text = b"a test\0"
    tags = {
        "desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * 79,
        "cprt": b"text\0\0\0\0" + text,
        "wtpt": xyz((0.9642, 1.0, 0.8249)),
    }
    if space == "RGB ":
        tags |= {name: xyz(values) for name, values in SRGB_PRIMARIES.items()}
        tags |= dict.fromkeys(("rTRC", "gTRC", "bTRC"), curve)
    else:
        tags["kTRC"] = curve
    at, table, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name.encode() + struct.pack(">II", at + len(body), len(data))
        body += data
    header = struct.pack(">I4sI4s4s4s12x4s", at + len(body), b"lcms", 0x02400000, b"mntr", space.encode(), b"XYZ ",
                         b"acsp")  # fmt: skip
    header += b"\0" * 28 + struct.pack(">3i", *(round(value * 65536) for value in (0.9642, 1.0, 0.8249)))
    return header + b"\0" * (128 - len(header)) + table + body
