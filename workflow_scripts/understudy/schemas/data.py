"""The data itself: what its preparation found."""

from understudy.schemas.columns import Column

DATA_TABLES: dict[str, list[Column]] = {
    "data_checks": [
        ("check", "str", "what is counted, such as class, format, equal_images; `warning` where someone should look"),
        ("subject", "str", "what of it, such as the class's name; empty for the whole data"),
        ("images", "int", "number of images"),
        ("share", "float", "their share of all images that the source gave"),
        ("detail", "str", "names of images, or a sentence"),
    ],
}
