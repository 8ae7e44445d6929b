"""The report page of a study: `run.py report STUDY`.

`material` reads the runs, each section is a module of its own, `page` puts them together. The files
page.html, page.css and page.js stand within the page as they are.
"""

from .page import Report, write_report

__all__ = ["Report", "write_report"]
