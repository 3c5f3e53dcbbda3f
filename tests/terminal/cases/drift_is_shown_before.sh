# The project changed while the agent worked: it is shown before anything happens, and merged if asked for.
project drift_is_shown_before
seq 30 > file
agent drift <<'A'
sed -i 's/^25$/agent/' file
A
sed -i 's/^3$/mine/' file
terminal 80 24 "$massgen isolate review drift"
shows 'hunk 1 of 1'
press a Enter
shows 'it changed in the project since the session began'
press y Enter
sleep 0.2
holds "$(sed -n '3p;25p' file | tr '\n' ' ')" "mine 25 "
press m
shows 'Apply writes 1 path'
press y
shows 'ended-with-0'
holds "$(sed -n '3p;25p' file | tr '\n' ' ')" "mine agent "
