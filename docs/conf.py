"""Sphinx settings: offline, warnings as errors, the API reference made from `__all__`."""

import functools
import importlib.metadata
import sys
from pathlib import Path
from typing import Any

from jinja2 import FileSystemBytecodeCache
from jinja2.sandbox import SandboxedEnvironment
from numpydoc import docscrape_sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import api_pages
import compat
import model_page
from version import current

project = "facula"
author = "The facula authors"
copyright = author
version = release = current()

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
html_static_path = ["_build/static"]
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}

# The reference: one page a name, from what each layer makes public.
autosummary_generate = True
autosummary_generate_overwrite = False  # api_pages writes some pages itself
autosummary_imported_members = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"
autodoc_member_order = "groupwise"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False
autosummary_filename_map = api_pages.write(HERE / "api" / "generated")
(HERE / "api" / "generated" / "compatibility.md").write_text(compat.page(), encoding="utf-8")
(HERE / "api" / "generated" / "models.md").write_text(model_page.page(), encoding="utf-8")
# numpydoc compiles its template anew for every docstring, which took half of the build.
docscrape_sphinx.SandboxedEnvironment = functools.partial(  # type: ignore[attr-defined]
    SandboxedEnvironment, bytecode_cache=FileSystemBytecodeCache())
nitpick_ignore_regex = [
    # Python's, NumPy's and typing's names: no inventory of theirs is read, the build is offline.
    (r"py:.*", r"(?!facula\.).*"),
    # Base classes, which stand in a layer's private modules and not in the reference.
    (r"py:class", r"facula\.\w+\..*"),
]

doctest_global_setup = "import facula"
doctest_test_doctest_blocks = ""
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = f"facula {version}"
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}
# A page for each of 2,000 names needs no list of all the others: drawing it took an hour.
html_sidebars = {"index": [], "install": [], "quickstart": [], "changelog": [],
                 "api/generated/names/*": []}


def _mathjax() -> str:
    """Copy MathJax's one-file SVG build out of its package: the pages work without internet.

    Its own extension would copy 24 MB; this file is 2 MB.
    """
    for file in importlib.metadata.files("sphinx-mathjax-offline") or ():
        if file.name == "tex-svg.js":
            folder = HERE / "_build" / "static"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / file.name).write_bytes(Path(str(file.locate())).read_bytes())
            return file.name
    raise RuntimeError("sphinx-mathjax-offline holds no tex-svg.js")


mathjax_path = _mathjax()


def _say_nothing_of_the_type(app: object, what: str, name: str, value: object, options: object,
                             lines: list[str]) -> None:
    """A number's or a word's page would show its type's docstring, which says nothing of it."""
    if what == "data" and type(value).__doc__ == getattr(value, "__doc__", "") and isinstance(
            value, (bool, int, float, str)):
        lines.clear()


def setup(app: Any) -> None:
    """What Sphinx calls first."""
    app.connect("autodoc-process-docstring", _say_nothing_of_the_type, priority=400)
