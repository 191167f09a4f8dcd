"""A network between a sheriff and his deputies that can be cut, silenced, slowed and spoilt.

It passes on two neighbouring ports: orders and streams. What it does to a connection it does to
both directions, unless told which one.
"""
import asyncio
import random
import threading

from fleet import free_ports

PIECE = 65536

UP, DOWN = "to the sheriff", "to the deputy"


class Link:
    def __init__(self, target):
        """target: the sheriff's first port."""
        self.target, self.port = target, free_ports()
        self.listens = f"tcp://127.0.0.1:{target}"
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        self.delay = 0.0            # seconds, for each piece
        self.jitter = 0.0           # up to so many seconds more
        self.bytes_per_s = 0        # 0: as fast as it goes
        self.spoils = 0.0           # of all pieces, the share that arrives with a wrong byte
        self.refuses = False        # whoever connects is sent away
        self.dice = random.Random()
        self.open = {}              # direction -> asyncio.Event
        self.writers = set()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait()

    @staticmethod
    def around(_sort):
        """How to run a program near the sheriff or far from him: as any other."""
        return []

    def close(self):
        """Its thread ends with the driver."""
        self.cut()

    # ---- in its own thread --------------------------------------------------------------------

    def run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.begin())
        ready.set()
        self.loop.run_forever()

    async def begin(self):
        for direction in (UP, DOWN):
            self.open[direction] = asyncio.Event()
            self.open[direction].set()
        for offset in (0, 1):
            await asyncio.start_server(
                lambda reader, writer, to=self.target + offset: self.meet(reader, writer, to),
                "127.0.0.1", self.port + offset)

    async def meet(self, reader, writer, target):
        try:
            if self.refuses:
                raise ConnectionRefusedError
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.close()
            return
        both = {writer, there_writer}
        self.writers |= both
        await asyncio.wait([asyncio.ensure_future(self.carry(reader, there_writer, UP)),
                            asyncio.ensure_future(self.carry(there_reader, writer, DOWN))],
                           return_when=asyncio.FIRST_COMPLETED)
        self.writers -= both
        for one in both:
            one.close()

    async def carry(self, reader, writer, direction):
        try:
            while data := await reader.read(PIECE):
                await asyncio.sleep(self.travel_time(len(data)))
                await self.open[direction].wait()
                writer.write(self.arrives(data))
                await writer.drain()
        except OSError:
            pass

    def travel_time(self, size):
        slow = size / self.bytes_per_s if self.bytes_per_s else 0
        return self.delay + self.jitter * self.dice.random() + slow

    def arrives(self, data):
        if self.dice.random() >= self.spoils:
            return data
        spoilt = bytearray(data)
        spoilt[self.dice.randrange(len(data))] ^= 1 << self.dice.randrange(8)
        return bytes(spoilt)

    # ---- from outside -------------------------------------------------------------------------

    def call(self, function):
        self.loop.call_soon_threadsafe(function)

    def cut(self):
        """Every connection ends, and there are no new ones until mended."""
        self.refuses = True
        self.call(lambda: [writer.transport.abort() for writer in list(self.writers)])

    def mend(self):
        self.refuses = False
        self.delay = self.jitter = self.spoils = 0.0
        self.bytes_per_s = 0
        for event in self.open.values():
            self.call(event.set)

    def silence(self, *directions):
        """Nothing arrives, and nobody is told so."""
        for direction in directions or (UP, DOWN):
            self.call(self.open[direction].clear)
