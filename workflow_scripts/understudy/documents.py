"""Documents generated from the code: ``python -m understudy.documents`` writes them into the working folder."""

from pathlib import Path

from understudy.config import json_schema
from understudy.tables import describe_tables

DOCUMENTS = {Path("docs/tables.md"): describe_tables, Path("docs/config.schema.json"): json_schema}

if __name__ == "__main__":
    for path, content in DOCUMENTS.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content())
