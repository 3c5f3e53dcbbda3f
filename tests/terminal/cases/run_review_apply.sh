# From the agent to the review to the project in one go; a terminal that is closed applies nothing.
project run_review_apply
seq 10 > file
git add . && git commit -qm base
terminal 80 24 "$massgen isolate run --name first --apply ask -- sh -c 'sed -i s/^5/five/ file; exit 3'"
shows 'hunk 1 of 1'
press a
shows '✓ M file'
tm kill-session -t "$name"
holds "$(git status --porcelain)" ""
"$massgen" isolate review first --json </dev/null | grep -q '"accept": true'
terminal 80 24 "$massgen isolate run --name second --apply ask -- sh -c 'sed -i s/^7/seven/ file; exit 3'"
shows 'hunk 1 of 1'
press a Enter
shows 'Apply writes 1 path'
press Enter
shows 'ended-with-3'
holds "$(sed -n 7p file)" "seven"
