"""Several drivers beside each other, each with grounds of its own.

What is to be done is cut into pieces of one ground each. Who is done with a piece gets the next
one, of the ground it stands on if there is any: so nobody waits for the slowest, and few grounds
are begun. What measures the machine itself is done before, by one driver while all others wait.
"""
import multiprocessing
from multiprocessing.connection import wait
import os
import signal

PIECE = 24      # rounds
ALONE = {"thousand", "legion"}  # grounds of which one keeps the whole machine busy
BEGIN = multiprocessing.get_context("fork")


def pieces(steps, jobs):
    """[[(row, round)]]: alike in size, in the order of their grounds."""
    size = max(1, min(PIECE, len(steps) // (4 * jobs)))
    found = []
    for step in steps:
        if not found or len(found[-1]) == size or found[-1][0][0].ground != step[0].ground:
            found.append([])
        found[-1].append(step)
    return found


def take_piece(todo, ground):
    """Of this ground, or of the one with the fewest left: those rounds are the longest."""
    if not todo:
        return None
    left = {piece[0][0].ground: 0 for piece in todo}
    for piece in todo:
        left[piece[0][0].ground] += 1
    wanted = ground if ground in left else min(left, key=left.get)
    return todo.pop(next(i for i, piece in enumerate(todo) if piece[0][0].ground == wanted))


class Mate:
    """A process with a driver; its questions arrive here."""

    def __init__(self, work):
        self.line, far = BEGIN.Pipe()
        self.process = BEGIN.Process(target=self.live, args=(work, far, self.line))
        self.process.start()
        far.close()
        self.ground = None

    @staticmethod
    def live(work, far, near):
        near.close()
        signal.signal(signal.SIGINT, signal.SIG_IGN)    # the first of us is told, and tells
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        work(far)

    def give(self, piece):
        self.ground = piece[0][0].ground if piece else None
        self.line.send([(row.name, number) for row, number in piece] if piece else None)

    def end(self):
        if self.process.is_alive():
            os.kill(self.process.pid, signal.SIGTERM)
        self.process.join()


def share_out(todo, jobs, work, on_news):
    """Runs work(line) in so many processes. On its line each asks for a piece by sending None,
    gets a list of (name of the row, round), or None when there is nothing left; all else it sends
    goes to on_news(). Returns how many ended otherwise than well."""
    mates = [Mate(work) for _ in range(min(jobs, len(todo)))]
    lines = {mate.line: mate for mate in mates}
    try:
        while lines:
            for line in wait(list(lines)):
                mate = lines[line]
                try:
                    news = line.recv()
                except EOFError:
                    del lines[line]
                    continue
                if news is None:
                    mate.give(take_piece(todo, mate.ground))
                else:
                    on_news(news)
    finally:
        for mate in mates:
            mate.end()
    return sum(mate.process.exitcode != 0 for mate in mates)
