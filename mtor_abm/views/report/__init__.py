"""The report page of a study: `run.py report STUDY`.

`material` reads the runs, each section is a module of its own, `page` puts them together; page.html,
page.css and page.js are the page's own parts and stand within it.
"""

from .page import Report, write_report

__all__ = ["Report", "write_report"]
