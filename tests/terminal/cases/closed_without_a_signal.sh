# A terminal that is closed ends the review even where no signal says so; what was decided is kept.
project closed_without_a_signal
seq 40 > a
agent closed <<'A'
sed -i 's/^5$/five/; s/^30$/thirty/' a
A
cat > "$work/$name/deaf.py" <<'P'
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
os.execv(sys.argv[1], sys.argv[1:])
P
terminal 80 24 "python3 $work/$name/deaf.py $massgen isolate review closed"
shows 'hunk 1 of 2'
press h
shows '◐ M a'
pid=$(pgrep -f "^$massgen isolate review closed$")
tm kill-session -t "$name"
for _ in $(seq 200); do
    [ -d "/proc/$pid" ] || break
    sleep 0.025
done
holds "$(ls -d "/proc/$pid" 2>/dev/null || true)" ""
holds "$("$massgen" isolate review closed --json | jq -c '[.decisions[].accept]')" "[[1]]"
