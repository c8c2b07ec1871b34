import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "core"))  # small_pipeline.py: a world in memory
