"""Small pictures on a page, each embedded in it."""

import base64
import io
from collections.abc import Sequence

from PIL import Image

from understudy.report.pages import Picture

TILE = 64
"""Pixels a side of an image in a sheet, at most."""
SHARP = 32
"""Images up to this size are kept exactly; larger ones as JPEG."""
GAP = 2


def contact_sheet(pictures: Sequence[Image.Image], caption: str, columns: int = 16) -> Picture:
    """Return one picture with these side by side, ``columns`` a row; small ones are shown larger."""
    tiles = [_fitted(picture.convert("RGB")) for picture in pictures]
    width, height = max(tile.width for tile in tiles), max(tile.height for tile in tiles)
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % columns * (width + GAP), number // columns * (height + GAP)))
    shown = max(1, TILE // max(width, height))
    return Picture(_embedded(sheet, max(width, height) <= SHARP), caption, shown * sheet.width)


def _fitted(picture: Image.Image) -> Image.Image:
    if max(picture.size) > TILE:
        picture = picture.copy()
        picture.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
    return picture


def _embedded(sheet: Image.Image, exact: bool) -> str:
    buffer = io.BytesIO()
    if exact:
        sheet.save(buffer, format="PNG")
    else:
        sheet.save(buffer, format="JPEG", quality=88, subsampling=0)
    kind = "png" if exact else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
