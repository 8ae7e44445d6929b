"""What pyproject.toml cannot say: the scenarios of a clone travel inside the built package.

They lie once, in `scenarios/` at the top, where people edit them. A wheel holds them as
`mtor_abm/scenarios`. The build works in a folder of its own, so that it leaves no `build/` here.
"""

import atexit
import shutil
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent


class WithScenarios(build_py):
    """Builds the modules, and puts the scenarios among them."""

    def run(self) -> None:
        """Build; an editable installation reads them where they lie."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "mtor_abm", "scenarios")
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted((HERE / "scenarios").glob("*.toml")):
            shutil.copyfile(path, target / path.name)


building = tempfile.mkdtemp(prefix="mtor_abm_build_")
atexit.register(shutil.rmtree, building, ignore_errors=True)
setup(cmdclass={"build_py": WithScenarios}, options={"build": {"build_base": building}})
