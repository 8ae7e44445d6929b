"""The site: `python -m sphinx -W --keep-going docs docs/_build` (needs the extra `docs`)."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
os.environ["NUMBA_DISABLE_JIT"] = "1"  # rules and kernels are then plain functions
sys.path[:0] = [str(HERE / "_extensions"), str(HERE.parent)]

from mtor_abm.version import VERSION  # noqa: E402

project = "mtor_abm"
author = "the mtor_abm developers"
release = VERSION
highlight_language = "none"
smartquotes = False  # code and options keep their characters
exclude_patterns = ["_build", "jupyter_execute"]  # the second is where MyST-NB puts its copies
extensions = ["myst_nb", "api_pages", "links"]

myst_heading_anchors = 3
nb_ipywidgets_js = {}  # would come from another host
nb_execution_mode = "off"  # tests run the notebooks; the site shows what they wrote

autodoc_default_options = {
    "members": True, "member-order": "bysource", "no-value": True, "ignore-module-all": True,
}  # fmt: skip
autodoc_preserve_defaults = True
if find_spec("solara") is None:  # the page of the live view alone does not load without its extra
    autodoc_mock_imports = ["solara", "mesa.visualization", "PIL"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!mtor_abm\b).*")]  # other libraries have no page here
add_module_names = False
toc_object_entries = False
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"mtor_abm {VERSION}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False  # the licence is a page
