# What a test of the terminal needs: a project of its own, a terminal of its own, real keys.
# $massgen is the program, $work a directory that is removed at the end, $socket the terminal's name.

tm() { tmux -L "$socket" -f /dev/null "$@"; }

# A fresh home and project; a git repository with the files that the test makes.
project() {
    name=$1
    home=$work/$name/home project=$work/$name/project
    mkdir -p "$home" "$project"
    cd "$project"
    export HOME=$home
    printf '[user]\n\tname = T\n\temail = t@example.com\n[init]\n\tdefaultBranch = main\n' > "$home/.gitconfig"
    git init -q .
}

# Runs an agent on the project as it is: a shell script on stdin.
agent() {
    git add -A && git commit -qm base --allow-empty
    cat > "$work/$name/agent.sh"
    "$massgen" isolate run --name "$1" -- sh -eu "$work/$name/agent.sh" </dev/null >/dev/null 2>&1
}

# Starts the server of terminals, which ends with its last session: one that is just ending answers the next start
# with an error, so a session of no use keeps it until the test ends.
serve() { tm has-session -t =served 2>/dev/null || tm new-session -d -s served "exec sleep 600"; }

# Starts a command in a terminal: columns, rows, command.
terminal() {
    serve
    tm kill-session -t "$name" 2>/dev/null || true
    tm new-session -d -s "$name" -x "$1" -y "$2" "env TERM=${term:-tmux-256color} $3; printf '\\r\\nended-with-%s\\r\\n' \$?; exec sleep 600"
    tm set-option -t "$name" -q status off
}

screen() { tm capture-pane -p -t "$name"; }

# Waits until the screen shows a text.
shows() {
    for _ in $(seq 400); do
        if screen | grep -qF -- "$1"; then return 0; fi
        sleep 0.025
    done
    echo "$name: the screen never showed: $1"
    screen
    exit 1
}

# Presses keys, by tmux's names.
press() { for key in "$@"; do tm send-keys -t "$name" "$key"; done; }

# Compares what a command prints with what is expected.
holds() {
    if [ "$1" != "$2" ]; then
        echo "$name: expected"
        printf '%s\n' "$2"
        echo "but it is"
        printf '%s\n' "$1"
        exit 1
    fi
}
