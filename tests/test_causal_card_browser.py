"""The card for one person in a real browser: nothing is asked for, nothing sticks out, all can be read, one sheet."""

import base64
import json
import re
import shutil

import cards
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from recrec.causal.card import render

BROWSER, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (BROWSER and DRIVER), reason="needs chromium and chromedriver (Debian: chromium, chromium-driver)"
    ),
]
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
EXAMPLES = cards.examples()
WIDTHS = {"phone": 360, "desk": 1280}
#: Inches.
SHEETS = {"A4": (8.27, 11.69), "letter": (8.5, 11.0)}
#: Of every text: itself, its colour, that of what lies behind it, its size; and whether it lies inside of the page.
TEXTS = """
const texts = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode, parent = node.parentElement;
  if (!node.data.trim() || ["TITLE", "DESC", "title", "desc"].includes(parent.tagName)) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  const box = range.getBoundingClientRect(), style = getComputedStyle(parent);
  const svg = parent.closest("svg");
  let behind = "", at = parent;
  if (svg && parent.closest("g")) behind = getComputedStyle(parent.closest("g").querySelector("rect")).fill;
  while (!behind && at) {
    const colour = getComputedStyle(at).backgroundColor;
    if (!/, 0\\)$/.test(colour)) behind = colour;
    at = at.parentElement;
  }
  texts.push({
    text: node.data.trim(), colour: svg ? style.fill : style.color, behind,
    size: parseFloat(style.fontSize) * (svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1),
    left: box.left, right: box.right, height: box.height,
    shown: style.visibility === "visible" && style.opacity === "1",
  });
}
return texts;
"""
#: Of every node in the drawing: left and right end of its box, and of each of its texts.
BOXES = """
const ends = part => { const box = part.getBoundingClientRect(); return [box.left, box.right]; };
return [...document.querySelectorAll(".graph g")].map(g => [...g.querySelectorAll("rect, text")].map(ends));
"""


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for option in OPTIONS:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Files of the examples' cards by name."""
    folder = tmp_path_factory.mktemp("cards")
    paths = {}
    for number, (name, card) in enumerate(EXAMPLES.items()):
        paths[name] = folder / f"{number}.html"
        paths[name].write_text(render(card), "utf-8")
    return paths


def show(browser, path, width=1280):
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    for log in ("performance", "browser"):
        browser.get_log(log)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(path.as_uri())


def requests(browser):
    """Addresses that the browser asked for since the page was asked for, and that one."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    return [url for url in sent if not url.startswith("data:")]


def channels(colour):
    return [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]


def contrast(one, other):
    """Ratio of the luminances of two colours, by the Web Content Accessibility Guidelines."""

    def luminance(colour):
        scaled = [part / 255 for part in channels(colour)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in scaled]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def sheets(browser, size):
    """Of a page, printed: how many sheets, and their sizes in points."""
    width, height = size
    printed = browser.execute_cdp_cmd(
        "Page.printToPDF", {"paperWidth": width, "paperHeight": height, "printBackground": True}
    )
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF")
    return len(re.findall(rb"/Type\s*/Page\b", pdf)), re.findall(rb"/MediaBox\s*\[([^]]*)\]", pdf)


@pytest.mark.parametrize("name", EXAMPLES)
class TestCard:
    def test_it_asks_for_nothing(self, browser, pages, name):
        show(browser, pages[name])
        assert requests(browser) == [pages[name].as_uri()]
        assert not browser.get_log("browser")

    @pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
    def test_nothing_sticks_out(self, browser, pages, name, width):
        show(browser, pages[name], width)
        page, all_of_it = browser.execute_script(
            "const page = document.documentElement; return [page.clientWidth, page.scrollWidth]"
        )
        assert width - 20 <= page <= width and all_of_it <= page
        for text in browser.execute_script(TEXTS):
            assert text["left"] >= 0 and text["right"] <= page, text

    @pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
    def test_all_can_be_read(self, browser, pages, name, width):
        show(browser, pages[name], width)
        texts = browser.execute_script(TEXTS)
        for text in texts:
            assert text["shown"] and text["height"] > 0, text
            assert text["size"] >= 9, text
            assert contrast(text["colour"], text["behind"]) >= 4.5, text
        said = " ".join(" ".join(text["text"] for text in texts).split())
        card = EXAMPLES[name]
        for part in (card.title, card.person, *(feature.before_text for feature in card.features)):
            assert part.replace("\xa0", " ") in said.replace("\xa0", " ")

    def test_in_the_drawing_nothing_sticks_out(self, browser, pages, name):
        show(browser, pages[name])
        boxes = browser.execute_script(BOXES)
        assert len(boxes) == len(EXAMPLES[name].features)
        for (left, right), *texts in boxes:
            assert all(left <= begin and end <= right for begin, end in texts)

    @pytest.mark.parametrize("sheet", SHEETS)
    def test_it_prints_on_one_sheet(self, browser, pages, name, sheet):
        show(browser, pages[name])
        count, (size,) = sheets(browser, SHEETS[sheet])
        assert count == 1
        width, height = (float(part) / 72 for part in size.split()[2:])
        assert (width, height) == pytest.approx(SHEETS[sheet], abs=0.02)


class TestTheTestsNotice:
    def test_a_request(self, browser, pages, tmp_path):
        text = pages["free"].read_text("utf-8").replace("img-src data:", "img-src *")
        page = tmp_path / "asks.html"
        page.write_text(text.replace("</main>", '<img src="http://127.0.0.1:9/a.png" alt=""></main>'), "utf-8")
        show(browser, page)
        assert "http://127.0.0.1:9/a.png" in requests(browser)

    def test_what_the_page_itself_forbids(self, browser, pages, tmp_path):
        page = tmp_path / "forbidden.html"
        more = "<img src='http://127.0.0.1:9/a.png' alt=''><script>document.title = 'ran'</script></main>"
        page.write_text(pages["free"].read_text("utf-8").replace("</main>", more), "utf-8")
        show(browser, page)
        assert browser.title != "ran"
        assert len(browser.get_log("browser")) == 2

    def test_a_script_in_a_name(self, browser, pages):
        show(browser, pages["crowded"])
        assert browser.execute_script("return document.scripts.length") == 0

    def test_a_second_sheet(self, browser, pages, tmp_path):
        page = tmp_path / "long.html"
        page.write_text(pages["free"].read_text("utf-8").replace("</main>", "<p>more</p>" * 60 + "</main>"), "utf-8")
        show(browser, page)
        assert sheets(browser, SHEETS["A4"])[0] == 2

    def test_a_wide_line(self, browser, pages, tmp_path):
        page = tmp_path / "wide.html"
        wide = "<p style='white-space: nowrap'>" + "wide " * 60 + "</p></main>"
        page.write_text(pages["free"].read_text("utf-8").replace("</main>", wide), "utf-8")
        show(browser, page, 360)
        assert browser.execute_script("return document.documentElement.scrollWidth") > 360


def test_contrast():
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(118, 118, 118)", "rgb(255, 255, 255)") == pytest.approx(4.54, abs=0.01)
