"""What a web app needs to know of the place it runs in: environment, .env files, secrets, typed settings.

    from mainstay.settings import Secret, environment

Works in any program, with or without the daemon, and imports nothing else of mainstay.
"""

from mainstay.settings.environment import Environment, UnknownEnvironment, environment
from mainstay.settings.problems import SettingsError
from mainstay.settings.secret import Secret

__all__ = ["Environment", "Secret", "SettingsError", "UnknownEnvironment", "environment"]
