"""Pictures of any size become squares: cropped, padded or squashed."""

from PIL import Image

from understudy.data.pixel_settings import PixelSettings

# A longer strip is cut to this ratio of its sides before it is resized: enlarged as a whole it would fill the memory.
LONGEST = 16


def fit(picture: Image.Image, settings: PixelSettings) -> Image.Image:
    """Return a picture of mode L or RGB in the settings' channels and size; None there keeps what it has.

    Nothing is computed where it fits already.
    """
    mode = {1: "L", 3: "RGB", None: picture.mode}[settings.channels]
    picture = picture if picture.mode == mode else picture.convert(mode)
    size = settings.size
    if size is None or picture.size == (size, size):
        return picture
    width, height = picture.size
    if width == height or settings.resize == "squash":
        return picture.resize((size, size), Image.Resampling.LANCZOS)
    return {"crop": _crop, "pad": _pad}[settings.resize](picture, settings)


def _crop(picture: Image.Image, settings: PixelSettings) -> Image.Image:
    """Bring the shorter side to the size, then cut at the centre, as torchvision's Resize and CenterCrop do."""
    size, short, long = settings.size, min(picture.size), max(picture.size)
    if long > LONGEST * short:
        picture = _centre(picture, *(min(side, LONGEST * short) for side in picture.size))
        long = LONGEST * short
    longer = size * long // short
    wide = picture.width > picture.height
    resized = picture.resize((longer, size) if wide else (size, longer), Image.Resampling.LANCZOS)
    return _centre(resized, size, size)


def _centre(picture: Image.Image, width: int, height: int) -> Image.Image:
    # Python's round, to even, is what torchvision's CenterCrop uses.
    left, top = round((picture.width - width) / 2), round((picture.height - height) / 2)
    return picture.crop((left, top, left + width, top + height))


def _pad(picture: Image.Image, settings: PixelSettings) -> Image.Image:
    """Bring the longer side to the size, and fill up both sides alike."""
    size, long = settings.size, max(picture.size)
    width, height = (max(1, round(size * side / long)) for side in picture.size)
    square = Image.new("RGB", (size, size), settings.background_colour).convert(picture.mode)
    square.paste(picture.resize((width, height), Image.Resampling.LANCZOS), ((size - width) // 2, (size - height) // 2))
    return square
