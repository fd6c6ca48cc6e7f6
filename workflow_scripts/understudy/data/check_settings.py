"""Settings of what happens to images that are equal, nearly so, or labelled twice."""

from typing import Annotated, Literal

from pydantic import Field

from understudy.settings import Neutral, Settings


class CheckSettings(Settings):
    """What becomes of doubtful images; all of them are named in the log and in data_report.html."""

    near_duplicates: Annotated[Literal["group", "ignore"], Neutral("group")] = Field(
        "group",
        description="group: re-encoded, resized or slightly cropped copies of an image stay in one part of each split, "
        "as equal images always do; ignore: they are not looked for",
    )
    label_conflicts: Annotated[Literal["keep", "drop"], Neutral("keep")] = Field(
        "keep",
        description="equal images with different labels: keep them, in one part, or drop all of them",
    )
    duplicates_across_parts: Annotated[Literal["report", "drop"], Neutral("report")] = Field(
        "report",
        description="where the data has fixed parts, images of which a copy lies in another part: report them, or drop "
        "them from the training and validation parts, so that the test part stays as it is",
    )
