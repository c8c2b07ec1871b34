import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "cli"))  # world.py: whole commands in a folder
