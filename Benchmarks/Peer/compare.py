"""Drives Rolecall, its peer on Hummingbird and nginx in turn, and prints medians. `scripts/benchmark` starts it."""

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile

from servers import Nginx, Server

HERE = os.path.dirname(os.path.abspath(__file__))
TITLES = {
    "get": "GET vCPU",
    "pipelined": "GET, 16 pipelined",
    "full": "POST set-cr, full",
    "minimal": "POST set-cr, minimal",
}


def say(text):
    print("==> " + text, file=sys.stderr, flush=True)


def drive(server, case, connections, seconds):
    """Requests a second, and microseconds of the server's CPU time for each."""
    server.renew_session()
    environment = {**os.environ, "BENCHMARK_CASE": case, "BENCHMARK_PATH": server.paths[case]}
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", os.path.join(HERE, "load.lua")]
    before = server.cpu_seconds()
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}"], env=environment, capture_output=True, text=True, check=True
    ).stdout
    used = server.cpu_seconds() - before
    line = next(line for line in output.splitlines() if line.startswith("RESULT"))
    requests, microseconds, errors = map(int, line.split()[1:])
    if errors or not requests:
        raise SystemExit(f"error: {server.name}, {case}, {connections} connections: {errors} errors\n{output}")
    return requests / microseconds * 1e6, used / requests * 1e6


def check_sameness(answers):
    """Ends with an error if the servers do not say the same."""
    (first, expected), *others = answers.items()
    for name, found in others:
        for case in expected:
            if json.loads(found[case][1]) != json.loads(expected[case][1]):
                raise SystemExit(f"error: {name} does not answer {case} as {first} does")
            missing = set(map(str.lower, expected[case][0].headers)) - set(map(str.lower, found[case][0].headers))
            if missing:
                raise SystemExit(f"error: {name} answers {case} without {', '.join(missing)}")


def measure_rest(servers, idle):
    """Milliseconds to the first answer (median of 7), idle memory, and memory per idle connection."""
    rows = []
    for server in servers:
        server.stop()
        starts = []
        for _ in range(7):
            starts.append(server.start())
            server.stop()
        server.start()
        resting = server.resident_bytes()
        sockets = []
        for _ in range(idle):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.settimeout(10)
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % server.port)
            connection.recv(4096)
            sockets.append(connection)
        each = (server.resident_bytes() - resting) / idle
        for connection in sockets:
            connection.close()
        rows.append((server.name, statistics.median(starts) * 1e3, resting / 1e6, each))
    return rows


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/benchmark")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is driven (default: 5)")
    parser.add_argument("--seconds", type=int, default=2, help="how long, each time (default: 2)")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64, 256])
    parser.add_argument("--pollers", nargs="+", choices=["epoll", "poll"], default=["epoll", "poll"])
    parser.add_argument("--idle", type=int, default=2000, help="idle connections (default: 2000)")
    parser.add_argument("--loops", type=int, default=os.cpu_count(), help="threads of each server (default: cores)")
    parser.add_argument("--rolecall", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peer", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    loops = str(options.loops)
    servers = [
        Server(
            f"Rolecall, {poller}",
            [
                *(options.rolecall, "serve", "--memory", "--port", "PORT", "--loops", loops, "--poller", poller),
                # A measurement makes more revisions than the history of one session may have.
                *("--max-history", str(1 << 30), "--access-log", "off", "--log-level", "error"),
            ],
        )
        for poller in options.pollers
    ]
    servers.append(Server("Hummingbird", [options.peer, "PORT", loops]))
    started = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            answers = {}
            for server in servers:
                server.start()
                started.append(server)
                server.make_session()
                answers[server.name] = server.documents()
            check_sameness(answers)
            own = answers[servers[0].name]
            for case, (_, body) in own.items():
                say(f"{TITLES[case]}: the same answer from all, {len(body)} bytes")
            os.chmod(folder, 0o755)
            servers.append(Nginx("nginx", folder, loops, own))
            servers[-1].start()
            started.append(servers[-1])
            compare(servers, options)
            say(f"start and memory, {options.idle} idle connections")
            rows = measure_rest(servers, options.idle)
            table(
                ["server", "first answer, ms", "idle memory, MB", "bytes per idle connection"],
                [(name, f"{start:.1f}", f"{rest:.1f}", f"{each:,.0f}") for name, start, rest, each in rows],
            )
        finally:
            for server in started:
                server.stop()


def compare(servers, options):
    cases = [("get", count) for count in options.connections] + [("pipelined", 64)]
    cases += [(case, count) for case in ("full", "minimal") for count in options.connections]
    results = {(case, server.name): [] for case in cases for server in servers}
    for round in range(options.rounds):
        for case in cases:
            say(f"round {round + 1} of {options.rounds}: {TITLES[case[0]]}, {case[1]} connections")
            # Each round begins with another server, so that none is always the first, or always after the same one.
            first = round % len(servers)
            for server in servers[first:] + servers[:first]:
                results[case, server.name].append(drive(server, *case, options.seconds))

    for column, title in ((1, "CPU microseconds per request"), (0, "requests per second")):
        rows = []
        for case in cases:
            medians = [statistics.median(each[column] for each in results[case, s.name]) for s in servers]
            rows.append([TITLES[case[0]], str(case[1]), *(f"{m:,.{column}f}" for m in medians)])
        table([title, "connections", *(server.name for server in servers)], rows)


main()
