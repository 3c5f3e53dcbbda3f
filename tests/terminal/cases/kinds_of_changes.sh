# Repeated code, no newline at the end, CRLF, a rename with edits, a deletion, a mode, a link, bytes.
project kinds_of_changes
for _ in 1 2 3 4 5 6 7 8; do printf 'if ready {\n    work();\n}\n\n'; done > again.c
printf 'one\r\ntwo\r\nthree\r\n' > crlf.txt
echo gone > gone.txt
ln -s again.c link
seq 30 > name.old
printf 'a\nb\nc' > no_end
printf 'a\0b' > pic.png
echo '#!/bin/sh' > tool.sh
echo stays > unticked
agent kinds <<'A'
awk 'NR==18{print "    fixed();";next}{print}' again.c > x; mv x again.c
printf 'one\r\nTWO\r\nthree\r\n' > crlf.txt
rm gone.txt
ln -sf no_end link
mv name.old name.renamed; sed -i 's/^10$/ten/; s/^25$/twentyfive/' name.renamed
printf 'a\nb\nC' > no_end
printf 'a\0c' > pic.png
chmod +x tool.sh
rm unticked
A
terminal 100 30 "$massgen isolate review kinds"
shows 'hunk 1 of 1'
press h Down
shows 'TWO␍'
press h Down
shows 'deleted'
press Space Down
shows 'points to no_end'
press Space Down
shows 'was name.old'
press ']' h Down
shows 'no newline at the end'
press h Down
shows 'bytes, blake3'
press h Down
shows 'permissions 644 → 755, it became executable'
press h Enter
shows 'Apply writes 8 paths'
press y
shows 'ended-with-0'
holds "$(sed -n 18p again.c; grep -c 'work();' again.c)" "    fixed();
7"
holds "$(od -c crlf.txt | head -2)" "$(printf 'one\r\nTWO\r\nthree\r\n' | od -c | head -2)"
holds "$(test -e gone.txt && echo there)" ""
holds "$(readlink link)" "no_end"
holds "$(sed -n '10p;25p' name.renamed; test -e name.old && echo there)" "10
twentyfive"
holds "$(od -c no_end)" "$(printf 'a\nb\nC' | od -c)"
holds "$(od -c pic.png)" "$(printf 'a\0c' | od -c)"
holds "$(stat -c %a tool.sh)" "755"
holds "$(cat unticked)" "stays"
