"""Run by its path, with the Python of a rival's environment: `python -P start.py NAME SAMPLES`.

Of this program the environment knows nothing. So an empty package of our name is made whose modules are found in our
folder: relative imports work, and no library of ours can be reached.
"""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parents[2]

package = sys.modules.setdefault(FOLDER.name, ModuleType(FOLDER.name))
package.__path__ = [str(FOLDER)]

if __name__ == "__main__":  # worker processes that are not forked run the lines above
    import_module(f"{FOLDER.name}.rivals.inside.main").main()
