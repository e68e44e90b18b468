"""The last day as two pictures: changes as bars, the lag as a line. Read beside them by a table for those who cannot see them."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from .overview import Hour

CHANGES, LAG = "changes", "lag"
MEASURES = (CHANGES, LAG)
LINES = 4
SECONDS = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600)
COLORS = {CHANGES: "#3d8bfd", LAG: "#fd7e14"}


def draw(hours: Sequence[Hour], measure: str, duration: Callable[[float], str], offset: timedelta = timedelta(0)) -> str:
    """An SVG document, without scripts. `duration` tells a number of seconds in words, `offset` is how far the viewer's clock is ahead of UTC."""
    import pygal
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#6c757d",
        foreground_strong="#6c757d",
        foreground_subtle="#8884",
        colors=(COLORS[measure],),
        font_family="system-ui, sans-serif",
        label_font_size=14,
        major_label_font_size=14,
        no_data_font_size=14,
        guide_stroke_color="#8886",
        major_guide_stroke_color="#8886",
        opacity=".35" if measure == LAG else ".8",
    )
    kinds: dict[str, Any] = {CHANGES: pygal.Bar, LAG: pygal.Line}
    chart = kinds[measure](
        style=style, js=(), width=560, height=230, margin=4, show_legend=False, show_minor_x_labels=False, x_labels_major_every=4,
        disable_xml_declaration=False, explicit_size=False, spacing=6,
        include_x_axis=True, fill=measure == LAG, dots_size=2, truncate_label=-1, print_values=False,
    )  # fmt: skip
    values = [round(hour.lag) if measure == LAG else hour.changes for hour in hours]
    chart.y_labels = scale(max(values, default=0), measure)
    chart.range = (0, chart.y_labels[-1])
    chart.value_formatter = duration if measure == LAG else lambda value: f"{value:.0f}"
    chart.x_labels = [f"{hour.start + offset:%H:%M}" for hour in hours]
    chart.add("", values)
    return str(chart.render(is_unicode=True))


def scale(most: int, measure: str) -> list[int]:
    """Whole numbers, or times that people count in; an empty day has a scale as well."""
    step = max(1, -(-most // LINES))
    if measure == LAG:
        step = next((seconds for seconds in SECONDS if seconds >= step), step)
    return [at * step for at in range(LINES + 1)]
