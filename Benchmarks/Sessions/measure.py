"""Measures sessions that survive: operations a second by durability and clients, disk, memory, restart, undo and fork."""

import argparse
import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time

LUA = pathlib.Path(__file__).with_name("load.lua")


class Server:
    """`rolecall serve` on a free port; `seconds` is what it took until it said where it listens."""

    def __init__(self, rolecall, *arguments):
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [rolecall, "serve", "--port", "0", "--log-level", "error", *arguments], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.seconds = time.monotonic() - begin
        self.port = int(re.search(r":(\d+)$", line.strip()).group(1))
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def stop(self):
        self.process.terminate()
        if self.process.wait(60) != 0:
            raise SystemExit(f"error: the server ended with status {self.process.returncode}")

    def request(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        self.connection.request(
            method, path, text, {"Content-Type": "application/json", "Prefer": "return=minimal"})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"error: {method} {path}: {answer.status} {content}")
        return answer, content

    def make_sessions(self, count):
        return [self.request("POST", "/v1/sessions", {})[0].headers["Location"] for _ in range(count)]

    def load(self, clients, seconds, sessions):
        """How many operations on the sessions were answered, and how many a second."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("".join(path + "\n" for path in sessions))
            file.flush()
            output = subprocess.run(
                ["wrk", "--threads", "1", "--connections", str(clients), "--duration", f"{seconds}s",
                 "--script", LUA, f"http://127.0.0.1:{self.port}"],
                env={**os.environ, "SESSIONS": file.name}, check=True, capture_output=True, text=True).stdout
        requests, duration, errors = map(int, re.search(r"RESULT (\d+) (\d+) (\d+)", output).groups())
        if errors:
            raise SystemExit(
                f"error: {errors} requests failed; the server's status: {self.process.poll()}\n{output}")
        return requests, requests * 1e6 / duration

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text).group(1)) * 1024


def disk_bytes(folder):
    return sum(file.stat().st_size for file in pathlib.Path(folder).iterdir())


def measure_rates(rolecall, folder, seconds):
    print("| durability | clients | operations a second | processor time for one, microseconds |\n|---|---|---|---|")
    for durability in ["memory", "relaxed", "normal", "full"]:
        for clients in [1, 16, 64]:
            data = tempfile.mkdtemp(dir=folder)
            place = ["--memory"] if durability == "memory" else ["--data", data, "--durability", durability]
            server = Server(rolecall, *place)
            sessions = server.make_sessions(256)
            before = server.cpu_seconds()
            requests, rate = server.load(clients, seconds, sessions)
            cost = (server.cpu_seconds() - before) * 1e6 / requests
            server.stop()
            shutil.rmtree(data)
            print(f"| {durability} | {clients} | {rate:,.0f} | {cost:.0f} |", flush=True)


def measure_disk(rolecall, folder):
    data = tempfile.mkdtemp(dir=folder)
    server = Server(rolecall, "--data", data, "--durability", "normal")
    sessions = server.make_sessions(100)
    server.stop()
    before = disk_bytes(data)
    server = Server(rolecall, "--data", data, "--durability", "normal")
    requests, _ = server.load(16, 5, sessions)
    server.stop()
    print(f"bytes on disk for an operation, of {requests:,}: {(disk_bytes(data) - before) / requests:.0f}", flush=True)


def measure_many(rolecall, folder, count, active):
    """Memory and restart with many sessions, of which some are in use."""
    data = tempfile.mkdtemp(dir=folder)
    server = Server(rolecall, "--data", data, "--durability", "relaxed")
    server.make_sessions(count)
    server.stop()
    starts = []
    for _ in range(5):
        server = Server(rolecall, "--data", data)
        server.request("GET", "/readyz")
        starts.append(server.seconds)
        server.stop()
    print(f"{count:,} sessions: {disk_bytes(data) / count:,.0f} bytes on disk for each; ready after "
          f"{statistics.median(starts) * 1000:.0f} ms, the median of five; at worst {max(starts) * 1000:.0f} ms")
    server = Server(rolecall, "--data", data)
    idle = server.resident_bytes()
    with contextlib.closing(sqlite3.connect(data + "/sessions.sqlite")) as database:
        rows = database.execute("SELECT id FROM sessions ORDER BY random() LIMIT ?", (active,)).fetchall()
    paths = ["/v1/sessions/" + base64.urlsafe_b64encode(row[0]).decode().rstrip("=") for row in rows]
    times = []
    for path in paths:
        begin = time.monotonic()
        server.request("POST", path + "/vcpus/0/set-cr", {"register": "cr3", "value": "0x2000"})
        times.append(time.monotonic() - begin)
    print(f"resident memory: {idle / 1e6:.1f} MB at rest, {server.resident_bytes() / 1e6:.1f} MB with {active:,} in use; "
          f"the first operation on one took {spread(times)}", flush=True)
    server.stop()


def spread(times):
    return f"{statistics.median(times) * 1000:.2f} ms, {max(times) * 1000:.2f} ms at worst"


def measure_long(rolecall, folder, count):
    """Undo and fork in a session with many operations."""
    data = tempfile.mkdtemp(dir=folder)
    for durability in ["full", "normal"]:
        server = Server(rolecall, "--data", data, "--durability", durability)
        answer, _ = server.request("POST", "/v1/sessions", {"preset": "intel-shadow"})
        session = answer.headers["Location"]
        operations = [{"op": "set-cr", "register": "cr3", "value": hex(0x1000 * (1 + n % 9))} for n in range(count)]
        server.request("POST", session + "/batch", {"operations": operations})
        for what, path, body in [
                ("undo", "/undo", {}), ("redo", "/redo", {}), ("fork", "/fork", {}),
                ("fork in the middle", "/fork", {"at_revision": count // 2})]:
            times = []
            for _ in range(30):
                begin = time.monotonic()
                server.request("POST", session + path, body)
                times.append(time.monotonic() - begin)
            print(f"{what} in a session of {count:,} operations, {durability}: {spread(times)}", flush=True)
        server.stop()
        server = Server(rolecall, "--data", data)
        begin = time.monotonic()
        server.request("GET", session)
        print(f"its first use after a restart: {(time.monotonic() - begin) * 1000:.1f} ms", flush=True)
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rolecall", required=True, help="the executable")
    parser.add_argument("--folder", help="on the disk that is to be measured; a temporary one otherwise")
    parser.add_argument("--seconds", type=int, default=5, help="for each row of operations a second")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        measure_rates(arguments.rolecall, folder, arguments.seconds)
        measure_disk(arguments.rolecall, folder)
        measure_long(arguments.rolecall, folder, 10_000)
        for count in [10_000, 100_000]:
            measure_many(arguments.rolecall, folder, count, 1_000)


if __name__ == "__main__":
    main()
