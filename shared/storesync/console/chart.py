"""The last day as two pictures of bars: changes, and the lag. Read beside them by a table for those who cannot see them."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from .overview import Hour

CHANGES, LAG = "changes", "lag"
MEASURES = (CHANGES, LAG)
LINES = 4
SECONDS = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600)
COLORS = {CHANGES: "#3d8bfd", LAG: "#fd7e14"}
# The picture is an image of its own: it follows the viewer's system by itself, as the page around it does.
DARK = "inline:@media (prefers-color-scheme: dark) { text { fill: #ced4da !important; } }"


def draw(
    hours: Sequence[Hour], measure: str, duration: Callable[[float], str], offset: timedelta = timedelta(0), nothing: str = "–"
) -> str:
    """An SVG document, without scripts. `duration` tells a number of seconds in words, `offset` is how far the viewer's clock is ahead of UTC,
    `nothing` is shown for an empty day.
    """
    import pygal
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#495057",
        foreground_strong="#495057",
        foreground_subtle="#8884",
        colors=(COLORS[measure],),
        font_family="system-ui, sans-serif",
        label_font_size=14,
        major_label_font_size=14,
        no_data_font_size=14,
        guide_stroke_color="#8886",
        major_guide_stroke_color="#8886",
        opacity=".8",
    )
    chart = pygal.Bar(
        style=style, js=(), width=560, height=230, margin=4, show_legend=False, show_minor_x_labels=False, x_labels_major_every=4,
        disable_xml_declaration=False, explicit_size=False, spacing=6,
        include_x_axis=True, truncate_label=-1, print_values=False, no_data_text=nothing,
    )  # fmt: skip
    chart.config.css.append(DARK)
    values = [(round(hour.lag) if measure == LAG else hour.changes) or None for hour in hours]
    chart.y_labels = scale(max((value or 0 for value in values), default=0), measure)
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
