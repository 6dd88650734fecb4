"""Pages of HTML that need nothing else: no script, no font, no picture from elsewhere.

Light or dark as the reader's screen is. Every text that comes from data or a command is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from txtal.reports.charts import COLOURS, marker
from txtal.text import clean


def page(title: str, body: Iterable[str]) -> str:
    """The whole page; ``body`` is HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{safe(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def safe(text: str) -> str:
    """``text`` as HTML, harmless."""
    return escape(clean(text))


def figure(title: str, note: str, drawn: str) -> str:
    """A chart with its caption; ``drawn`` is HTML."""
    return (
        f"<figure><figcaption>{safe(title)} <small>{safe(note)}</small></figcaption>"
        f"{drawn}</figure>"
    )


def legend(lines: Iterable[tuple[str, str]]) -> str:
    """The names of a chart's lines, each with the class that sets it apart, if any."""
    items = "".join(
        f'<li><svg class="k{number % COLOURS}" viewBox="0 0 34 14" width="34" height="14" '
        f'aria-hidden="true"><path class="line{kind}" d="M1 7H33"/>'
        f"{marker(number, 17, 7)}</svg>{safe(name)}</li>"
        for number, (name, kind) in enumerate(lines)
    )
    return f'<ul class="legend">{items}</ul>'


def head_cells(names: Iterable[str]) -> str:
    """The cells of a table's head."""
    return "".join(f'<th scope="col">{safe(name)}</th>' for name in names)


def row_cells(row: Sequence[str]) -> str:
    """The cells of a row, which the first names."""
    rest = "".join(f"<td>{safe(cell)}</td>" for cell in row[1:])
    return f'<th scope="row">{safe(row[0])}</th>{rest}'


def table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of words, that scrolls where it is too wide."""
    body = "".join(f"<tr>{row_cells(row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{head_cells(heads)}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Names and what they are."""
    return (
        f"<dl>{''.join(f'<dt>{safe(key)}</dt><dd>{safe(value)}</dd>' for key, value in rows)}</dl>"
    )


def folded(summary: str, content: str) -> str:
    """HTML that is shown when it is asked for."""
    return f"<details><summary>{safe(summary)}</summary>{content}</details>"


_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_STYLE = """
:root{color-scheme:light dark;--paper:#fdfdfc;--ink:#1d2330;--soft:#5d6675;--hair:#e1e4ea;
--card:#fff;--accent:#0b6bcb;--k0:#0b6bcb;--k1:#c2410c;--k2:#0f8a5f;--k3:#a21caf;--k4:#8a6d00;
--k5:#0e7490;--k6:#be123c;--k7:#57534e}
@media (prefers-color-scheme:dark){:root{--paper:#12151b;--ink:#e8eaef;--soft:#9aa3b2;
--hair:#2b313c;--card:#191d25;--accent:#6cb6ff;--k0:#6cb6ff;--k1:#fb9a5b;--k2:#4fd19c;--k3:#e58cf0;
--k4:#e0c14a;--k5:#5fd0e0;--k6:#ff8099;--k7:#b8b2ac}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:76rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.5rem 0 .75rem}
h3{font-size:1rem;margin:1.25rem 0 .5rem}
.answer{font-size:1.15rem;max-width:60rem;margin:0 0 2rem;padding:.9rem 1.1rem;
background:var(--card);border:1px solid var(--hair);border-left:4px solid var(--accent);
border-radius:6px;overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:1.25rem}
figure{margin:0;padding:1rem 1rem .5rem;background:var(--card);border:1px solid var(--hair);
border-radius:8px}
figcaption{font-weight:600;margin-bottom:.5rem}
small{color:var(--soft);font-weight:400;font-size:.85rem}
svg{display:block;width:100%;height:auto;overflow:visible}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem 1.5rem;margin:0 0 .9rem;padding:0}
.legend li{display:flex;align-items:center;gap:.5rem}
.legend svg{width:34px;flex:none}.squares svg{width:14px}.squares li{font-size:.9rem}
text{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
.end{text-anchor:end}.middle{text-anchor:middle}
.name{paint-order:stroke;stroke:var(--card);stroke-width:3px}
.grid{stroke:var(--hair)}.axis,.tick{stroke:var(--soft)}
.rule{stroke:var(--soft);stroke-dasharray:2 4}
.line{fill:none;stroke:var(--k);stroke-width:2.2;stroke-linejoin:round}
.dashed{stroke-dasharray:7 4}
.marker{fill:var(--k);stroke:var(--card);stroke-width:1}
.band{fill:var(--k);opacity:.13}
.wide{overflow-x:auto;margin-top:1.25rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.45rem .75rem;border-bottom:1px solid var(--hair);text-align:right;
white-space:nowrap}
thead th{color:var(--soft);font-weight:600;font-size:.88rem}
tr>th:first-child{text-align:left}
tbody th{font-weight:600}
.bar{width:22%;min-width:7rem;text-align:left}
.bar span{display:block;height:.7rem;border-radius:3px;background:var(--accent)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.5rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
details{margin-top:2rem}summary{cursor:pointer;font-weight:600}
@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}text{font-size:19px}}
@media print{.charts{grid-template-columns:1fr 1fr}}
.bars{fill:var(--k)}
.whisker{stroke:var(--k);stroke-width:1.6;fill:none}
td.heat{background:color-mix(in srgb,var(--accent) calc(var(--heat)*70%),transparent)}
""" + "".join(f".k{number}{{--k:var(--k{number})}}" for number in range(COLOURS))
