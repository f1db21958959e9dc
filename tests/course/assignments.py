"""What the tests of the assignments share."""

import re

from tools.course import source


def graded_lines(assignment):
    """Lines of solutions and tests that say something."""
    regions = [
        region
        for cell in assignment.of("answer", "manual")
        for _, region in source.SOLUTION.findall(cell.text)
    ]
    text = "\n".join([*regions, *(cell.text for cell in assignment.of("marked", "rubric"))])
    lines = {line.strip() for line in text.splitlines() if len(line.strip()) > 24}
    # Names of the library that may not be called stand in its own pages.
    return {line for line in lines if not re.fullmatch(r'"distunlearn_lite[\w.]+",?', line)}
