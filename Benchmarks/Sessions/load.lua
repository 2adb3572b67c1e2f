-- Requests for wrk. SESSIONS is a file with a session's path in each line; each request loads another CR3 into the next.
local file = os.getenv("SESSIONS")
local headers = { ["Content-Type"] = "application/json", ["Prefer"] = "return=minimal" }
local requests = {}
local turn = 0

function init()
  for _, value in ipairs({ "0x2000", "0x3000" }) do
    local body = '{"register":"cr3","value":"' .. value .. '"}'
    for path in io.lines(file) do
      table.insert(requests, wrk.format("POST", path .. "/vcpus/0/set-cr", headers, body))
    end
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
