"""Plain values as JSON that can always be stored."""

from __future__ import annotations

import json
from typing import Any


def to_json_text(value: Any, *, indent: int = 2) -> str:
    """JSON with a line's end; letters as they are, unless a name of a file has bytes in it that are no letters.

    Raises:
        ValueError: a number that is not finite.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        # Python keeps such bytes as halves of characters, which UTF-8 cannot hold and JSON's escapes can.
        text = json.dumps(value, indent=indent, allow_nan=False)
    return text + "\n"
