"""What the tests of the assignments share."""

from tools.course import source


def graded_lines(assignment):
    """Lines of solutions and tests that say something."""
    regions = [
        region
        for cell in assignment.of("answer", "manual")
        for _, region in source.SOLUTION.findall(cell.text)
    ]
    text = "\n".join([*regions, *(cell.text for cell in assignment.of("marked", "rubric"))])
    return {line.strip() for line in text.splitlines() if len(line.strip()) > 24}
