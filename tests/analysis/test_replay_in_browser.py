"""A replay in a real browser: keys, slider, what is under the pointer, phones, paper, speed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import runner
from runner.replay import main
from tests.analysis.browser import HOW_TO_INSTALL, INSTALLED, browser, errors
from tests.analysis.test_report_in_browser import press, wait_for

pytestmark = [
    pytest.mark.skipif(not INSTALLED, reason=HOW_TO_INSTALL),
    pytest.mark.xdist_group("browser"),
]
FEW = {"stopping.target": None, "stopping.max_steps": 200}
KINDS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a table": (FEW, ["samples"]),
    "two inputs": ({"dataset": "xor", **FEW}, ["plane"]),
    "three classes": ({"dataset": "blobs", "stopping.max_epochs": 3}, ["plane"]),
    "one input": ({"dataset": "sine", "stopping.max_epochs": 3}, ["plane", "samples"]),
    "images": ({"dataset": "digits", "stopping.max_epochs": 2}, ["samples", "first"]),
    "a convolution": (
        {"dataset": "digits", "topology": "in-4C3-MP2-out", "stopping.max_epochs": 2},
        ["samples", "layers", "first"],
    ),
    "sequences": (
        {"experiment": "binary_addition", "dataset.samples": 200},
        ["samples", "layers"],
    ),
    "an answer a sequence": (
        {"dataset": "digits", "topology": "8x8-6LSTM-out", "stopping.max_epochs": 1},
        ["samples", "layers"],
    ),
}
SECTIONS = ("plane", "samples", "layers", "first")
SPACE, END, HOME, LEFT, RIGHT, SHIFT = "\ue00d", "\ue010", "\ue011", "\ue012", "\ue014", "\ue008"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses by the kind of run."""
    folder, found = tmp_path_factory.mktemp("replays"), {}
    for number, (kind, (settings, _)) in enumerate(KINDS.items()):
        run = runner.train(f"hydra.run.dir={folder / str(number)}", **settings)
        page = folder / f"{number}.html"
        assert main([str(run.path), "-o", str(page)]) == 0
        found[kind] = page.as_uri()
    return found


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browser(1280, 900) as driver:
        yield driver


def opened(driver: Any, address: str) -> Any:
    """The page, ready."""
    driver.get("about:blank")
    driver.get(address)
    wait_for(driver, "document.documentElement.dataset.ready")
    return driver


@pytest.fixture
def page(driver: Any, pages: dict[str, str]) -> Iterator[Any]:
    yield opened(driver, pages["two inputs"])
    assert errors(driver) == []


def at(page: Any) -> int:
    """Which moment is shown, everywhere."""
    settled = "!waiting && Number(byId('moment').value) === now.moment"
    wait_for(page, settled)
    moment = int(page.execute_script("return now.moment"))
    step = page.execute_script("return content.steps[now.moment]")
    assert page.find_element("id", "where").text == f"step {step:,}"
    return moment


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_run_has_its_panels(driver: Any, pages: dict[str, str], kind: str) -> None:
    page = opened(driver, pages[kind])
    shown = [name for name in SECTIONS if page.find_element("id", name).is_displayed()]
    assert shown == KINDS[kind][1]
    for moment in (0, 5, 10_000):
        page.execute_script("go(arguments[0]); drawStale();", moment)
        assert "undefined" not in page.find_element("tag name", "main").text
        assert "NaN" not in page.find_element("tag name", "main").text
    drawn = "[...document.querySelectorAll('main section:not([hidden]) canvas')].every(is_drawn)"
    is_drawn = (
        "const is_drawn = c => c.width && c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data.some(v => v);"
    )
    page.execute_script("printing = true; everythingStale(); drawStale();")
    assert page.execute_script(f"{is_drawn} return {drawn}")
    assert errors(page) == []


def test_keys_move_the_moment(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    last = int(page.execute_script("return moments - 1"))
    assert at(page) == last
    for keys, moment in (
        ([HOME], 0),
        ([RIGHT, RIGHT], 2),
        ([LEFT], 1),
        ([END], last),
        ([RIGHT], last),
    ):
        press(page, *keys)
        assert at(page) == moment
    press(page, HOME)
    ActionChains(page).key_down(SHIFT).send_keys(RIGHT).key_up(SHIFT).perform()
    assert at(page) == 10
    page.find_element("id", "moment").click()  # the slider itself takes no key twice
    before = at(page)
    press(page, RIGHT)
    assert at(page) == before + 1


def test_it_plays_from_the_beginning_to_the_end_and_stops(page: Any) -> None:
    page.execute_script("byId('speed').value = '8'")
    press(page, SPACE)
    assert page.find_element("id", "play").get_attribute("aria-label") == "Pause"
    wait_for(page, "now.moment > 20")
    press(page, SPACE)
    assert not page.execute_script("return now.playing")
    press(page, SPACE)
    wait_for(page, "!now.playing")
    assert at(page) == int(page.execute_script("return moments - 1"))


def test_the_page_has_the_numbers_that_were_packed(page: Any) -> None:
    numbers = page.execute_script(
        "return [...part(gaps[0].weights, moments - 1)].concat([...part(plane.wrong, 0)])"
    )
    assert len(numbers) == 12
    words = page.find_element("id", "words").text
    assert words.startswith("After 200 steps: ")
    assert words.endswith(" of 4 training samples right.")


def test_weights_and_outputs_are_told_under_the_pointer(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    edge = page.execute_script(
        "const [x1, y1, x2, y2] = layout.edges[0][0]; return [(x1 + x2) / 2, (y1 + y2) / 2]"
    )
    node = page.execute_script("const {x, y} = layout.nodes[1][0]; return [x, y]")
    canvas = page.find_element("css selector", "#net canvas")
    size = canvas.size
    for (x, y), told in ((edge, "input 1 → unit "), (node, "layer 1: unit 1; bias ")):
        offset = (x - size["width"] / 2, y - size["height"] / 2)
        ActionChains(page).move_to_element_with_offset(canvas, *map(round, offset)).perform()
        assert told in page.find_element("id", "hint").text
    plane = page.find_element("css selector", "#plane canvas")
    ActionChains(page).move_to_element(plane).perform()
    assert page.find_element("id", "hint").text.startswith("(0.4")


def test_the_learning_curve_leads_to_a_moment(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    curve = page.find_element("css selector", "#curve svg")
    ActionChains(page).move_to_element_with_offset(curve, 0, 0).click().perform()
    assert 0 < at(page) < int(page.execute_script("return moments - 1"))
    page.execute_script("byId('metric').value = 'accuracy'; everythingStale(); drawStale();")
    assert "%" in page.find_element("css selector", "#curve svg").text


def test_another_sample_is_chosen(driver: Any, pages: dict[str, str]) -> None:
    page = opened(driver, pages["a table"])
    choices = page.find_elements("css selector", "#choices button")
    choices[3].click()
    wait_for(page, "!waiting && now.sample === 3")
    assert [choice.get_attribute("aria-pressed") for choice in choices].index("true") == 3
    assert errors(page) == []


def test_an_address_can_name_a_step(driver: Any, pages: dict[str, str]) -> None:
    page = opened(driver, f"{pages['two inputs']}#3")
    assert page.execute_script("return content.steps[now.moment]") == 3
    assert not page.find_element("id", "asked").is_displayed()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("199", "Step 199, which the address asks for, is between two moments; this is the one"),
        ("1000", "The address asks for step 1,000; the training ended at step 200."),
        ("last", "#last at the end of the address is no step; such is #200."),
    ],
)
def test_a_step_that_is_no_moment_is_said_to_be_none(
    driver: Any, pages: dict[str, str], asked: str, told: str
) -> None:
    page = opened(driver, f"{pages['two inputs']}#{asked}")
    assert page.find_element("id", "asked").text.startswith(told)
    step = page.execute_script("return content.steps[now.moment]")
    assert step == 200 if asked != "199" else 190 < step < 199
    press(page, LEFT)
    assert not page.find_element("id", "asked").is_displayed()


def test_past_the_weights_that_were_restored_it_says_that_they_are_the_result(
    tmp_path: Path, driver: Any
) -> None:
    assert main(["tests/golden/runs_of_0_1_0/best", "-o", str(tmp_path / "best.html")]) == 0
    for step, told in {
        "": "The run's result is not this: the weights of epoch 25 (step 75) were restored.",
        "#75": "The run's result: these weights were restored.",
        "#74": "",
    }.items():
        page = opened(driver, f"{(tmp_path / 'best.html').as_uri()}{step}")
        assert page.find_element("id", "words").text.partition(" right. ")[2] == told
    assert page.find_element("css selector", "#curve .legend").text.endswith("restored: epoch 25")


def test_of_many_samples_it_says_which_are_shown(driver: Any, pages: dict[str, str]) -> None:
    samples = opened(driver, pages["images"]).find_element("id", "samples").text
    assert "Shown are a typical one, up to 6 that are wrong at the end, and the first" in samples
    numbers = driver.execute_script("return content.samples.rows.map(({ place }) => place)")
    assert all(f"sample {number}" in samples for number in numbers)
    assert "Shown are" not in opened(driver, pages["a table"]).find_element("id", "samples").text


@contextmanager
def screen(driver: Any, width: int, **features: str) -> Iterator[None]:
    """The browser with a window of another width, and with media features."""
    media = [{"name": "prefers-color-scheme", "value": features.get("scheme", "light")}]
    size = {"height": 900, "deviceScaleFactor": 1}
    send = driver.execute_cdp_cmd
    send("Emulation.setDeviceMetricsOverride", {**size, "width": width, "mobile": width < 600})
    send("Emulation.setEmulatedMedia", {"media": features.get("media", ""), "features": media})
    try:
        yield
    finally:
        send("Emulation.setDeviceMetricsOverride", {**size, "width": 1280, "mobile": False})
        light = [{"name": "prefers-color-scheme", "value": "light"}]
        send("Emulation.setEmulatedMedia", {"media": "", "features": light})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["two inputs", "a convolution", "sequences"])
def test_it_fits_a_phone(driver: Any, pages: dict[str, str], kind: str, scheme: str) -> None:
    with screen(driver, 400, scheme=scheme):
        page = opened(driver, pages[kind])
        assert page.execute_script("return document.documentElement.scrollWidth") <= 400
        paper = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(20, 23, 27)") == (scheme == "dark")
        assert errors(page) == []


def test_it_prints_the_moment_on_white_paper(driver: Any, pages: dict[str, str]) -> None:
    with screen(driver, 1280, scheme="dark", media="print"):
        page = opened(driver, f"{pages['a convolution']}#20")
        page.execute_script("dispatchEvent(new Event('beforeprint'))")
        assert not page.find_element("id", "play").is_displayed()
        assert page.find_element("id", "where").is_displayed()
        assert page.execute_script("return scales.grey[0].every((part) => part === 255)")
        assert page.execute_script("return layout.width") < 480  # drawn for paper's width
        page.execute_script("dispatchEvent(new Event('afterprint'))")
        assert page.execute_script("return isDark() && scales.grey[0][0] === 20")
        assert errors(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_moment_is_drawn_within_a_frame(driver: Any, pages: dict[str, str], kind: str) -> None:
    page = opened(driver, pages[kind])
    median = page.execute_script(
        "const times = []; for (let moment = moments - 1; moment > 0; moment--) {"
        " const begun = performance.now(); go(moment - 1); drawStale();"
        " times.push(performance.now() - begun); }"
        "return times.sort((a, b) => a - b)[times.length >> 1]"
    )
    assert median < 1000 / 60


def test_what_a_run_is_called_is_inert(tmp_path: Path, driver: Any) -> None:
    data = tmp_path / "some.csv"
    names = ["&amp;", "</script><img src=x>"]
    rows = "\n".join(f"{x},{x % 3},{names[x % 2]}" for x in range(40))
    data.write_text(f"<b>a</b>,b,k\n{rows}\n")
    run = runner.train(
        f"hydra.run.dir={tmp_path / 'r'}",
        dataset="csv",
        **{"dataset.path": str(data), "dataset.target": "k", "stopping.max_epochs": 2},
    )
    assert main([str(run.path), "-o", str(tmp_path / "r.html")]) == 0
    page = opened(driver, (tmp_path / "r.html").as_uri())
    assert page.find_elements("css selector", "img, b b, main b") == []
    assert page.execute_script("return content.classes") == names
    assert errors(page) == []
