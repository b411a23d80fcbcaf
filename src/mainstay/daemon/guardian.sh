# The guardian of a daemon (guardian.py): sleeps until the daemon ends, then brings another one, until one ends well.
# Its arguments are the command of a daemon. Its standard input is a pipe that nobody but the daemon can write to.
read -r word
[ "$word" = done ] && exit 0
MAINSTAY_GUARDIAN=$$
export MAINSTAY_GUARDIAN
pause=0
while :; do
    "$@" </dev/null && exit 0
    sleep $pause
    [ $pause -lt 30 ] && pause=$((pause + 1))
done
