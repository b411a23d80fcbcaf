# shellcheck shell=bash
# Finds a Python, makes the virtual environment and installs what a script asks for. Sourced by the other scripts, after
# `set -eu`, never run. Everything is a no-op when nothing has changed, so each script can ask for what it needs.

# A caller's own Python settings must not decide what is installed, and byte code is part of an installation.
unset PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME PYTHONSTARTUP VIRTUAL_ENV

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=${MAINSTAY_VENV:-$root/.venv}
export PIP_DISABLE_PIP_VERSION_CHECK=1

if [ -t 2 ]; then arrow=$(printf '\033[1m==>\033[0m'); else arrow='==>'; fi
say() { printf '%s %s\n' "$arrow" "$*" >&2; }

fail() {
    printf 'cannot go on: %s\n' "$1" >&2
    shift
    for hint in "$@"; do printf '  %s\n' "$hint" >&2; done
    exit 1
}

# may_apt: whether this is Debian or a descendant, and we may install packages.
may_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# apt_install PACKAGE...: install Debian packages, and start no server that is in them: the tests start their own.
apt_install() {
    say "apt-get install $*"
    export DEBIAN_FRONTEND=noninteractive
    [ -n "${apt_is_fresh:-}" ] || apt-get -o DPkg::Lock::Timeout=240 -qq update >&2
    apt_is_fresh=yes
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then policy=; else printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"; fi
    apt-get -o DPkg::Lock::Timeout=240 -o Dpkg::Use-Pty=0 -qq install --no-install-recommends -y "$@" </dev/null >&2 ||
        status=$?
    [ -z "$policy" ] || rm -f "$policy"
    return "$status"
}

# is_there COMMAND [FOLDERS]: it is on PATH, or in one of the folders that match the pattern FOLDERS.
is_there() { command -v "$1" >/dev/null || { [ -n "${2:-}" ] && compgen -G "$2/$1" >/dev/null; }; }

# need COMMAND PACKAGE [FOLDERS]: the command, installed from the Debian package where that is possible.
need() {
    is_there "$1" "${3:-}" && return
    if may_apt; then apt_install "$2"; fi
    is_there "$1" "${3:-}" || fail "$1 is missing" "on Debian or Ubuntu: apt-get install $2"
}

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# look_for_python: set $python to the first interpreter that is recent enough; fails when there is none.
look_for_python() {
    local candidate
    for candidate in ${MAINSTAY_PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        if command -v "$candidate" >/dev/null && is_recent "$candidate"; then
            # Asked for its own path, so that a version switcher's shim is taken out of the way.
            python=$("$candidate" -c 'import sys; print(sys.executable)')
            return 0
        fi
    done
    return 1
}

# find_python: set $python, installing Debian's where there is none.
find_python() {
    if ! look_for_python && may_apt; then apt_install python3 python3-venv; fi
    look_for_python || fail "no Python 3.11 or later was found" \
        "on Debian 12 or later: apt-get install python3 python3-venv" \
        "on macOS: brew install python@3.13" \
        "or name one yourself: MAINSTAY_PYTHON=/path/to/python $0"
}

can_make_venvs() { "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# find_python_with_venv: as find_python, and it can make virtual environments (which Debian packs apart).
find_python_with_venv() {
    find_python
    can_make_venvs && return
    local package
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if may_apt; then apt_install "$package"; fi
    can_make_venvs || fail "$python cannot make virtual environments" "on Debian or Ubuntu: apt-get install $package"
}

# make_venv: make $venv where it is missing, or where its interpreter has gone.
make_venv() {
    if is_recent "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then return; fi
    find_python_with_venv
    say "making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
}

pip() { "$venv/bin/python" -m pip --quiet "$@" </dev/null; }

# provide PURPOSE ARGUMENT...: `pip install ARGUMENT...` in $venv, again only when the requirements have changed; then
# mainstay itself, again only when its source has changed. A copy and not an editable install: what is run is what a
# user gets from the wheel.
provide() {
    local wanted stamp="$venv/.installed-$1"
    shift
    make_venv
    wanted="$* $("$venv/bin/python" "$root/scripts/fingerprint.py" "$root/pyproject.toml" "$root"/examples/*/requirements.txt)"
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        say "installing into $venv (pip install $*)"
        pip install --upgrade 'pip>=25.1' # the first that knows --group
        (cd "$root" && pip install "$@")
        printf '%s' "$wanted" >"$stamp"
    fi
    wanted=$("$venv/bin/python" "$root/scripts/fingerprint.py" "$root/pyproject.toml" "$root/src")
    if [ "$(cat "$venv/.installed-source" 2>/dev/null)" != "$wanted" ]; then
        say "installing mainstay from $root"
        pip install --no-deps --force-reinstall "$root"
        printf '%s' "$wanted" >"$venv/.installed-source"
    fi
}
