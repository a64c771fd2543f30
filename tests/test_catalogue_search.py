"""The search in the catalogue's page, in a real browser where there is one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
BODY = """
<article>
<h1 id="catalogue">Catalogue</h1>
<p>Every metric.</p>
{form}
<h2 id="caseload">Caseload<a class="headerlink" href="#caseload">¶</a></h2><p>People.</p>
<h3 id="caseload_per_100k">Caseload per 100,000</h3><p>People on the caseload.</p><div><span class="catalogue-status">example</span></div>
<h2 id="finance">Finance</h2><p>Money.</p>
<h3 id="cost_per_contact">Cost per contact</h3><p>Pounds for a contact.</p>
<h3 id="year_of_care_cost">Cost of a year of care</h3><p>Pounds for a patient on the caseload.</p>
</article>
<script src="{script}"></script>
<script>
addEventListener("DOMContentLoaded", () => {{
const words = document.querySelector("#catalogue-words");
const section = document.querySelector("#catalogue-section");
const seen = () => [...document.querySelectorAll("h1, h2, h3, p, div")].filter((part) => !part.hidden).map((part) => part.id || part.textContent);
const told = {{ start: [seen(), document.querySelector("output").textContent, document.querySelector("form").hidden] }};
told.sections = [...section.options].map((option) => option.value);
function type(text) {{ words.value = text; words.dispatchEvent(new Event("input")); }}
type("Cost CONTACT"); told.words = [seen(), document.querySelector("output").textContent];
type("year_of"); told.name = seen();
type("caseload"); section.value = "Finance"; section.dispatchEvent(new Event("change")); told.both = seen();
type("nothing like it"); told.none = [seen(), document.querySelector("output").textContent];
words.dispatchEvent(new KeyboardEvent("keydown", {{ key: "Escape" }})); told.escape = [words.value, seen()];
section.value = ""; const status = document.querySelector("#catalogue-status");
told.statuses = [...status.options].map((option) => option.value);
status.value = "example"; status.dispatchEvent(new Event("change")); told.status = seen();
const left = document.querySelector("form").dispatchEvent(new Event("submit", {{ cancelable: true }})); told.stays = !left;
document.body.append(Object.assign(document.createElement("pre"), {{ id: "told", textContent: JSON.stringify(told) }}));
}});
</script>
"""


def form() -> str:
    source = (PROJECT / "docs" / "hooks" / "catalogue.py").read_text(encoding="utf-8")
    found = re.search(r'^FORM = """\n(.*?)^"""', source, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_every_field_of_the_form_has_its_label() -> None:
    fields = re.findall(r'<(?:input|select) id="([\w-]+)"', form())
    assert sorted(fields) == sorted(re.findall(r'<label for="([\w-]+)"', form()))
    assert 'aria-live="polite"' in form()
    assert "hidden>" in form().splitlines()[0], "without scripts there is nothing to search with, and all is shown"


def test_the_script_asks_no_network() -> None:
    script = (PROJECT / "docs" / "assets" / "catalogue.js").read_text(encoding="utf-8")
    assert not re.search(r"fetch\(|XMLHttpRequest|import\s|https?:|innerHTML|eval\(", script)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
def test_in_a_browser(tmp_path: Path) -> None:
    script = (PROJECT / "docs" / "assets" / "catalogue.js").as_uri()
    page = tmp_path / "page.html"
    page.write_text(f'<!doctype html><meta charset="utf-8">{BODY.format(form=form(), script=script)}', encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run([str(CHROMIUM), *options, page.as_uri()], capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    told = json.loads(found[1])
    above = ["catalogue", "Every metric."]
    caseload = ["caseload", "People.", "caseload_per_100k", "People on the caseload.", "example"]
    money = ["finance", "Money."]
    contact = ["cost_per_contact", "Pounds for a contact."]
    year = ["year_of_care_cost", "Pounds for a patient on the caseload."]
    assert told["start"] == [[*above, *caseload, *money, *contact, *year], "3 of 3 metrics", False]
    assert told["sections"] == ["", "Caseload", "Finance"]
    assert told["words"] == [[*above, *money, *contact], "1 of 3 metrics"]
    assert told["name"] == [*above, *money, *year]
    assert told["both"] == [*above, *money, *year]
    assert told["none"] == [above, "0 of 3 metrics"]
    assert told["escape"] == ["", [*above, *money, *contact, *year]], "the section stays chosen"
    assert told["statuses"] == ["", "example"]
    assert told["status"] == [*above, *caseload], "one status alone"
    assert told["stays"], "Enter leaves the page as it is"
