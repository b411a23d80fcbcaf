"""Any spec there can be, for Hypothesis."""

from hypothesis import strategies as st

from mainstay.model.spec import (
    AppSpec,
    Command,
    Engine,
    EnvLayer,
    Interface,
    LogFormat,
    LogPolicy,
    PythonApp,
    Restart,
    RestartOn,
    TcpBind,
    UnixBind,
)

TEXTS = st.text(max_size=8)
SECONDS = st.floats(min_value=0, max_value=1e9) | st.integers(0, 1000).map(float)
PROGRAMS = st.builds(
    PythonApp, TEXTS, TEXTS, st.sampled_from(Engine), st.sampled_from(Interface), st.booleans(), st.integers()
) | st.builds(Command, st.lists(TEXTS, max_size=3).map(tuple), TEXTS)
BINDS = st.builds(TcpBind, TEXTS, st.integers(0, 65535)) | st.builds(UnixBind, TEXTS)
RESTARTS = st.builds(Restart, st.sampled_from(RestartOn), SECONDS, SECONDS, st.booleans(), st.integers(0))
LOGS = st.builds(
    LogPolicy, st.sampled_from(LogFormat), st.integers(0), st.integers(0), st.booleans(), out=TEXTS, err=TEXTS
)
LAYERS = st.builds(EnvLayer, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3))
SPECS = st.builds(
    AppSpec,
    name=TEXTS,
    program=PROGRAMS,
    cwd=TEXTS,
    namespace=TEXTS,
    instances=st.integers(),
    binds=st.lists(BINDS, max_size=3).map(tuple),
    env=st.lists(LAYERS, max_size=3).map(tuple),
    environment=TEXTS,
    start_timeout=SECONDS,
    stop_timeout=SECONDS,
    stop_signal=TEXTS,
    parallel=st.integers(),
    restart=RESTARTS,
    logs=LOGS,
    source=TEXTS,
)
