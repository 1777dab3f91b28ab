"""The tests of deployments find their own tools."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
