"""Runs a notebook from its first cell to its last and writes it, with its outputs, to another file: run.py NOTEBOOK OUT."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

notebook, out = map(Path, sys.argv[1:])
read = nbformat.read(notebook, as_version=4)
NotebookClient(read, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(out.parent)}}).execute()
nbformat.write(read, out)
