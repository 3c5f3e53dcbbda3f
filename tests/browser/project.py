"""A project with a home of its own, sessions in it, and the program that serves a review of them."""

import os
import pathlib
import signal
import subprocess


class Project:
    def __init__(self, massgen, root):
        self.massgen = massgen
        self.home = pathlib.Path(root) / "home"
        self.dir = pathlib.Path(root) / "project"
        self.home.mkdir(parents=True)
        self.dir.mkdir()
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        (self.home / ".gitconfig").write_text("[user]\n\tname = T\n\temail = t@example.com\n")
        self.run("git", "init", "-q", ".")

    def run(self, *command, check=True):
        done = subprocess.run(command, cwd=self.dir, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.stderr}")
        return done.stdout

    def isolate(self, *arguments):
        return self.run(self.massgen, "isolate", *arguments)

    def write(self, **files):
        for name, text in files.items():
            path = self.dir / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def agent(self, name, script):
        """What an agent does, as Python, in a session of its own."""
        self.run("git", "add", "-A")
        self.run("git", "commit", "-qm", "base", "--allow-empty")
        file = self.home / f"{name}.py"
        file.write_text(script)
        self.isolate("run", "--name", name, "--", "python3", str(file))

    def read(self, name):
        return (self.dir / name).read_text()

    def serve(self, *ids, idle="5m"):
        return Served(self, ids, idle)


class Served:
    """The program while it serves; ended at the end, if it did not end by itself."""

    def __init__(self, project, ids, idle):
        command = [project.massgen, "isolate", "review", *ids, "--web", "--no-open", "--idle", idle]
        self.process = subprocess.Popen(command, cwd=project.dir, env=project.env, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:"), self.process.stderr.read()

    @property
    def port(self):
        return int(self.url.split(":")[2].split("/")[0])

    @property
    def token(self):
        return self.url.split("/")[3]

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self):
        """Exit code, and what was said."""
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
