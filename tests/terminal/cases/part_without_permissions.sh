# A part of a file does not bring its new permissions, and the review says so before anything is written.
project part_without_permissions
seq 40 > tool
agent part <<'A'
sed -i 's/^5$/five/; s/^30$/thirty/' tool; chmod +x tool
A
terminal 110 24 "$massgen isolate review part"
shows 'permissions 644 → 755, it became executable; comes only with the whole file'
press h Enter
shows 'tool  in part, without its new permissions'
press y
shows 'ended-with-0'
holds "$(stat -c %a tool; sed -n '5p;30p' tool)" "644
five
30"
# With the last hunk, they come.
terminal 110 24 "$massgen isolate review part"
shows 'hunk 1 of 1'
press h Enter
shows '✓ tool  changed'
press y
shows 'ended-with-0'
holds "$(stat -c %a tool; sed -n '5p;30p' tool)" "755
five
thirty"
