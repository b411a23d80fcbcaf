"""The entry of every process of ours that runs the user's app: `PYTHON boot.py template|worker TARGET`.

Run by path with the user's interpreter, where another mainstay, or none, may be installed. So the rules here are: our
own package is loaded from where this file lies; our folder does not stay on `sys.path`, where `template` or `control`
would shadow a module of the user's; the syntax stays readable for old interpreters, which are refused with one line.
"""

import os
import sys

OLDEST = (3, 11)


def replace_script_folder():
    # type: () -> None
    """Put the working directory where Python put this script's folder, as `python -m` does."""
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == here:
        sys.path[0] = os.getcwd()
    else:  # PYTHONSAFEPATH is set: nothing was put there
        sys.path.insert(0, os.getcwd())


def load_own_package():
    # type: () -> None
    """Make `mainstay` mean the package this file belongs to, whatever else is installed; `sys.path` stays as it is."""
    from importlib.util import module_from_spec, spec_from_file_location

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    spec = spec_from_file_location(
        "mainstay", os.path.join(package, "__init__.py"), submodule_search_locations=[package]
    )
    if spec is None or spec.loader is None:
        raise ImportError("cannot load mainstay from " + package)
    module = module_from_spec(spec)
    sys.modules["mainstay"] = module
    spec.loader.exec_module(module)


def main():
    # type: () -> int
    """Run the template or the worker that the command line names; the exit code."""
    replace_script_folder()
    if sys.version_info[:2] < OLDEST:
        sys.stderr.write("cannot run the app with " + sys.executable + ": Python 3.11 or newer is needed\n")
        return 1
    load_own_package()
    from mainstay.runtime.process import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
