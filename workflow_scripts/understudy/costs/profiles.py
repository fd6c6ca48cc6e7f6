"""What a cluster's profile asks for in place of what the rules ask for."""

from pathlib import Path

import yaml

from understudy.errors import StudyError


def asked_minutes(profile: str) -> dict[str, int]:
    """Return the run time that a profile's `set-resources` gives rules, in minutes."""
    files = sorted(Path(profile).glob("config*.yaml"))
    if not files:
        raise StudyError(f"profile {profile!r}: no config.yaml in this folder")
    given = (yaml.safe_load(files[0].read_text()) or {}).get("set-resources") or {}
    return {rule: int(resources["runtime"]) for rule, resources in given.items() if "runtime" in resources}
