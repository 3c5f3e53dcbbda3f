# A project with something for every attempt of the hostile agent. Runs in the project's directory.
set -eu
git init -q .
for name in absolute dots cwd deleted truncated moved mode through runaway proc-cwd proc-root proc-one \
    proc-self hard renamed-out exchanged inherited mapped sized by-handle "$(printf 'n\303\244me')"; do
    echo "the user's $name" >"$name"
done
chmod 644 mode
mkdir through-dir && echo "the user's" >through-dir/file
ln -s absolute relinked
ln -s "$PWD/absolute" tracked-link
echo '*.log' >.gitignore
git add . && git commit -qm one && git branch topic && git tag v1
echo two >two && git add two && git commit -qm two
git gc -q
git update-ref refs/heads/topic HEAD && git update-ref refs/tags/v1 HEAD
echo stashed >>two && git stash -q
echo log >ignored.log
echo new >added
git worktree add -q --detach ../stale && rm -rf ../stale
git init -q nested && echo n >nested/n && mkdir -p nested/.git/hooks && echo hook >nested/.git/hooks/pre-commit
mkdir -p .git/info "$HOME/.ssh" "$OUTSIDE"
echo key >"$HOME/.ssh/id_ed25519" && echo rc >"$HOME/.bashrc" && echo outside >"$OUTSIDE/file"
