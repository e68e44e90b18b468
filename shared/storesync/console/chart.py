"""The last day as a picture: changes as bars, the lag as a line. Read beside it by a table for those who cannot see it."""

from collections.abc import Callable, Sequence

from .overview import Hour


def draw(hours: Sequence[Hour], gettext: Callable[[str], str]) -> str:
    """An SVG document, without scripts."""
    import pygal
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#6c757d",
        foreground_strong="#6c757d",
        foreground_subtle="#8884",
        colors=("#3d8bfd", "#fd7e14"),
        font_family="system-ui, sans-serif",
        label_font_size=13,
        legend_font_size=15,
    )
    chart = pygal.Bar(
        style=style, js=(), width=960, height=260, margin=6, legend_at_bottom=True, show_minor_x_labels=False, truncate_legend=-1,
        disable_xml_declaration=False, explicit_size=False, spacing=4, x_labels_major_every=3, print_values=False,
        truncate_label=-1, show_minor_y_labels=False, y_labels_major_count=4, show_y_guides=False, integer=True, min_scale=2, max_scale=5,
    )  # fmt: skip
    chart.x_labels = [f"{hour.start:%H:%M}" for hour in hours]
    chart.add(gettext("Changes"), [hour.changes for hour in hours])
    chart.add(gettext("Lag, seconds (right)"), [round(hour.lag) for hour in hours], secondary=True)
    return str(chart.render(is_unicode=True))
