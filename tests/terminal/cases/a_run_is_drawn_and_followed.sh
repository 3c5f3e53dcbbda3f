# The picture of a run fits terminals of 80 and of 40 columns, and a run that is being written is followed to its end.
project a_run
tar -xzf "$(dirname "${BASH_SOURCE[0]}")/../../fixtures/runs/tool_failures.tar.gz" -C "$work/$name"
run=$(echo "$work/$name"/tool_failures/log_*)
for columns in 80 40; do
    terminal "$columns" 60 "$massgen logs timeline --log-dir $run"
    shows 'background'
    shows 'ended-with-0'
    # A line that went on in the next row would be one when joined.
    holds "$(tm capture-pane -p -t "$name" | grep -c .)" "$(tm capture-pane -pJ -t "$name" | grep -c .)"
    screen | grep -q 'answer agent1.1 .*:60$' || { echo "$name: no answer in $columns columns"; screen; exit 1; }
done

attempt=$run/turn_1/attempt_1
mkdir "$work/$name/whole"
mv "$attempt/events.jsonl" "$attempt/metrics_summary.json" "$work/$name/whole"
sed -i 's/"finish_reason": "completed"/"finish_reason": "in_progress"/' "$attempt/status.json"
head -n 42 "$work/$name/whole/events.jsonl" > "$attempt/events.jsonl"
rm -rf "$attempt/final"
terminal 60 16 "sh -c 'echo what stood here before; $massgen logs timeline --follow --log-dir $run'"
shows 'so far'
shows 'answer agent2.1'
tail -n +43 "$work/$name/whole/events.jsonl" | head -c 2000 >> "$attempt/events.jsonl"
shows 'trouble'
tail -n +43 "$work/$name/whole/events.jsonl" | tail -c +2001 >> "$attempt/events.jsonl"
cp "$work/$name/whole/metrics_summary.json" "$attempt"
shows 'completed after 9.6 s; agent_a presented'
# What fits is what is newest; nothing is scrolled away.
screen | head -1 | grep -q '^log_20261122' || { echo "$name: the head is gone"; screen; exit 1; }
screen | grep -q 'final answer' || { echo "$name: no final answer"; screen; exit 1; }
shows 'ended-with-0'
holds "$(tm capture-pane -p -S - -t "$name" | grep -c 'what stood here before')" "1"
