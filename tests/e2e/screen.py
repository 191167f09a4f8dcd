"""A terminal of its own for one program, played by tmux: keys in, a screen out."""
import os
import re
import subprocess

from fleet import BIN, wait_until


class Screen:
    def __init__(self, fleet, cols, rows, *args, env=None, program="procman-top"):
        self.fleet = fleet
        self.socket = fleet.dir / f"tmux-{cols}x{rows}"
        self.status_file = fleet.dir / f"status-{cols}x{rows}"
        command = " ".join([str(BIN / program), *map(str, args)])
        settings = {**fleet.env, "TERM": "screen-256color", **(env or {})}
        words = " ".join(f"{key}='{value}'" for key, value in settings.items())
        # TERM must be of tmux's family: it is tmux that says what the End key sends.
        script = f"env {words} {command} 2>'{self.status_file}.err'; echo $? >'{self.status_file}'"
        subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", "new-session", "-d",
                        "-x", str(cols), "-y", str(rows), "sh", "-c", script + "; exec sleep 600"],
                       check=True, env=settings)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-x", str(cols), "-y", str(rows))

    def tmux(self, *args):
        return subprocess.run(["tmux", "-S", self.socket, *args], check=False,
                              capture_output=True, text=True).stdout

    def close(self):
        self.tmux("kill-server")

    def keys(self, *keys):
        """Names as tmux has them: Down, Enter, Escape, Space, C-l; or text."""
        for key in keys:
            self.tmux("send-keys", key) if len(key) == 1 or key[0].isupper() else \
                self.tmux("send-keys", "-l", key)

    def resize(self, cols, rows):
        self.tmux("resize-window", "-x", str(cols), "-y", str(rows))

    @property
    def text(self):
        return self.tmux("capture-pane", "-p")

    @property
    def colours(self):
        return self.tmux("capture-pane", "-p", "-e")

    def shows(self, *texts):
        """Wait until all of them are on the screen; the screen then."""
        def there():
            text = self.text
            return text if all(one in text for one in texts) else None
        try:
            return wait_until(there, f"the screen shows {texts}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text}") from None

    def shows_not(self, text):
        wait_until(lambda: text not in self.text, f"{text!r} leaves the screen")

    def ended(self):
        """Wait for the program's end; its exit status and what it wrote to stderr."""
        wait_until(lambda: self.status_file.exists() and self.status_file.read_text().strip(),
                   "procman-top ends")
        errors = open(f"{self.status_file}.err", encoding="utf-8").read()
        return int(self.status_file.read_text()), errors


def masked(text):
    """What is the same in every run: numbers and bars are '#', blanks count once."""
    text = re.sub(r"\[[|]* *\d+%\]", "[#]", text)
    text = re.sub(r"[▁▂▃▄▅▆▇█]+|(?<= )[1-8](?= +[-#\d.]+[KMG]? )", "~", text)
    text = re.sub(r"\d[\d.:]*[a-zA-Z%]*", "#", text)
    text = re.sub(r"[ ]+", " ", text)
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(lines).rstrip() + "\n"


def golden(name, text):
    """Compare with tests/e2e/screens/NAME.txt; PROCMAN_GOLDEN=write writes it anew."""
    path = os.path.join(os.path.dirname(__file__), "screens", f"{name}.txt")
    if os.environ.get("PROCMAN_GOLDEN") == "write":
        with open(path, "w", encoding="utf-8") as file:
            file.write(masked(text))
    with open(path, encoding="utf-8") as file:
        wanted = file.read()
    assert masked(text) == wanted, f"{name}:\n{masked(text)}\n--- wanted\n{wanted}\n--- raw\n{text}"
