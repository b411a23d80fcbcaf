"""The apps of a config file, as specs: read, check, choose, resolve."""

import os
from collections.abc import Mapping, Sequence

from mainstay.config.document import Document
from mainstay.config.nearest import nearest
from mainstay.config.problems import Complaints
from mainstay.config.resolve import PRODUCTION, Surroundings, check_addresses, resolved
from mainstay.config.source import read_document
from mainstay.config.validate import Declared, declared_apps
from mainstay.errors import NoSuchName, UsageError
from mainstay.model.spec import AppSpec

_ALWAYS_THERE = (PRODUCTION, "development")
"""What APP_ENV may say without the file knowing more about it."""


def specs_from_file(
    path: str, environment: str | None, only: Sequence[str], environ: Mapping[str, str]
) -> list[AppSpec]:
    """The specs of the apps in a config file, in the file's order.

    `environment` is NAME of `--env NAME`, None when that was not given; `only` names the apps that are wanted (none:
    all of them); `environ` are the operator's variables. Raises ConfigError with all mistakes of the file, UsageError
    for a file that cannot be read and for an unknown environment, NoSuchName for an app that is not in the file.
    """
    document = read_document(os.path.abspath(path))
    complaints = Complaints(document)
    apps = _chosen(declared_apps(document, complaints), only, document, broken=bool(len(complaints)))
    if not len(complaints):
        _check_environment(environment, apps, document)
    around = Surroundings(document, environ, environment or PRODUCTION)
    pairs = [(app, spec) for app in apps if (spec := resolved(app, around, complaints)) is not None]
    check_addresses([spec for _, spec in pairs], [app for app, _ in pairs], complaints)
    complaints.close()
    return [spec for _, spec in pairs]


def _chosen(apps: Sequence[Declared], only: Sequence[str], document: Document, *, broken: bool) -> Sequence[Declared]:
    """Those that are wanted. In a file with mistakes nobody is missed: the mistakes are what has to be told."""
    if not only:
        return apps
    names = [app.name for app in apps]
    missing = [name for name in only if name not in names]
    if missing and not broken:
        close = nearest(missing[0], names)
        hint = f"did you mean {close}?" if close else f"it declares {', '.join(names)}"
        raise NoSuchName(f"no app is called {missing[0]} in {document.shown}", hint=hint)
    return [app for app in apps if app.name in only]


def _check_environment(environment: str | None, apps: Sequence[Declared], document: Document) -> None:
    declared = sorted({name for app in apps for name in app.environments})
    if environment is None or environment in declared or environment in _ALWAYS_THERE:
        return
    message = f"cannot use the environment {environment}: {document.shown} does not declare it"
    close = nearest(environment, [*declared, *_ALWAYS_THERE])
    there = (
        f"it declares {', '.join(declared)}" if declared else "it declares none; write [apps.NAME.environments.NAME]"
    )
    raise UsageError(message, hint=f"did you mean {close}? {there}" if close else there)
