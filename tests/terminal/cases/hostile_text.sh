# Nothing that an agent wrote reaches the terminal as a command, and nothing hides.
project hostile_text
echo base > base
agent hostile <<'A'
printf 'if (admin\342\200\256 \342\201\246// check\342\201\251) \033]0;owned\007\033[2J \303\251 \342\200\213end\r\n' > text
printf 'caf\351 \377\n' > vieux
printf x > "$(printf 'na\033[31mme')"
{ for i in $(seq 300); do echo "pinned $i"; done; } > Cargo.lock
ln -s /etc/passwd out
A
terminal 140 24 "$massgen isolate review hostile"
shows 'folded, a lock file'
press z
shows '+pinned 1'
press Down
shows 'na␛[31mme'
shows 'control-characters-in-name'
press Down
shows 'escaping-symlink'
press Down
shows '<U+202E> <U+2066>// check<U+2069>'
shows '␛]0;owned␇␛[2J é <U+200B>end␍'
shows '! bidi-control'
press Down
shows 'caf<E9> <FF>'
holds "$(tm display-message -p -t "$name" '#{pane_title}' | grep -c owned)" "0"
press q
shows 'ended-with-0'
# The same on stdout.
"$massgen" isolate diff hostile --color always > "$work/shown"
holds "$(grep -c "$(printf '\033\\[2J')" "$work/shown")" "0"
holds "$(grep -c 'owned' "$work/shown")" "1"
