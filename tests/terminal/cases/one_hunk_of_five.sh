# One hunk of five is taken, the rest is left, and the project holds exactly that. [ and ] stop at the ends.
project one_hunk_of_five
seq 60 | sed 's/.*/fn line_&() { step(&); }/' > five.rs
agent five <<'A'
sed -i 's/step(5)/step(50)/; s/step(15)/step(150)/; s/step(25)/step(250)/; s/step(35)/step(350)/; s/step(60)/step(600)/' five.rs
A
terminal 80 24 "$massgen isolate review five"
shows 'hunk 1 of 5'
shows '○ M five.rs'
press '[' ']' ']' h
shows '◐ M five.rs'
shows '▶✓ hunk 3 of 5'
press Enter
shows 'Apply writes 1 path'
holds "$(git status --porcelain)" ""
press y
shows 'ended-with-0'
holds "$(cat five.rs)" "$(git show HEAD:five.rs | sed 's/step(25)/step(250)/')"
# What was left can be taken later; the last hunk of the file among it.
terminal 80 24 "$massgen isolate review five"
shows 'hunk 1 of 4'
press ']' ']' ']' ']' ']' ']' h Enter
shows 'Apply writes 1 path'
press Enter
shows 'ended-with-0'
holds "$(cat five.rs)" "$(git show HEAD:five.rs | sed 's/step(25)/step(250)/; s/step(60)/step(600)/')"
