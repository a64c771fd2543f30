"""The page in a real browser: chromium, driven by selenium, and looked over by axe.

Where one of the three is not there these tests skip, and say which. `.ci/browser` fetches them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cmhs_metrics as cm

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: see .ci/browser")
pytest.importorskip("matplotlib", reason="charts need matplotlib")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
if not CHROMIUM or not DRIVER:
    pytest.skip("chromium and chromedriver are not installed: see .ci/browser", allow_module_level=True)

AXE = Path(os.environ.get("AXE", "node_modules/axe-core/axe.min.js"))
A4 = (595, 842)
"""Width and height of a page [point]."""


def pack() -> cm.packs.Pack:
    """Twelve synthetic trusts with their teams in two years, one of them with a value that is suppressed."""
    now = cm.synthetic_providers(12)
    before = cm.synthetic_providers(12, period="2015/16", seed=3)
    people = ["registered_population", "weighted_population"]
    held = pd.concat([before, now], ignore_index=True)
    table = held[["organisation", "team_type", "period", "caseload", "contacts", "total_cost"]]
    table = table.assign(contacts_lower=table["contacts"], contacts_upper=table["contacts"])
    hidden = table["organisation"].eq("Synthetic Trust 03") & table["period"].eq("2016/17")
    hidden &= table["team_type"].eq("EIP")
    table.loc[hidden, ["contacts", "contacts_lower", "contacts_upper"]] = [None, 0, 4]
    places = now.drop_duplicates("organisation")[["organisation", *people]]
    return cm.pack(table, places, focus="Synthetic Trust 07", peers=["Synthetic Trust 02", "Synthetic Trust 03"])


def others() -> dict[str, cm.packs.Pack]:
    """What the templates make of no place, of several and of one, of many months, and of a suppressed front page."""
    now = cm.synthetic_providers(12)[["organisation", "team_type", "caseload", "contacts", "did_not_attends"]]
    months = pd.DataFrame(
        [
            {"icb": place, "period": f"2024-{month:02}", "contacts": 900.0, "did_not_attends": 90.0 + (at * month) % 7}
            for at, place in enumerate("ABCDEFGHIJKL")
            for month in range(1, 13)
        ]
    )
    hidden = months.assign(
        did_not_attends_lower=months["did_not_attends"], did_not_attends_upper=months["did_not_attends"]
    )
    hidden.loc[hidden["icb"] == "A", ["did_not_attends", "did_not_attends_lower", "did_not_attends_upper"]] = [
        None,
        0,
        4,
    ]
    trusts = sorted(now["organisation"].unique())
    return {
        "no focus": cm.pack(now, charts=False),
        "three places": cm.pack(now, focus=trusts[:3], charts=False),
        "one place": cm.pack(now[now["organisation"] == trusts[0]], focus=trusts[:1]),
        "months": cm.pack(months, focus="A", peers=["B"], targets={"dna_rate": 0.2}, improvement={"dna_rate": "low"}),
        "hidden": cm.pack(hidden, focus="A", peers=["B"], charts=False),
    }


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack().save(tmp_path_factory.mktemp("pack") / "pack.html")


def browser(downloads: Path, *, script: bool = True) -> Any:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1000"):
        options.add_argument(argument)
    preferences: dict[str, Any] = {"download.default_directory": str(downloads)}
    if not script:
        preferences["profile.managed_default_content_settings.javascript"] = 2
    options.add_experimental_option("prefs", preferences)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    opened.set_page_load_timeout(120)
    opened.execute_cdp_cmd("Network.enable", {})
    none = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    opened.execute_cdp_cmd("Network.emulateNetworkConditions", none)
    return opened


@pytest.fixture(scope="module")
def opened(page: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    held = browser(tmp_path_factory.mktemp("downloads"))
    held.get(page.as_uri())
    yield held
    held.quit()


def test_opens_without_a_word_in_the_console_and_without_a_network(opened: Any) -> None:
    assert opened.get_log("browser") == []
    loaded = opened.execute_script("return performance.getEntriesByType('resource').map(each => each.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []


def test_every_link_of_the_contents_goes_to_its_section(opened: Any) -> None:
    links = opened.find_elements("css selector", "nav a")
    assert len(links) >= 7
    for link in links:
        title = link.text
        opened.execute_script("arguments[0].click()", link)
        top, heading = opened.execute_script(
            "const h = document.querySelector(':target'); "
            "return [document.documentElement.scrollHeight - scrollY - innerHeight < 2 || "
            "h.getBoundingClientRect().top < innerHeight, h.textContent]"
        )
        assert heading == title
        assert top


def test_tab_reaches_everything_in_order(opened: Any, page: Path) -> None:
    opened.get(page.as_uri())
    keys = "a[href], summary, [tabindex='0']"
    count = opened.execute_script(f'return document.querySelectorAll("{keys}").length')
    opened.execute_script(f'[...document.querySelectorAll("{keys}")].forEach((each, at) => each.dataset.at = at)')
    opened.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
    reached = []
    for _ in range(count):
        for kind in ("keyDown", "keyUp"):
            opened.execute_cdp_cmd(
                "Input.dispatchKeyEvent", {"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
            )
        at, outline = opened.execute_script(
            "const e = document.activeElement; return [e.dataset.at, getComputedStyle(e).outlineStyle]"
        )
        reached.append(int(at))
        assert outline != "none", "where the keyboard is can be seen"
    assert reached == list(range(count))


def found_by_axe(opened: Any) -> list[Any]:
    opened.execute_script(AXE.read_text(encoding="utf-8"))
    # Over a gradient axe judges no contrast: the shadows at the edges of tables are taken away first.
    opened.execute_script("document.querySelectorAll('.scroll').forEach(each => each.style.background = 'none')")
    opened.set_script_timeout(180)
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = opened.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        f"axe.run(document, {{runOnly: {json.dumps(rules)}, resultTypes: ['violations', 'incomplete']}})"
        ".then(done, error => done({failed: String(error)}))"
    )
    assert "failed" not in found, found
    assert len(found["passes"]) > 20
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize("width", [360, 768, 1400])
def test_axe_finds_nothing(opened: Any, page: Path, width: int, folded: bool) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: see .ci/browser")
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened.get(page.as_uri())
    if not folded:
        opened.execute_script("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert found_by_axe(opened) == []
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_axe_finds_nothing_in_whatever_the_templates_make(opened: Any, tmp_path: Path) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: see .ci/browser")
    for name, made in others().items():
        for width in (360, 1400):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            opened.get(made.save(tmp_path / f"{name}.html").as_uri())
            assert found_by_axe(opened) == [], (name, width)
            assert opened.execute_script("return document.documentElement.scrollWidth <= innerWidth"), (name, width)
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_nothing_but_charts_and_tables_is_wider_than_a_telephone(opened: Any, page: Path) -> None:
    size = {"width": 360, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened.get(page.as_uri())
    assert opened.execute_script("return document.documentElement.scrollWidth <= innerWidth && innerWidth === 360")
    wide = "[...document.querySelectorAll('.chart svg, .headlines table')].filter(e => e.getBoundingClientRect().right > 360)"
    assert opened.execute_script(f"return {wide}.length") == 0, "charts and the front page need no scrolling"
    shadow = "getComputedStyle(document.querySelector('.brief .scroll')).backgroundImage"
    assert opened.execute_script(f"return {shadow}").count("gradient") == 4, "a table that goes on shows that it does"
    cut = "[...document.querySelectorAll('caption span')].filter(e => e.getBoundingClientRect().right > 360)"
    assert opened.execute_script(f"return {cut}.length") == 0, "a caption does not scroll out of sight with its table"
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_on_paper_no_table_lies_below_a_chart(opened: Any, page: Path) -> None:
    # 184 millimetres between the margins.
    size = {"width": 695, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    opened.get(page.as_uri())
    wide = (
        "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"
    )
    assert opened.execute_script(f"return {wide}") == []
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_downloads_hold_the_table(page: Path, tmp_path: Path) -> None:
    held = browser(tmp_path)
    try:
        held.get(page.as_uri())
        name = "cmhs-caseload-per-100k-2016-17.csv"
        link = held.find_element("css selector", f'a[download="{name}"]')
        held.execute_script("arguments[0].click()", link)
        file = tmp_path / name
        # The driver ends only when the file is there: its own wait, not ours.
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(held, 60).until(lambda _: file.exists() and file.stat().st_size > 0)
        table = pd.read_csv(file)
    finally:
        held.quit()
    assert len(table) == 24, "twelve trusts on two populations"
    shown = re.findall(r"<li>([\d,]+) patients per 100,000 weighted population, ", page.read_text(encoding="utf-8"))[0]
    own = table[(table["place"] == "Synthetic Trust 07") & (table["basis"] == "weighted")]
    assert f"{own['value'].iloc[0]:,.0f}" == shown


def test_reads_without_script(page: Path, tmp_path: Path) -> None:
    held = browser(tmp_path, script=False)
    try:
        held.get(page.as_uri())
        assert held.find_element("css selector", "main h2").text == "Summary"
        details = held.find_element("css selector", "details")
        details.find_element("css selector", "summary").send_keys(webdriver.Keys.ENTER)
        assert details.find_element("css selector", "table caption").is_displayed()
    finally:
        held.quit()


def printed(page: Path, target: Path) -> Path:
    """A page on paper."""
    subprocess.run(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", "--no-pdf-header-footer", f"--print-to-pdf={target}", page.as_uri()],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return target


def teams(places: int, types: int) -> pd.DataFrame:
    """The teams of so many synthetic trusts, of so many types."""
    table = cm.synthetic_providers(places)
    kept = table["team_type"].isin(list(dict.fromkeys(table["team_type"]))[:types])
    return table.loc[kept, ["organisation", "team_type", "caseload", "contacts", "did_not_attends", "total_cost"]]


MOST_SHEETS = {
    # So many trusts, so many types of team, whether one is in focus; and half of the sheets that the page took for them
    # before it had a front page (15, 13, 19 and 15, and 41 for the 42 ICBs; one place it refused).
    "one place": (1, 12, True, 7),
    "two places": (2, 3, True, 7),
    "two types": (9, 2, True, 6),
    "twelve types": (12, 12, True, 9),
    "no focus": (12, 3, False, 7),
}


@pytest.mark.parametrize("name", [*MOST_SHEETS, "42 ICBs"])
def test_few_sheets_and_none_nearly_empty(name: str, tmp_path: Path) -> None:
    pdf = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed: see .ci/browser")
    if name == "42 ICBs":
        made, most = cm.pack(), 20
    else:
        places, types, focused, most = MOST_SHEETS[name]
        table = teams(places, types)
        made = cm.pack(table, focus=[sorted(table["organisation"].unique())[places // 3]] if focused else ())
    sheets = pdf.PdfDocument(printed(made.save(tmp_path / "pack.html"), tmp_path / "pack.pdf"))
    lines = [len(sheet.get_textpage().get_text_range().split("\n")) for sheet in sheets]
    assert len(lines) <= most
    assert min(lines) >= 5, lines


def test_prints_on_a4(page: Path, tmp_path: Path) -> None:
    target = printed(page, tmp_path / "pack.pdf")
    boxes = re.findall(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", target.read_bytes())
    assert 3 < len(boxes) < 14
    for width, height in boxes:
        assert (round(float(width)), round(float(height))) == A4
