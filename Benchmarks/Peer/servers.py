"""The servers that are compared: how each is started, and what it has used."""

import http.client
import json
import os
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """A process, with its children, that listens on a port of its own."""

    def __init__(self, name, command):
        self.name = name
        self.port = free_port()
        self.command = [part.replace("PORT", str(self.port)) for part in command]
        self.paths = {}

    def start(self):
        """Starts it, and gives the seconds until it had answered a request."""
        begin = time.monotonic()
        # Settings that the caller's environment may hold must not reach the service.
        own = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, env=own)
        while time.monotonic() < begin + 10:
            try:
                self.request("GET", "/livez")
                return time.monotonic() - begin
            except ConnectionError:
                time.sleep(0.0002)
        raise SystemExit(f"error: {self.name} does not answer: {' '.join(self.command)}")

    def stop(self):
        """Asks it to end, again each second: just after the start a server may miss the signal."""
        for _ in range(10):
            self.process.terminate()
            try:
                self.process.wait(1)
                return
            except subprocess.TimeoutExpired:
                continue
        self.process.kill()
        self.process.wait()

    def request(self, method, path, body=None, fields={}):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            content = {} if body is None else {"Content-Type": "application/json"}
            connection.request(method, path, body, {**content, **fields})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def make_session(self):
        answer, _ = self.request("POST", "/v1/sessions", "{}")
        if answer.status != 201:
            raise SystemExit(f"error: {self.name} made no session: {answer.status}")
        self.session = answer.headers["Location"]
        path = self.session + "/vcpus/0"
        self.paths = {case: path for case in ("get", "pipelined", "full", "minimal")}

    def renew_session(self):
        """Puts a new session in the place of the old, so that no measurement works on the history of those before it."""
        answer, _ = self.request("DELETE", self.session)
        if answer.status != 204:
            raise SystemExit(f"error: {self.name} deleted no session: {answer.status}")
        self.make_session()

    def documents(self):
        """The answers to a GET and to both writes, on a new session."""
        path = self.paths["get"]
        body = json.dumps({"register": "cr4", "set": ["SMEP"]})
        minimal = {"Prefer": "return=minimal"}
        undo = body.replace("set", "clear")
        answers = {
            "get": self.request("GET", path),
            "full": self.request("POST", path + "/set-cr", body),
            "minimal": self.request("POST", path + "/set-cr", undo, minimal),
        }
        for case, (answer, _) in answers.items():
            if answer.status != 200:
                raise SystemExit(f"error: {self.name} answers {case} with {answer.status}")
        return answers

    def processes(self):
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [pid, *map(int, file.read().split())]

    def cpu_seconds(self):
        """User and system time of its processes."""
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def resident_bytes(self):
        """Memory of its processes that is resident; pages that several share count for each."""
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/statm") as file:
                total += int(file.read().split()[1])
        return total * os.sysconf("SC_PAGE_SIZE")


class Nginx(Server):
    """nginx with a fixed answer of the same fields and length for each case."""

    def __init__(self, program, folder, workers, answers):
        self.folder = folder
        super().__init__("nginx", [program, "-p", folder, "-c", "nginx.conf", "-e", "error.log"])
        locations = "".join(self.location(case, *answer) for case, answer in answers.items())
        with open(os.path.join(folder, "nginx.conf"), "w") as file:
            file.write(
                f"worker_processes {workers};\ndaemon off;\npid nginx.pid;\nerror_log error.log;\n"
                "events { worker_connections 8192; }\n"
                "http {\naccess_log off;\nserver_tokens off;\nkeepalive_requests 1000000000;\n"
                "default_type application/json;\n"
                f"server {{\nlisten 127.0.0.1:{self.port};\n{locations}"
                "location / { return 200 'ok'; }\n}\n}\n"
            )
        self.paths = {"get": "/get", "pipelined": "/get", "full": "/full", "minimal": "/minimal"}

    def renew_session(self):
        """Fixed answers belong to no session."""

    def location(self, case, answer, body):
        """`return` takes its text from memory; a parameter has at most 4096 bytes, so a long one comes in parts."""
        own = ("date", "content-type", "content-length", "connection", "server")
        fields = [(n, v) for n, v in answer.headers.items() if n.lower() not in own]
        lines = "".join(f"add_header {n} \"{v.replace(chr(34), chr(92) + chr(34))}\";\n" for n, v in fields)
        parts = [min(4000, len(body) - start) for start in range(0, len(body), 4000)]
        names = "".join(f"${{{case}{index}}}" for index in range(len(parts)))
        lines += "".join(f"set ${case}{index} '{'x' * length}';\n" for index, length in enumerate(parts))
        suffix = "" if case == "get" else "/set-cr"
        return f"location = /{case}{suffix} {{\n{lines}return 200 '{names}';\n}}\n"
