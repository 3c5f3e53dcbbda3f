# The terminal is killed in the middle: nothing is applied, and the review goes on where it was.
project killed_and_continued
for f in a b c; do seq 40 > $f; done
agent killed <<'A'
for f in a b c; do sed -i 's/^5$/five/; s/^30$/thirty/' $f; done
A
terminal 80 24 "$massgen isolate review killed"
shows 'hunk 1 of 2'
press h Down Space
shows '▶✓ M b'
tm kill-session -t "$name"
holds "$(git status --porcelain)" ""
terminal 80 24 "$massgen isolate review killed"
shows '◐ M a'
shows '✓ M b'
shows '○ M c'
shows '▶✓ hunk 1 of 2'
# Ended without mercy, in the middle of a review.
press Down Down h
shows '◐ M c'
kill -9 "$(pgrep -f "^$massgen isolate review killed$")"
shows 'ended-with-137'
holds "$(git status --porcelain)" ""
terminal 80 24 "$massgen isolate review killed"
shows '◐ M c'
press q
shows 'ended-with-0'
shows 'your decisions are kept'
holds "$(git status --porcelain)" ""
terminal 80 24 "$massgen isolate review killed"
shows '◐ M a'
press Enter
shows 'Apply writes 3 paths'
press Enter
shows 'ended-with-0'
holds "$(sed -n '5p;30p' a b c | tr '\n' ' ')" "five 30 "
holds "$(for f in a b c; do sed -n '5p;30p' $f; done | tr '\n' ' ')" "five 30 five thirty five 30 "
