import ast
from pathlib import Path

from mainstay.config import schema
from mainstay.config.schema import KEYS, MEANT, Values
from mainstay.model.spec import AppSpec, Command, LogPolicy, PythonApp, Restart


def test_every_key_is_there_once() -> None:
    assert len({key.name for key in KEYS}) == len(KEYS)


def test_every_key_of_the_module_is_in_the_table() -> None:
    defined = {id(value) for value in vars(schema).values() if isinstance(value, schema.Key)}

    assert defined == {id(key) for key in KEYS}


def test_documented_defaults_are_the_real_ones() -> None:
    for key in KEYS:
        if key.shown.startswith(('"', "[", "{", *"0123456789")) or key.shown in ("true", "false"):
            literal = ast.literal_eval(key.shown.replace("true", "True").replace("false", "False"))
            assert key.read(literal) == key.default, key.name


def test_defaults_are_those_of_the_model() -> None:
    values = Values({})
    spec = AppSpec("web", Command(()), "/")
    app = PythonApp("a:b", "/python")

    assert spec.instances == values[schema.INSTANCES]
    assert spec.namespace == values[schema.NAMESPACE]
    assert (spec.start_timeout, spec.stop_timeout) == (values[schema.START_TIMEOUT], values[schema.STOP_TIMEOUT])
    assert (spec.stop_signal, spec.parallel) == (values[schema.STOP_SIGNAL], values[schema.PARALLEL])
    assert (app.engine, app.interface) == (values[schema.ENGINE], values[schema.INTERFACE])
    assert (app.preload, app.threads) == (values[schema.PRELOAD], values[schema.THREADS])
    assert Restart() == Restart(
        values[schema.RESTART_ON],
        values[schema.RESTART_FIRST],
        values[schema.RESTART_CAP],
        values[schema.RESTART_BACKOFF],
        values[schema.RESTART_GIVE_UP],
    )
    assert LogPolicy() == LogPolicy(
        values[schema.LOGS_FORMAT],
        values[schema.LOGS_ROTATE],
        values[schema.LOGS_KEEP],
        values[schema.LOGS_COMPRESS],
        values[schema.LOGS_OUT],
        values[schema.LOGS_ERR],
    )


def test_words_of_other_tools_lead_to_keys_that_exist() -> None:
    names = {key.name for key in KEYS}

    for word, meant in MEANT.items():
        assert word not in names
        assert meant in names | {"[apps.NAME]", "restart", "health", "schedule"}


def test_a_path_may_begin_at_home() -> None:
    assert schema.CWD.read("~/x") == str(Path.home() / "x")
