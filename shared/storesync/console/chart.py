"""The last day as two pictures: changes as bars, the lag as a line. Read beside them by a table for those who cannot see them."""

from collections.abc import Callable, Sequence
from typing import Any

from .overview import Hour

CHANGES, LAG = "changes", "lag"
MEASURES = (CHANGES, LAG)
LEAST = {CHANGES: 3, LAG: 60}  # so that an empty day still has a scale
COLORS = {CHANGES: "#3d8bfd", LAG: "#fd7e14"}


def draw(hours: Sequence[Hour], measure: str, duration: Callable[[float], str]) -> str:
    """An SVG document, without scripts. `duration` tells a number of seconds in words."""
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
        disable_xml_declaration=False, explicit_size=False, spacing=6, y_labels_major_count=4, show_minor_y_labels=False,
        include_x_axis=True, min_scale=3, max_scale=4, fill=measure == LAG, dots_size=2, truncate_label=-1, print_values=False,
    )  # fmt: skip
    values = [round(hour.lag) if measure == LAG else hour.changes for hour in hours]
    chart.range = (0, max(LEAST[measure], *values))
    chart.value_formatter = duration if measure == LAG else lambda value: f"{value:.0f}"
    chart.x_labels = [f"{hour.start:%H:%M}" for hour in hours]
    chart.add("", values)
    return str(chart.render(is_unicode=True))
