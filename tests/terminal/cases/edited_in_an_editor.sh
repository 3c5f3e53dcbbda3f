# The user edits what the agent wrote; the agent's version is kept beside it.
project edited_in_an_editor
seq 30 > file
agent edit <<'A'
sed -i 's/^5$/five/; s/^25$/agent/' file
A
printf '#!/bin/sh\nsed -i "s/^agent$/edited/" "$1"\n' > "$home/editor"
chmod +x "$home/editor"
terminal 80 24 "env EDITOR=$home/editor $massgen isolate review edit"
shows 'hunk 1 of 2'
press h
shows '◐ M file'
press e
shows '+edited'
shows 'Your edit is in the session'
# The first hunk is as it was, and so is the decision on it.
shows '▶✓ hunk 1 of 2'
press ']' h Enter
shows 'Apply writes 1 path'
press y
shows 'ended-with-0'
holds "$(sed -n '5p;25p' file | tr '\n' ' ')" "five edited "
holds "$(cat "$home"/.local/state/massgen/isolation/sessions/*/edits/1/before/file | sed -n 25p)" "agent"
