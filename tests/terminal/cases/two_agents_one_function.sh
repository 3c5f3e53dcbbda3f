# Two agents edited one function: a hunk of each is taken, the result compiles.
project two_agents_one_function
cat > total.rs <<'R'
pub fn total(items: &[u32]) -> u32 {
    let mut sum = 0;
    for item in items {
        sum += item;
    }
    let scale = 1;
    let offset = 0;
    let limit = 100;
    let unused = 7;
    let _ = unused;
    if sum > limit {
        return limit;
    }
    sum * scale + offset
}
R
agent ada <<'A'
sed -i 's/let mut sum = 0;/let mut sum: u32 = 0;/; s/sum \* scale + offset/sum.saturating_mul(scale) + offset/' total.rs
A
agent bob <<'A'
sed -i 's/let scale = 1;/let scale = 2;/' total.rs
A
terminal 120 30 "$massgen isolate review ada bob"
shows '[ada]'
shows 'bob changed it, too'
press ']' h Tab
shows '[bob]'
press h
shows '▶✓ hunk 1 of 1'
press c
shows '-    let scale = 1;'
shows 'hunk 2 of 2'
press c Enter
shows 'it changed in the project since the session began'
holds "$(git status --porcelain)" ""
press m
shows 'merged with what the project holds'
press y
shows 'ended-with-0'
holds "$(git diff --unified=0 | grep '^[-+][^-+]')" "-    let scale = 1;
+    let scale = 2;
-    sum * scale + offset
+    sum.saturating_mul(scale) + offset"
if command -v rustc >/dev/null; then HOME=$here_home rustc --crate-type lib --emit metadata -o "$work/total.rmeta" total.rs; fi
# Overlap is refused, and says so.
"$massgen" isolate undo >/dev/null 2>&1
agent carl <<'A'
sed -i 's/let scale = 1;/let scale = 3;/' total.rs
A
terminal 120 30 "$massgen isolate review carl bob"
shows '[carl]'
press Space Tab
shows '[bob]'
# What was taken of it before the undo is still taken.
shows '1 of 1 file taken'
shows '▶✓ hunk 1 of 1'
press Enter
shows 'cannot be applied'
press m
shows "can't be merged"
press y Escape q
shows 'ended-with-0'
holds "$(git status --porcelain)" ""
