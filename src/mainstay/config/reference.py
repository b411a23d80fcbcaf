"""docs/configuration.md, made from the schema: `python -m mainstay.config.reference > docs/configuration.md`."""

from mainstay.config.hooks import EVENTS
from mainstay.config.schema import KEYS, LATER

_HEAD = """\
# Configuration

This page is made from the code (`src/mainstay/config/schema.py`) by `python -m mainstay.config.reference`.

Apps are declared in `mainstay.toml`, or under `[tool.mainstay]` in `pyproject.toml`; `mainstay start` reads the one in
the working directory, `mainstay start FILE` another. All mistakes of a file are told at once, with their lines, and
nothing is started.

```toml
[apps.web]
app = "shop.main:app"
bind = "127.0.0.1:8000"
trusted_proxy = "loopback"     # nginx, on this machine, says who the client is
instances = 0                  # one per core
env = { LOG_LEVEL = "info" }
env_files = [".env"]
health = "/healthz"
max_memory = "512MiB"
max_requests = 100_000
max_lifetime = "12h"
watchdog = "30s"               # replaced when its event loop stands still for longer
before_start = ["python", "-m", "shop.migrate"]
# user = "www-data"            # where root runs mainstay
umask = "027"
nice = 5
rlimits = { core = 0 }

[apps.web.environments.production]
env = { LOG_LEVEL = "warning" }

[apps.jobs]
command = ["python", "jobs.py"]
restart = "on-failure"
depends_on = { web = "healthy" }
notify = true                  # says READY=1 itself (sd_notify(3))
health = { command = ["python", "jobs.py", "--check"], interval = "30s" }
after_stop = ["rm", "-f", "jobs.lock"]

[apps.feed]
command = ["python", "feed.py"]
instances = 2
env = { PORT = "3000" }
increment = "PORT"             # 3000 and 3001
health = { path = "/up", failures = 5 }
restart = { on = "always", give_up_after = 10, schedule = "0 4 * * *" }

[apps.report]
command = ["python", "report.py"]
schedule = { cron = "0 3 * * *", timezone = "Europe/Berlin", timeout = "1h" }   # a job: not run when it is started

[hooks]
on_crash = { url = "https://chat.example.com/hooks/shop", interval = "10m" }
```

## Names

Letters, digits, `.`, `_` and `-`, with no `-` or `.` first. Not `all`, not a number, and not ending in `-` and a
number, since `web-0` is slot 0 of `web`.

## Keys of `[apps.NAME]`

| Key | Holds | Default | Meaning |
|---|---|---|---|
"""

_TAIL = """
An app has exactly one of `app`, `command` and `script`, and a health check exactly one of `path`, `tcp` and `command`.
{later}

## Hooks

`[hooks]` holds for all apps of the file, `[apps.NAME.hooks]` for one, where it wins. The events are {events}.
Each is given a command (`on_crash = ["notify", "ops"]`), a webhook (`{{ url = "https://..." }}`) or, with an `interval`
between two calls at least (`"60s"` unless told), a table: `{{ command = "notify ops", interval = "5m" }}`.

## The database

`database = "shop/database.py"`, above all tables, names the Python file in which the project declares its databases,
for `mainstay db`; also a module (`"shop.database"`), and with `:NAME` one of several in it. docs/database.md has more.

## Values

- **Times**: `"10s"`, `"100ms"`, `"5m"`, `"1h30m"`; a number is seconds.
- **Sizes**: `"20MiB"`; `K`, `M` and `G` mean `KiB`, `MiB` and `GiB` (1024), `KB`, `MB` and `GB` are thousands; a number
  is bytes.
- **Paths** are relative to the file's folder; `script` and the program of `command` to `cwd`.
- **Commands** written as one text are split into words. What needs a shell (variables, patterns, pipes) is given to
  `/bin/sh`, which makes way for the program where there is only one, so that signals reach it.
- **cron(5)**: minute, hour, day of the month, month, day of the week: `"*/5 * * * *"`, `"0 3 * * mon-fri"`,
  `"0 0 L * *"` (the last day), `"0 9 * * mon#1"` (the first Monday); also `"@hourly"`, `"@daily"`, `"@weekly"`,
  `"@monthly"`, `"@yearly"`.

## Environment

Built afresh at each start; later wins: a clean base (`HOME`, `USER`, `LOGNAME`, `SHELL`, `PATH`, `LANG`, `LC_*`, `TZ`,
`TMPDIR`, with the app's virtual environment activated and `PYTHONUNBUFFERED=1`), for apps started from the command
line the shell's variables, `env_files`, `env`, `environments.NAME.env`, and what mainstay tells each worker. `APP_ENV`
says where the app runs; it comes from the command (`--env NAME`) and is refused in a file. Beside it a process is told
its app (`MAINSTAY_APP`), its number (`MAINSTAY_INSTANCE`), how many instances the app has (`MAINSTAY_INSTANCES`) and,
if it is a web app, the threads of each (`MAINSTAY_THREADS`): by these a worker knows its share of what all have.

`.env` files are read as dotenv for Node reads them, so one file means the same everywhere; docs/settings.md has the
rules. Nothing is expanded. What dotenv passes over in silence is an error here, with file and line: a line that gives
no variable, a quote that is not closed, text after a closing quote, a `#` that cuts a value, a `${{NAME}}` outside
single quotes, an encrypted value.
"""


def reference() -> str:
    """The whole page, in Markdown."""
    rows = (f"| `{key.name}` | {key.kind} | {_default(key.shown)} | {key.doc} |\n" for key in KEYS)
    later = " ".join(f"There is no `{name}`: {instead}." for name, instead in LATER.items())
    events = ", ".join(f"`{event}`" for event in EVENTS)
    return _HEAD + "".join(rows) + _TAIL.format(later=later, events=events)


def _default(shown: str) -> str:
    return f"`{shown}`" if shown and " " not in shown and "`" not in shown and shown not in ("none", "found") else shown


if __name__ == "__main__":
    print(reference(), end="")
