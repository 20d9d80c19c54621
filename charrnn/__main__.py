"""Run charrnn as a module: `python -m charrnn`."""

from charrnn.cli import main

main()
