# Without colours, on small and large terminals, with the mouse, while the size changes. These screens stand in the documents.
project sizes_and_colours
mkdir src
cat > src/parse.rs <<'R'
//! Reads numbers.

/// Reads one number.
pub fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    text.parse().ok()
}

/// Reads all numbers of a line.
pub fn numbers(line: &str) -> Vec<u32> {
    line.split(',').filter_map(number).collect()
}

/// The largest number.
pub fn largest(line: &str) -> Option<u32> {
    numbers(line).into_iter().max()
}
R
echo '{ "name": "x" }' > package.json
seq 5 > notes.txt
agent sizes <<'A'
sed -i 's/let text = text.trim();/let text = text.trim().trim_start_matches("+");/; s/numbers(line).into_iter().max()/numbers(line).into_iter().max() \/\/ none if empty/' src/parse.rs
echo '{ "name": "x", "scripts": { "postinstall": "node setup.js" } }' > package.json
rm notes.txt
A
keep() { if [ -n "$screens" ]; then mkdir -p "$screens"; tm capture-pane -p ${2:-} -t "$name" > "$screens/$1"; fi; }
terminal 80 24 "$massgen isolate review sizes"
shows 'notes.txt'
press Down Down h
shows '▶✓ hunk 1 of 2'
sleep 0.5
keep review-80x24.txt
keep review-80x24.ansi -e
# A click on a mark takes the file; one on a heading of a hunk takes the hunk.
tm send-keys -t "$name" -l "$(printf '\033[<0;2;2M\033[<0;2;2m')"
shows '▶✓ D notes.txt'
press Enter
shows 'Apply writes 2 paths'
keep summary-80x24.txt
keep summary-80x24.ansi -e
press Escape '?'
shows 'take or leave the hunk at the cursor'
press q
tm resize-window -t "$name" -x 200 -y 60
shows 'space file'
press Down Down s
shows 'hunk 2 of 2'
sleep 0.5
holds "$(screen | wc -l | tr -d ' ')" "60"
keep review-200x60.txt
keep review-200x60.ansi -e
tm resize-window -t "$name" -x 40 -y 10
shows 'parse.rs'
tm resize-window -t "$name" -x 80 -y 24
press q
shows 'ended-with-0'
terminal 80 24 "env NO_COLOR=1 $massgen isolate review sizes"
shows 'notes.txt'
press Down Down
shows '▶✓ hunk 1 of 2'
keep review-no-colour.txt
holds "$(tm capture-pane -p -e -t "$name" | grep -cE "$(printf '\033')"'\[([0-9;]*;)?(3[0-7]|4[0-7]|9[0-7]|38|48)[;m]' || true)" "0"
press q
shows 'ended-with-0'
# 'diff' shows the same through a pager, and a pipe gets a patch.
terminal 80 24 "env PAGER='cat; echo paged' $massgen isolate diff sizes"
shows 'paged'
"$massgen" isolate diff sizes | git apply --check
