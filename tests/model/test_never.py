import subprocess
import sys
from pathlib import Path
from typing import Never, cast

import pytest

from mainstay.model.never import assert_never

SRC = Path(__file__).parents[2] / "src"


def test_what_got_there_after_all_is_told() -> None:
    with pytest.raises(AssertionError, match="not expected here: 'x'"):
        assert_never(cast("Never", "x"))


def test_the_model_does_not_load_typing() -> None:
    code = """if True:
        import sys
        import mainstay.model.never
        print("typing" in sys.modules)
    """

    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(SRC)}
    )

    assert done.stdout == "False\n"
