"""python -m touchline.cli."""

from touchline.cli import main

main()
