from __future__ import annotations

import hashlib
import re
from pathlib import Path

import console

STATIC = Path(console.__file__).parent / "static"
TEMPLATES = STATIC.parent / "templates"
ROW = re.compile(r"^\| (\S+\.js) \| .* \| ([0-9a-f]{64}) \|$", re.MULTILINE)


def test_each_vendored_script_is_the_one_the_readme_names() -> None:
    noted = dict(ROW.findall((STATIC / "vendor" / "README.md").read_text("utf-8")))
    scripts = {path.name: path.read_bytes() for path in (STATIC / "vendor").glob("*.js")}
    assert noted == {name: hashlib.sha256(text).hexdigest() for name, text in scripts.items()}
    assert len(scripts) == 2


def test_no_page_asks_anything_of_another_server_or_runs_inline_code() -> None:
    files = [*TEMPLATES.glob("*.html"), *STATIC.glob("*.css"), *STATIC.glob("*.js")]
    for path in files:
        text = path.read_text("utf-8")
        assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", text), path
        assert not re.search(r"""\son[a-z]+=["']|\sstyle=|<style""", text), path
        assert not re.search(r"<script(?![^>]*(?:src=|application/json))", text), path
