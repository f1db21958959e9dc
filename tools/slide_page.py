"""A slide show as one HTML page that loads nothing from a network."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

STYLE = """
body { margin: 0; font: 1.7vw/1.45 system-ui, sans-serif; color: #1a1a1a; background: #fff; }
section { box-sizing: border-box; min-height: 100vh; padding: 4vh 6vw; page-break-after: always; }
.shown section { display: none; }
.shown section.on { display: block; }
h1, h2, h3, h4 { margin: 0 0 .6em; line-height: 1.2; }
blockquote { margin: 1em 0; padding: .4em 1em; background: #f2f5fa; }
blockquote { border-left: .3em solid #4c72b0; }
.anchor-link { display: none; }
figure { margin: 0; text-align: center; }
figure img { max-width: 100%; max-height: 68vh; }
figcaption { font-size: .75em; text-align: left; }
pre { font-size: .8em; background: #f6f6f6; padding: .6em; overflow: auto; margin: .4em 0; }
table { border-collapse: collapse; font-size: .8em; }
td, th { padding: .2em .8em; text-align: left; }
summary { cursor: pointer; color: #2a4d86; }
aside { display: none; margin-top: 2em; padding-top: 1em; border-top: 1px solid #999; }
aside { font-size: .7em; }
.notes aside { display: block; }
@media (max-width: 60em) { body { font-size: 1rem; } }
@media print { .shown section { display: block; } }
"""
SCRIPT = """
const slides = [...document.querySelectorAll("section")];
document.body.classList.add("shown");
function show(number) {
  const here = Math.max(0, Math.min(slides.length - 1, number));
  slides.forEach((slide, i) => slide.classList.toggle("on", i === here));
  slides[here].focus();
  history.replaceState(null, "", "#" + (here + 1));
  scrollTo(0, 0);
}
const at = () => slides.findIndex((slide) => slide.classList.contains("on"));
show((parseInt(location.hash.slice(1)) || 1) - 1);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const opens = event.target.tagName === "SUMMARY" && (event.key === " " || event.key === "Enter");
  if (opens) return;
  const step = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 }[event.key];
  if (step) { event.preventDefault(); show(at() + step); }
  if (event.key === "Home") show(0);
  if (event.key === "End") show(slides.length - 1);
  if (event.key === "n") document.body.classList.toggle("notes");
});
"""
MATH = 'window.MathJax = {tex: {inlineMath: [["$", "$"]], displayMath: [["$$", "$$"]]}};'


def _text(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)


def _output(output: NotebookNode, settings: dict[str, Any]) -> str:
    if output.output_type == "stream":
        return f"<pre>{ansi2html(output.text)}</pre>"
    data = output.get("data", {})
    if "image/png" in data:
        alt = html.escape(settings.get("image", {}).get("alt", ""), quote=True)
        caption = settings.get("figure", {}).get("caption", "")
        below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
        image = _text(data["image/png"]).replace("\n", "")
        return f'<figure><img src="data:image/png;base64,{image}" alt="{alt}">{below}</figure>'
    if "text/html" in data:
        return _text(data["text/html"])
    return f"<pre>{html.escape(_text(data.get('text/plain', '')))}</pre>"


def _code(cell: NotebookNode) -> str:
    tags, settings = {*cell.metadata.get("tags", [])}, cell.metadata.get("mystnb", {})
    shown = "" if {"hide-input", "hide-cell"} & tags else Highlight2HTML()(cell.source, "python")
    outputs = "".join(_output(output, settings) for output in cell.outputs)
    if outputs and "hide-output" in tags:
        outputs = f"<details><summary>Show the output</summary>{outputs}</details>"
    return str(shown + outputs)


def _cell(cell: NotebookNode) -> str:
    return markdown2html_mistune(cell.source) if cell.cell_type == "markdown" else _code(cell)


def slides(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """What each slide shows, and its notes."""
    shown: list[str] = []
    notes: list[str] = []
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        if kind in ("slide", "subslide") and (shown or notes):
            yield "".join(shown), "".join(notes)
            shown, notes = [], []
        if kind == "notes":
            notes.append(_cell(cell))
        elif kind != "skip":
            shown.append(_cell(cell))
    if shown or notes:
        yield "".join(shown), "".join(notes)


def page(notebook: NotebookNode) -> str:
    """The slide show as HTML."""
    first = next(cell.source for cell in notebook.cells if cell.source.startswith("# "))
    title = html.escape(first.partition("\n")[0].removeprefix("# "))
    colours = HtmlFormatter().get_style_defs(".highlight")
    sections = "\n".join(
        f'<section tabindex="-1" aria-label="Slide {number}">{shown}'
        + (f"<aside>{notes}</aside>" if notes else "")
        + "</section>"
        for number, (shown, notes) in enumerate(slides(notebook), start=1)
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}{colours}</style><script>{MATH}</script>"
        '<script defer src="mathjax/tex-mml-chtml.js"></script></head>'
        f"<body>\n{sections}\n<script>{SCRIPT}</script></body></html>\n"
    )
