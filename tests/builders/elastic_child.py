"""The command line with detections that were compiled before: compiling takes most of a short run.

python tests/builders/elastic_child.py COMPILED.json elastic run …
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "package" / "lib"), str(ROOT / "bin")]

from cli import content, main  # noqa: E402  # found by the lines above

if __name__ == "__main__":
    compiled = json.loads(Path(sys.argv.pop(1)).read_text(encoding="utf-8"))
    content.compiled = lambda: compiled
    sys.exit(main.main())
