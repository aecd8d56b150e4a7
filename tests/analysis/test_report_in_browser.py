"""The report in a real browser: what it shows, how it is used, and that names stay inert."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from runner.analysis.report import selection
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
LEFT, RIGHT = "\ue012", "\ue014"
UP, DOWN = "\ue013", "\ue015"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    make_sweep(folder / "sweep", JOBS, HOSTILE)
    plots = folder / "sweep" / "0" / "plots"
    plots.mkdir()
    picture = Path(__file__).parents[2] / "docs" / "learning_curve.png"
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
    wait_for(driver, "Boolean(globalThis.Plotly)")
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


def by_number(page: Any) -> None:
    """The table in the order of the runs."""
    page.find_element("xpath", "//th/button[text()='run']").click()


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
    assert not page.find_element("id", "sampled").is_displayed()
    losses = [float(text.replace(",", "")) for text in column(page, 2)]
    assert (len(losses), losses) == (50, sorted(losses))
    assert page.find_element("id", "page").text == "page 1 of 3"
    page.execute_script("byId('filter').value = 'seed=1'; applyFilter();")
    assert not page.find_element("id", "pages").is_displayed()
    page.execute_script("byId('filter').value = ''; applyFilter();")
    page.find_element("id", "next").click()
    assert float(column(page, 2)[0].replace(",", "")) >= losses[-1]


def test_of_many_runs_it_says_how_many_it_shows(
    driver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "MOST_RUNS", 30)
    monkeypatch.setattr(selection, "EXTREMES", 3)
    make_sweep(tmp_path / "sweep", JOBS)
    assert main([str(tmp_path / "sweep"), "-o", str(tmp_path / "page.html")]) == 0
    driver.get((tmp_path / "page.html").as_uri())
    assert driver.find_element("id", "summary").text == f"{JOBS} runs: 119 completed, 1 failed."
    said = driver.find_element("id", "sampled").text
    assert said.startswith(f"Table and charts show 30 of the {JOBS} runs: the 3 best (")
    assert driver.find_element("id", "count").text == "30 of 30 runs"
    assert len(driver.find_elements("css selector", "#group-table tbody tr")) == 20
    assert driver.find_element("id", "group-note").text.startswith(
        "119 of 120 runs; lower is better."
    )
    assert errors(driver) == []


def test_numbers_of_a_column_have_as_many_decimals(page: Any) -> None:
    by_number(page)
    names = page.find_elements("css selector", "#table thead th")
    place = [name.text for name in names].index("accuracy")
    assert len({len(text.partition(".")[2]) for text in column(page, place)} - {0}) == 1
    assert len(set(column(page, place))) > 40


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
        ('topology="3-4-1" seed<=2', "8 of 120 runs"),
        ("seed<three", "seed is compared with a number, not 'three'"),
    ],
)
def test_a_filter_keeps_what_it_says(words: str, said: str, page: Any) -> None:
    page.find_element("id", "filter").send_keys(words)
    wait_for(page, "document.getElementById('count').textContent === arguments[0]", said)


def test_charts_show_the_runs_that_the_filter_keeps(page: Any) -> None:
    page.find_element("id", "filter").send_keys("topology=3-4-1")
    page.execute_script("document.getElementById('metric').scrollIntoView()")
    wait_for(page, "(document.getElementById('metric-chart').data || []).length == 1")
    values = page.execute_script("return document.getElementById('metric-chart').data[0].y")
    assert len(values) == 24


@pytest.mark.parametrize("chart", ["curves", "metric", "heat"])
def test_every_chart_is_drawn(chart: str, page: Any) -> None:
    page.execute_script("document.getElementById(arguments[0]).scrollIntoView()", chart)
    drawn = "(document.getElementById(arguments[0] + '-chart').data || []).length > 0"
    wait_for(page, drawn, chart)


def test_curves_have_a_line_and_a_band_for_each_topology(page: Any) -> None:
    page.execute_script("document.getElementById('curves').scrollIntoView()")
    traces = wait_for(page, "document.getElementById('curves-chart').data")
    lines = [trace for trace in traces if trace.get("name")]
    rates = [f"{rate}" for rate in (0.01, 0.1, 1, 10)]
    assert [line["name"] for line in lines] == 5 * rates
    assert len({line.get("xaxis") for line in lines}) == 5
    titles = page.execute_script(
        "return byId('curves-chart').layout.annotations.map(({ text }) => text)"
    )
    assert titles == ["3-2-1", "3-4-1", "3-8-1", "3-8-8-1", "3-16-1"]
    low, high = traces[0]["y"], traces[1]["y"]
    middle = lines[0]["y"]
    assert all(a <= b <= c for a, b, c in zip(low, middle, high, strict=True))


LINES = "[...document.querySelectorAll('#parallel-chart .line')]"


def parallel(page: Any) -> list[list[float]]:
    """The heights of the lines of the parallel coordinates, once they are drawn."""
    page.execute_script("document.getElementById('parallel').scrollIntoView()")
    lines = wait_for(page, f"{LINES}.length && {LINES}.map(line => line.getAttribute('d'))")
    return [[float(point.split()[1]) for point in re.split("[ML]", line)[1:]] for line in lines]


def test_parallel_coordinates_leave_no_value_out_and_colour_by_the_metric(page: Any) -> None:
    lines = parallel(page)
    names = page.find_elements("css selector", "#parallel-chart text.axis")
    assert [name.text for name in names] == ["topology", "learning_rate", "seed", "loss"]
    assert len(lines) == JOBS
    assert len({line[0] for line in lines}) == 5
    top, bottom = min(line[3] for line in lines), max(line[3] for line in lines)
    assert all(top <= height <= bottom for line in lines for height in line)
    classes = page.execute_script(f"return {LINES}.map(line => line.classList[1])")
    by_shade = [
        [line[3] for line, name in zip(lines, classes, strict=True) if name == f"shade-{shade}"]
        for shade in range(9)
    ]
    found = [heights for heights in by_shade if heights]
    assert len(found) > 5
    assert all(min(low) >= max(high) for low, high in pairwise(found))
    colours = page.execute_script(f"return {LINES}.map(line => getComputedStyle(line).stroke)")
    assert len(set(colours)) == len(found)


def kept(page: Any) -> set[int]:
    """The runs whose lines pass all ranges."""
    lines = f"{LINES}.filter(line => !line.classList.contains('out'))"
    return set(page.execute_script(f"return {lines}.map(line => Number(line.dataset.run))"))


def drag(page: Any, axis: int, low: float, high: float) -> None:
    """Drags along an axis, from one share of its height to another."""
    from selenium.webdriver.common.action_chains import ActionChains

    area = page.find_elements("css selector", "#parallel-chart .area")[axis]
    top, height = page.execute_script("return [AXIS.top - heightOf(1) + 8, AXIS.height]")
    middle = area.size["height"] / 2

    def at(share: float) -> int:
        return int(top + height * (1 - share) - middle)

    actions = ActionChains(page, duration=0).move_to_element_with_offset(area, 0, at(low))
    actions = actions.click_and_hold().move_to_element_with_offset(area, 0, at(high))
    actions.release().perform()


def test_dragging_along_axes_keeps_the_lines_that_pass(page: Any) -> None:
    lines = parallel(page)
    drag(page, 0, -0.05, 0.3)
    two = kept(page)
    assert two == {run for run, line in enumerate(lines) if line[0] > 260}
    assert len(two) == 48
    drag(page, 3, 0.5, 1.05)
    both = kept(page)
    assert both == {run for run in two if lines[run][3] < 192}
    assert page.find_element("id", "parallel-note").text.startswith(f"{len(both)} of 120 runs pass")
    area = page.find_elements("css selector", "#parallel-chart .area")[3]
    area.click()
    assert kept(page) == two
    page.find_element("id", "parallel-keep").click()
    assert page.find_element("id", "filter").get_attribute("value") == (
        "topology>=3-2-1 topology<=3-4-1"
    )
    assert page.find_element("id", "count").text == "48 of 120 runs"
    wait_for(page, f"{LINES}.length === 48 && !document.querySelector('#parallel-chart .out')")


def test_arrow_keys_narrow_an_axis_and_escape_frees_it(page: Any) -> None:
    lines = parallel(page)
    page.execute_script("document.getElementById('parallel-metric').focus()")
    press(page, TAB)
    press(page, UP, UP, DOWN)  # five topologies: the third and the fourth are left
    assert kept(page) == {run for run, line in enumerate(lines) if 110 < line[0] < 200}
    assert len(kept(page)) == 48
    press(page, ESCAPE)
    assert len(kept(page)) == JOBS


def test_the_first_axis_has_room_for_its_labels(page: Any) -> None:
    parallel(page)
    page.execute_script(
        "runs.columns.get('topology').levels[0] = '784-1000-1000-1000-10'; drawParallel()"
    )
    lefts = page.execute_script(
        "const texts = [...document.querySelectorAll('#parallel-chart text')];"
        "const left = document.querySelector('#parallel-chart svg').getBoundingClientRect().left;"
        "return texts.map(text => text.getBoundingClientRect().left - left)"
    )
    assert min(lefts) >= 0
    assert "784-1000-1000-1000-10" in page.find_element("id", "parallel-chart").text


def test_whole_numbers_have_whole_ticks(page: Any) -> None:
    ticks = "return between(arguments[0], false)"
    assert page.execute_script(ticks, list(range(1, 11))) == [1, 3, 6, 8, 10]
    assert page.execute_script(ticks, [0.93, 0.935, 0.99]) == [0.93, 0.95, 0.96, 0.97, 0.99]


TWIN = """
const topology = runs.columns.get('topology');
for (const name of ['twin', 'other']) runs.columns.set(name, { ...topology, name });
return [crossing(['topology', 'twin', 'other']) ?? null,
        crossing(['topology', 'twin', 'optimizer.learning_rate']),
        [byId('heat-across').value, byId('heat-down').value]];
"""


def test_the_heat_map_starts_with_two_settings_that_vary_independently(page: Any) -> None:
    rates = ["topology", "optimizer.learning_rate"]
    assert page.execute_script(TWIN) == [None, rates, rates]


def test_the_heat_map_shows_means_as_compare_does(page: Any) -> None:
    assert page.execute_script("return [mean([1, null, 1, 7]), mean([null])]") == [3, None]
    page.execute_script("drawHeat()")
    assert page.find_element("id", "heat-note").text.startswith("Mean ")


def test_curves_are_drawn_against_steps_epochs_or_seconds(page: Any) -> None:
    drawn = """
        byId('curves-facet').value = '';
        byId('curves-x').value = arguments[0];
        byId('curves-x').dispatchEvent(new Event('change'));
        drawCurves();
        const { data, layout } = byId('curves-chart');
        return [layout.xaxis.title.text, Math.max(...data.flatMap(({ x }) => x))];
    """
    steps, seconds = (page.execute_script(drawn, name) for name in ("step", "seconds"))
    assert (steps[0], seconds[0]) == ("step", "seconds")
    assert seconds[1] == pytest.approx(steps[1] / 1e6, rel=1e-3)


VALIDATED = """
content.curves.names.push('val_loss');
content.curves.runs.forEach((curves) => curves.push(curves[content.curves.axes.length]));
fillSelects();
"""


def test_curves_start_with_validation_where_there_is_any(page: Any) -> None:
    chosen = "return document.getElementById('curves-metric').value"
    assert page.execute_script(chosen) == "loss"
    page.execute_script(VALIDATED)
    assert page.execute_script(chosen) == "val_loss"
    drawn = "drawCurves(); return document.getElementById('curves-chart').data"
    dotted = [trace for trace in page.execute_script(drawn) if trace["line"].get("dash") == "dot"]
    names = [f"{rate} in training" for rate in (0.01, 0.1, 1, 10)]
    assert [trace["name"] for trace in dotted] == 5 * names
    assert page.find_element("id", "curves-note").text.endswith("Dotted: loss in training.")


def test_two_runs_are_compared(page: Any) -> None:
    by_number(page)
    boxes = page.find_elements("css selector", "#table tbody input")
    boxes[0].click()
    page.find_elements("css selector", "#table tbody input")[5].click()
    table = page.find_element("id", "differences").text
    assert "topology 3-2-1 3-4-1" in table
    assert "optimizer.learning_rate 0.01 0.1" in table
    assert "seed" not in table
    assert "2 settings" in page.find_element("id", "compare-note").text


def test_a_run_has_its_command_its_pictures_and_its_settings(page: Any) -> None:
    by_number(page)
    page.find_element("link text", "0").click()
    panel = page.find_element("id", "panel")
    assert panel.find_element("tag name", "pre").text.startswith("python -m runner topology=3-2-1")
    wait_for(page, "document.querySelector('#panel img').naturalWidth > 100")
    wait_for(page, "(document.getElementById('panel-chart').data || []).length === 1")
    assert HOSTILE in panel.text
    panel.find_element("xpath", "//button[text()='Copy']").click()
    wait_for(page, "String(getSelection()).startsWith('python -m runner')")


def test_it_opens_with_the_groups_and_a_click_filters_by_one(page: Any) -> None:
    rows = page.find_elements("css selector", "#group-table tbody tr")
    assert len(rows) == 20
    assert rows[0].text.endswith("★ best")
    assert page.find_element("id", "headline").text.startswith(
        rows[0].find_element("tag name", "button").text
    )
    rows[3].find_element("tag name", "button").click()
    assert page.find_element("id", "count").text == "6 of 120 runs"


def test_arrow_keys_and_buttons_turn_to_the_next_run_of_the_table(page: Any) -> None:
    order = column(page, 1)
    page.find_element("link text", order[0]).click()
    title = "document.getElementById('panel-title').textContent.split(' ')[1]"
    assert not page.find_element("id", "run-before").is_enabled()
    press(page, RIGHT)
    assert page.execute_script(f"return {title}") == order[1]
    page.find_element("id", "run-after").click()
    assert page.execute_script(f"return {title}") == order[2]
    assert page.execute_script("return document.activeElement.id") == "run-after"
    press(page, LEFT)
    assert page.execute_script(f"return {title}") == order[1]
    results = page.find_element("css selector", "#panel .result").text
    assert "loss" in results.splitlines()[0]


def test_curves_have_a_colour_for_any_set_of_settings(page: Any) -> None:
    drawn = """
        byId('curves-facet').value = '';
        curvesBy.clear();
        for (const name of arguments[0]) curvesBy.add(name);
        drawCurves();
        return byId('curves-chart').data.filter(({ showlegend }) => showlegend).length;
    """
    counts = [page.execute_script(drawn, names) for names in (["topology"], ["topology", "seed"])]
    assert counts == [5, 16]
    assert "The first 16 of 30" in page.find_element("id", "curves-note").text


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
        best = page.find_element("css selector", "#group-table tr.best").rect
        assert best["y"] + best["height"] < height  # without scrolling
        assert errors(page) == []


def test_parallel_coordinates_fit_a_phone_or_say_that_they_scroll(address: str) -> None:
    with browser(400, 844) as page:
        page.get(address)
        page.execute_script("document.getElementById('parallel').scrollIntoView()")
        chart = "document.getElementById('parallel-chart')"
        wait_for(
            page, f"{chart}.querySelector('svg') && {chart}.scrollWidth <= {chart}.clientWidth"
        )
        note = page.find_element("id", "parallel-note")
        assert "sideways" not in note.text
        page.execute_script("AXIS.narrow = 300; drawParallel()")
        wait_for(page, f"{chart}.scrollWidth > 900")
        assert "scroll it sideways" in note.text


GROUPS: dict[str, tuple[list[tuple[float, float, float]], list[int]]] = {
    "alike": ([(0.96, 0.95, 0.97), (0.95, 0.93, 0.97), (0.94, 0.93, 0.95)], []),
    "one is far worse": ([(0.96, 0.95, 0.97), (0.95, 0.94, 0.96), (0.1, 0.09, 0.11)], [2]),
    "one is unsure": ([(0.96, 0.95, 0.97), (0.95, 0.5, 0.99), (0.94, 0.93, 0.95)], [1]),
    "two kinds": ([(0.96, 0.95, 0.97), (0.2, 0.19, 0.21), (0.1, 0.09, 0.11)], []),
    "two groups": ([(0.96, 0.95, 0.97), (0.1, 0.09, 0.11)], []),
}


@pytest.mark.parametrize("case", GROUPS)
def test_one_outlier_does_not_stretch_the_axis_of_all_groups(case: str, page: Any) -> None:
    rows, beyond = GROUPS[case]
    groups = [dict(zip(("mean", "low", "high"), row, strict=True)) for row in rows]
    found = page.execute_script(
        "const scale = groupScale(arguments[0]);"
        "return [scale.beyond.map((row) => arguments[0].indexOf(row)), scale.least, scale.most]",
        groups,
    )
    kept = [value for at, row in enumerate(rows) if at not in beyond for value in row]
    assert found == [beyond, min(kept), max(kept)]


NUMBERS = {
    "endTexts(0.99491, 0.99507)": ["0.99491", "0.99507"],
    "endTexts(0.1, 0.9)": ["0.1", "0.9"],
    "endTexts(1025951, 1437828)": ["1,030,000", "1,440,000"],
    "endTexts(0.5, 0.5)": ["0.5"],
    "textBeside({decimals: 4}, 0.99991, 0.99988)": "0.99991",
    "textBeside({decimals: 4}, 0.99991234, 0.99991233)": "0.99991234",
    "textBeside({decimals: 4}, 0.00099754, null)": "0.00099754",
    "aloneText({decimals: 0}, 1187471)": "1,187,471",
    "aloneText({decimals: 4}, 0.972144846)": "0.972145",
    "numberText({decimals: 11, numbers: [4.172e-8]}, 4.172e-8)": "4.172e-8",
    "numberText({decimals: 11, numbers: [4.172e-8]}, 4.2e-9)": "4.200e-9",
}


def test_numbers_have_the_digits_that_tell_them_apart(page: Any) -> None:
    found = {text: page.execute_script(f"return {text}") for text in NUMBERS}
    assert found == NUMBERS


def test_of_what_is_left_out_many_lines_are_folded(page: Any) -> None:
    shown = """
        const lines = Array.from({ length: arguments[0] }, (_, at) => `Line ${at}.`);
        content.conclusion.left_out = lines;
        showConclusion();
        return byId('left-out').innerText;
    """
    assert page.execute_script(shown, 3).split() == ["Line", "0.", "Line", "1.", "Line", "2."]
    assert page.execute_script(shown, 7) == "Which runs are left out, and why"


def test_runs_are_compared_by_their_names(page: Any) -> None:
    for field, name in (("compare-a", "7"), ("compare-b", "9")):
        page.find_element("id", field).send_keys(name)
    assert "differ" in page.find_element("id", "compare-note").text


def test_a_single_run_is_not_compared(driver: Any, tmp_path: Path) -> None:
    make_sweep(tmp_path / "sweep", 1)
    assert main([str(tmp_path / "sweep"), "-o", str(tmp_path / "page.html")]) == 0
    driver.get((tmp_path / "page.html").as_uri())
    shown = "return [...document.querySelectorAll('nav a')].filter(a => !a.hidden).length"
    assert driver.execute_script(shown) == 2
    assert driver.find_element("id", "best-run").text.endswith("run 0.")
    assert errors(driver) == []


def test_a_run_that_has_ended_does_not_make_the_median_jump(page: Any) -> None:
    curves = [[[1, 10], [0.9, 0.8]], [[1, 10], [0.7, 0.6]], [[1, 10, 100], [0.1, 0.1, 0.1]]]
    band = page.execute_script("return bandOf(arguments[0])", curves)
    assert band["middle"][0] == 0.7
    assert band["middle"][-1] == 0.6
    assert max(abs(b - a) for a, b in pairwise(band["middle"])) < 0.02
    assert (band["low"][-1], band["high"][-1]) == (0.1, 0.8)


def test_paper_is_white_and_shows_every_chart(page: Any) -> None:
    page.execute_script("printCharts(true)")
    drawn = "document.querySelectorAll('.chart .main-svg, svg.parallel').length >= 4"
    wait_for(page, drawn)
    printed = page.execute_cdp_cmd("Page.printToPDF", {})
    assert len(printed["data"]) > 50_000
    # Paper has no backgrounds: what has to be seen is a border.
    drawn = "getComputedStyle(document.querySelector(arguments[0])).borderTopWidth"
    widths = [page.execute_script(f"return {drawn}", name) for name in (".dot", ".interval")]
    assert widths == ["5px", "4px"]
