"""What the lints share: which files are ours, C without its comments, and how a finding is told."""

import os
import pathlib
import re
import sys

NOT_OURS = {".git", "node_modules", "__pycache__"}
C_FOLDERS = ("common", "services", "clients", "tests")


def files(root, *suffixes, under=("",)):
    """Our files with one of these suffixes (all, if none is named), sorted."""
    found = []
    for folder in under:
        for here, folders, names in os.walk(root / folder):
            folders[:] = [f for f in folders if f not in NOT_OURS and not is_build(root, here, f)]
            found += [pathlib.Path(here, n) for n in names if n not in NOT_OURS]
    return sorted(path for path in found
                  if path.name.endswith(suffixes or "") and path.is_file() and not path.is_symlink())


def is_build(root, here, folder):
    return pathlib.Path(here) == pathlib.Path(root) and folder.startswith("build")


def c_files(root):
    return files(root, ".c", ".h", under=C_FOLDERS)


def bare_c(text):
    """C code with comments and the insides of strings blanked; lines stay where they are."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        found = match.group()
        if found[0] in "\"'":
            return found[0] + " " * (len(found) - 2) + found[0]
        return re.sub(r"[^\n]", " ", found)

    return token.sub(blank, text)


def bare_sql(text):
    """SQL with comments and the insides of string literals blanked."""
    token = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:''|[^'])*'", re.S)
    return token.sub(lambda m: re.sub(r"[^\n']", " ", m.group()), text)


def allowed(path):
    """An allow list: lines `name reason`. A name without a reason is not allowed to be there."""
    names = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        name, _, reason = line.partition(" ")
        if name and not name.startswith("#"):
            names[name] = reason.strip()
            if not reason.strip():
                sys.exit(f"{path}: {name} needs a reason")
    return names


def finish(findings):
    """Prints the findings and ends the program: 1 if there are any."""
    for finding in findings:
        print(finding)
    if findings:
        print(f"{len(findings)} finding(s)")
    sys.exit(1 if findings else 0)
