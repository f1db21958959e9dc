"""The built book: every page there, every cell executed, nothing loaded from elsewhere."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
import yaml

from tools.notebooks import chapters

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"


class Page(HTMLParser):
    """What a page loads, shows and links to."""

    def __init__(self, path):
        super().__init__()
        self.loaded, self.images, self.links, self.ids, self.text = [], [], [], set(), []
        self.hidden = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if "id" in values:
            self.ids.add(values["id"])
        if tag in ("script", "img", "iframe", "source", "video") and values.get("src"):
            self.loaded.append(values["src"])
        if tag == "link" and values.get("rel") not in (
            "canonical",
            "index",
            "search",
            "next",
            "prev",
        ):
            self.loaded.append(values.get("href"))
        if tag == "img":
            self.images.append(values)
        if tag == "a":
            self.links.append(values.get("href", ""))
        if tag in ("script", "style", "pre"):
            self.hidden += 1

    def handle_endtag(self, tag):
        if tag in ("script", "style", "pre"):
            self.hidden -= 1

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


@cache
def parsed(path):
    return Page(path)


def listed():
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    entries = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *entries]


@pytest.fixture(scope="module", params=listed())
def page(request):
    path = HTML / f"{request.param}.html"
    assert path.is_file(), f"{path.name} was not built; run: python tasks.py book"
    return path


def test_every_chapter_is_in_the_book():
    in_book = {Path(entry).name for entry in listed() if entry.startswith("notebooks/")}
    assert in_book == {path.stem for path in chapters()}


def test_nothing_is_loaded_from_elsewhere(page):
    for address in parsed(page).loaded:
        assert not re.match(r"(https?:)?//", address), f"{page.name} loads {address}"


def test_scripts_name_no_other_place_to_load_from(page):
    text = page.read_text(encoding="utf-8")
    # The theme's own line for live code does nothing without its button, which we do not show.
    assert "initThebe" not in text
    text = re.sub(r"<script>const THEBE_JS_URL = .*?</script>", "", text)
    assert "cdn." not in text
    assert "unpkg" not in text


def test_images_exist_and_say_what_is_seen(page):
    for image in parsed(page).images:
        assert (page.parent / image["src"]).is_file()
        if "logo" not in image.get("class", ""):
            alt = image.get("alt", "")
            assert len(alt) >= 40, f"{page.name}: {image['src']} has no alternative text"
            assert not alt.startswith("../")


def test_links_within_the_book_lead_somewhere(page):
    for link in parsed(page).links:
        if re.match(r"(https?:|mailto:)", link) or not link or link == "#":
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.is_file(), f"{page.name} links to {link}"
        if anchor and target.suffix == ".html":
            assert anchor in parsed(target).ids, f"{page.name} links to {link}"


def test_no_markup_is_left_unrendered(page):
    text = "".join(parsed(page).text)
    for mark in ("{ref}", "{numref}", "{prf:", "{cite", ":::", "```", "{eq}", "??"):
        assert mark not in text, f"{page.name} shows {mark}"


@pytest.mark.parametrize("chapter", chapters(), ids=lambda path: path.stem)
def test_every_cell_was_executed_in_the_build(chapter):
    notebook = nbformat.read(chapter, as_version=4)
    shown = (HTML / "notebooks" / f"{chapter.stem}.html").read_text(encoding="utf-8")
    stored = [c for c in notebook.cells if c.cell_type == "code"]
    pictures = sum("<Figure" in str(cell.outputs) for cell in stored)
    assert shown.count('class="cell_input') == len(stored)
    figures = [
        i
        for i in parsed(HTML / "notebooks" / f"{chapter.stem}.html").images
        if "_images" in i["src"]
    ]
    assert len(figures) == pictures


def test_formulas_are_set_by_the_vendored_mathjax():
    assert (HTML / "_static" / "mathjax" / "tex-mml-chtml.js").is_file()
    assert (HTML / "_static" / "mathjax" / "LICENSE").is_file()
    fonts = HTML / "_static" / "mathjax" / "output" / "chtml" / "fonts" / "woff-v2"
    assert len(list(fonts.glob("*.woff"))) >= 20
    page = (HTML / "notebooks" / "02-gaussian-kl.html").read_text(encoding="utf-8")
    assert "mathjax/tex-mml-chtml.js" in page
