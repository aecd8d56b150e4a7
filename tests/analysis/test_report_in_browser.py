"""The report in a real browser: what it shows, how it is used, and that names stay inert."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from runner.report import main
from tests.analysis.browser import HOW_TO_INSTALL, INSTALLED, browser, errors
from tests.analysis.made_up_runs import make_sweep
from tests.analysis.test_report import HOSTILE

pytestmark = [
    pytest.mark.skipif(not INSTALLED, reason=HOW_TO_INSTALL),
    pytest.mark.xdist_group("browser"),
]
JOBS = 120
SCREENS = [(1280, 900, False), (1280, 900, True), (390, 844, False), (390, 844, True)]
TAB, ENTER, SPACE, ESCAPE = "\ue004", "\ue007", "\ue00d", "\ue00c"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    make_sweep(folder / "sweep", JOBS, HOSTILE)
    plots = folder / "sweep" / "0" / "plots"
    plots.mkdir()
    picture = Path(__file__).parents[2] / "docs" / "learning_curves.png"
    (plots / "learning_curve.png").write_bytes(picture.read_bytes())
    target = folder / "report.html"
    assert main([str(folder / "sweep"), "-o", str(target)]) == 0
    return target.as_uri()


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browser(1280, 900) as driver:
        yield driver


@pytest.fixture
def page(driver: Any, address: str) -> Iterator[Any]:
    driver.get("about:blank")
    driver.get(address)
    yield driver
    assert errors(driver) == []


def wait_for(page: Any, condition: str, *arguments: object) -> Any:
    """The value of a JavaScript expression, once it is true."""
    from selenium.webdriver.support.wait import WebDriverWait

    return WebDriverWait(page, 20).until(
        lambda driver: driver.execute_script(f"return {condition}", *arguments)
    )


def column(page: Any, place: int) -> list[str]:
    """The texts of a column of the table."""
    rows = page.execute_script(
        "return [...document.querySelectorAll('#table tbody tr')].map("
        "row => row.cells[arguments[0]].textContent)",
        place,
    )
    return [str(text) for text in rows]


def press(page: Any, *keys: str) -> None:
    """Keys, to whatever has the focus."""
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(page).send_keys(*keys).perform()


def tab_to(page: Any, expression: str) -> None:
    """Presses Tab until the focus is on an element for which the expression holds."""
    for _ in range(120):
        press(page, TAB)
        if page.execute_script(f"const at = document.activeElement; return {expression}"):
            return
    raise AssertionError(f"Tab does not lead to {expression}")


def test_it_shows_a_page_of_the_runs(page: Any) -> None:
    assert page.find_element("id", "summary").text == f"{JOBS} runs: 119 completed, 1 failed."
    assert column(page, 1) == [str(run) for run in range(1, 51)]
    assert page.find_element("id", "page").text == "page 1 of 3"
    page.find_element("id", "next").click()
    assert column(page, 1)[0] == "51"


def test_a_column_sorts_up_and_down(page: Any) -> None:
    button = "//th/button[text()='steps']"
    page.find_element("xpath", button).click()
    place = page.execute_script(
        "return [...document.querySelectorAll('#table th')].findIndex("
        "head => head.textContent === 'steps')"
    )
    up = [int(text.replace(",", "")) for text in column(page, place)]
    assert up == sorted(up)
    page.find_element("xpath", button).click()
    down = [int(text.replace(",", "")) for text in column(page, place)]
    assert down == sorted(down, reverse=True)
    assert down[0] > up[-1]
    head = page.find_element("xpath", f"{button}/..")
    assert head.get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("topology=3-4-1", "24 of 120 runs"),
        ("learning_rate>=1 seed<=2", "20 of 120 runs"),
        ("3-8-8-1 failed", "1 of 120 runs"),
        ("status!=failed", "119 of 120 runs"),
        ("sped>3", "no column is named sped"),
        ("seed<three", "seed is compared with a number, not 'three'"),
    ],
)
def test_a_filter_keeps_what_it_says(words: str, said: str, page: Any) -> None:
    page.find_element("id", "filter").send_keys(words)
    wait_for(page, "document.getElementById('count').textContent === arguments[0]", said)


def test_charts_show_the_runs_that_the_filter_keeps(page: Any) -> None:
    page.find_element("id", "filter").send_keys("topology=3-4-1")
    page.execute_script("document.getElementById('metric').scrollIntoView()")
    boxes = wait_for(page, "(document.getElementById('metric-chart').data || []).length")
    assert boxes == 1
    values = page.execute_script("return document.getElementById('metric-chart').data[0].y")
    assert len(values) == 24


@pytest.mark.parametrize("chart", ["curves", "metric", "parallel", "heat"])
def test_every_chart_is_drawn(chart: str, page: Any) -> None:
    page.execute_script("document.getElementById(arguments[0]).scrollIntoView()", chart)
    drawn = "(document.getElementById(arguments[0] + '-chart').data || []).length > 0"
    wait_for(page, drawn, chart)


def test_curves_have_a_line_and_a_band_for_each_topology(page: Any) -> None:
    page.execute_script("document.getElementById('curves').scrollIntoView()")
    traces = wait_for(page, "document.getElementById('curves-chart').data")
    lines = [trace for trace in traces if trace.get("name")]
    assert [line["name"] for line in lines] == ["3-2-1", "3-4-1", "3-8-1", "3-8-8-1", "3-16-1"]
    low, high = traces[0]["y"], traces[1]["y"]
    middle = lines[0]["y"]
    assert all(a <= b <= c for a, b, c in zip(low, middle, high, strict=True))


def test_parallel_coordinates_leave_no_value_out_and_colour_by_the_metric(page: Any) -> None:
    page.execute_script("document.getElementById('parallel').scrollIntoView()")
    traces = wait_for(page, "document.getElementById('parallel-chart').data")
    axes = page.execute_script(
        "return document.getElementById('parallel-chart').layout.annotations"
    )
    names = [axis["text"] for axis in axes if axis["text"].startswith("<b>")]
    assert names == ["<b>topology</b>", "<b>learning_rate</b>", "<b>seed</b>", "<b>steps</b>"]
    shades = [[trace["y"][at : at + 4] for at in range(0, len(trace["y"]), 5)] for trace in traces]
    lines = [line for shade in shades for line in shade]
    assert len(lines) == JOBS
    assert {line[0] for line in lines} == {0, 0.25, 0.5, 0.75, 1}
    assert all(0 <= place <= 1 for line in lines for place in line)
    ends = [[line[3] for line in shade] for shade in shades if shade]
    assert all(max(low) <= min(high) for low, high in pairwise(ends))


def test_two_runs_are_compared(page: Any) -> None:
    boxes = page.find_elements("css selector", "#table tbody input")
    boxes[0].click()
    page.find_elements("css selector", "#table tbody input")[5].click()
    table = page.find_element("id", "differences").text
    assert "topology 3-2-1 3-4-1" in table
    assert "optimizer.learning_rate 0.01 0.1" in table
    assert "seed" not in table
    assert "2 settings" in page.find_element("id", "compare-note").text


def test_a_run_has_its_command_its_pictures_and_its_settings(page: Any) -> None:
    page.find_element("link text", "1").click()
    panel = page.find_element("id", "panel")
    assert panel.find_element("tag name", "pre").text.startswith("python -m runner topology=3-2-1")
    wait_for(page, "document.querySelector('#panel img').naturalWidth > 100")
    wait_for(page, "(document.getElementById('panel-chart').data || []).length === 1")
    assert HOSTILE in panel.text
    panel.find_element("xpath", "//button[text()='Copy']").click()
    wait_for(page, "String(getSelection()).startsWith('python -m runner')")


def test_names_are_shown_and_not_run(page: Any) -> None:
    assert page.execute_script("return document.querySelectorAll('img').length") == 0
    page.find_element("css selector", "#constants summary").click()
    assert HOSTILE in page.find_element("id", "constants").text


def test_the_keyboard_is_enough(page: Any) -> None:
    tab_to(page, "at.id === 'filter'")
    press(page, *"topology=3-8-1")
    wait_for(page, "document.getElementById('count').textContent === '24 of 120 runs'")
    tab_to(page, "at.textContent === 'steps' && at.tagName === 'BUTTON'")
    press(page, ENTER)
    assert page.execute_script("return document.activeElement.textContent") == "steps"
    tab_to(page, "at.type === 'checkbox' && at.closest('tbody')")
    press(page, SPACE)
    tab_to(page, "at.type === 'checkbox' && at.closest('tbody')")
    press(page, SPACE)
    assert "differ" in page.find_element("id", "compare-note").text
    tab_to(page, "at.tagName === 'A' && at.closest('tbody')")
    press(page, ENTER)
    wait_for(page, "document.getElementById('panel').open")
    press(page, ESCAPE)
    wait_for(page, "!document.getElementById('panel').open")
    assert not page.execute_script("return location.hash")


@pytest.mark.parametrize(("width", "height", "dark"), SCREENS)
def test_it_fits_phones_and_desks_in_light_and_dark(
    width: int, height: int, dark: bool, address: str
) -> None:
    with browser(width, height, dark=dark) as page:
        page.get(address)
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        paper = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(20, 23, 27)") == dark
        assert errors(page) == []


def test_parallel_coordinates_scroll_on_a_phone_instead_of_shrinking(address: str) -> None:
    with browser(390, 844) as page:
        page.get(address)
        page.execute_script("document.getElementById('parallel').scrollIntoView()")
        width = "document.getElementById('parallel-chart').scrollWidth >= 440"
        wait_for(page, width)
        page.execute_script("dispatchEvent(new Event('resize'))")
        wait_for(page, width)


def test_paper_is_white_and_shows_every_chart(page: Any) -> None:
    page.execute_script("printCharts(true)")
    drawn = "document.querySelectorAll('.chart .main-svg').length >= 4"
    wait_for(page, drawn)
    printed = page.execute_cdp_cmd("Page.printToPDF", {})
    assert len(printed["data"]) > 50_000
