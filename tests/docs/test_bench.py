"""The page of measured figures is what the bench wrote."""

import json

from dev.bench.page import PAGE, RESULTS, render


def test_the_page_shows_the_results_of_the_last_run() -> None:
    """Nobody edits a figure by hand."""
    assert PAGE.read_text() == render(json.loads(RESULTS.read_text()))
