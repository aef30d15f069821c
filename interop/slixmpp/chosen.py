"""Prints the tests that are chosen; fails when one of slixmpp's is neither chosen nor left out."""

import pathlib
import sys
import tomllib

choice = tomllib.loads(pathlib.Path(sys.argv[1]).read_text())
directory = pathlib.Path(sys.argv[2])
chosen = choice["chosen"]
known = {name.split("::")[0] for name in chosen} | set(choice["left_out"])
there = {path.name for path in directory.glob("test_*.py")}
if known != there:
    sys.exit(f"chosen.toml and slixmpp differ: {sorted(known ^ there)}; choose, or say why not")
print(*(directory / name for name in chosen))
