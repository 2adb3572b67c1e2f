"""Counts the instructions per request of `rolecall serve` under callgrind; scripts/instructions runs it.

Each case runs twice, with few requests and with many, in a server of its own with one event loop. The difference in
instructions, divided by the difference in requests, leaves out start-up and end.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile

FEW, MANY = 400, 2000
ALLOWED_GROWTH = 0.05
ANSWER_SECONDS = 60
# What is counted: the event loops, not the start, the end, and what else the process does meanwhile.
EVENT_LOOP = "*LoopState*run*"


class Connection:
    """A keep-alive connection that reads answers with Content-Length."""

    def __init__(self, port):
        self.host = f"127.0.0.1:{port}"
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def request(self, method, path, fields="", body=""):
        if body:
            fields += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{fields}\r\n{body}".encode()

    def exchange(self, data, answers=1):
        """Sends requests at once and reads as many answers; the last one's head."""
        self.socket.sendall(data)
        for _ in range(answers):
            head = self.read_answer()
        return head

    def read_answer(self):
        while (end := self.rest.find(b"\r\n\r\n")) < 0:
            self.receive()
        head = self.rest[:end].decode()
        if not re.match(r"HTTP/1.1 (2|304)", head):
            sys.exit(f"error: a request failed: {head}")
        length = int(found[1]) if (found := re.search(r"(?im)^content-length: *(\d+)", head)) else 0
        while len(self.rest) < end + 4 + length:
            self.receive()
        self.rest = self.rest[end + 4 + length:]
        return head

    def receive(self):
        data = self.socket.recv(1 << 16)
        if not data:
            sys.exit("error: the server closed the connection")
        self.rest += data


def read_liveness(connection, session, count):
    data = connection.request("GET", "/livez")
    for _ in range(count):
        connection.exchange(data)


def read_vcpu(connection, session, count, fields=""):
    data = connection.request("GET", f"{session}/vcpus/0", fields)
    for _ in range(count):
        connection.exchange(data)


def read_vcpu_unchanged(connection, session, count):
    read_vcpu(connection, session, count, 'If-None-Match: "1"\r\n')


def read_vcpu_pipelined(connection, session, count):
    data = connection.request("GET", f"{session}/vcpus/0") * 16
    for _ in range(count // 16):
        connection.exchange(data, answers=16)


def set_cr(connection, session, count, fields=""):
    """Sets and clears CR4.SMEP in turn."""
    data = [
        connection.request("POST", f"{session}/vcpus/0/set-cr", fields, json.dumps({"register": "cr4", verb: ["SMEP"]}))
        for verb in ("set", "clear")
    ]
    for number in range(count):
        connection.exchange(data[number % 2])


def set_cr_minimal(connection, session, count):
    set_cr(connection, session, count, "Prefer: return=minimal\r\n")


CASES = {
    "get-livez": read_liveness,
    "get-vcpu-not-modified": read_vcpu_unchanged,
    "get-vcpu": read_vcpu,
    "get-vcpu-pipelined-16": read_vcpu_pipelined,
    "set-cr-minimal": set_cr_minimal,
    "set-cr": set_cr,
}


def instructions(binary, case, count, profile):
    """All instructions of a server that answers `count` requests of a case."""
    # Hashes with the same seed each time, and only the settings given here.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ROLECALL_")}
    environment["SWIFT_DETERMINISTIC_HASHING"] = "1"
    command = ["valgrind", "--quiet", "--tool=callgrind", f"--toggle-collect={EVENT_LOOP}"]
    command += [f"--callgrind-out-file={profile}", binary]
    command += ["serve", "--memory", "--port", "0", "--loops", "1", "--log-level", "warning"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        line = server.stdout.readline()
        if not (port := re.search(r":(\d+)$", line.strip())):
            sys.exit(f"error: the server did not start: {line}")
        connection = Connection(int(port[1]))
        head = connection.exchange(connection.request("POST", "/v1/sessions", body='{"preset":"intel-shadow"}'))
        session = re.search(r"(?im)^location: *(\S+)", head)[1]
        CASES[case](connection, session, count)
        connection.socket.close()
        server.send_signal(signal.SIGTERM)
        if (status := server.wait(ANSWER_SECONDS)) != 0:
            sys.exit(f"error: the server ended with status {status}")
    finally:
        server.kill()
        server.wait()
    return int(re.search(r"(?m)^totals: (\d+)", profile.read_text())[1])


def tools():
    """What the figures depend on besides the code."""
    def first_line(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]

    return f"{platform.machine()}, {first_line('swift', '--version')}, {first_line('valgrind', '--version')}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("record", type=pathlib.Path)
    parser.add_argument("--record", dest="records", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="only these cases")
    options = parser.parse_intermixed_args()
    record = json.loads(options.record.read_text())
    is_comparable = record["tools"] == tools()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no case {', '.join(unknown)}; cases: {', '.join(CASES)}")

    failed = False
    print(f"{'instructions per request':26}{'now':>10}{'recorded':>10}{'aim':>10}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for case in options.cases or CASES:
            few, many = (
                instructions(options.binary, case, count, folder / f"{case}.{count}.callgrind")
                for count in (FEW, MANY))
            now, row = round((many - few) / (MANY - FEW)), record[case]
            has_grown = now > row["recorded"] * (1 + ALLOWED_GROWTH) and not options.records
            failed = failed or has_grown and is_comparable
            print(f"{case:26}{now:10,}{row['recorded']:10,}{row['aim']:10,}{'  has grown' if has_grown else ''}", flush=True)
            row["recorded"] = now if options.records else row["recorded"]
    if options.records:
        record["tools"] = tools()
        options.record.write_text(json.dumps(record, indent=2) + "\n")
    elif not is_comparable:
        print(f"not held to the record, which is of {record['tools']}; here: {tools()}")
    if failed:
        sys.exit("error: more than 5 % above the record; if that is meant, scripts/instructions --record")


main()
