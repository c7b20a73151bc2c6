"""A finding as one line of JSON: the record of the design, keys in its order, ASCII only.

Example: `{"finding_id":"…","revision":1,"detection":"aws_lambda_chain",…,"incomplete":false}`.
Equal findings give equal bytes, so that two runs can be compared with `cmp`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowtrap.model.finding import Finding


def to_line(finding: Finding) -> str:
    """Return the finding as compact JSON without a line end."""
    return json.dumps(finding.to_dict(), separators=(",", ":"), ensure_ascii=True, allow_nan=False)
