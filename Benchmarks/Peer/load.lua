-- Requests for wrk; BENCHMARK_PATH is the session's vCPU, BENCHMARK_CASE what to send to it. The writes set and clear
-- CR4.SMEP in turn, so that each one changes roles.
local path = os.getenv("BENCHMARK_PATH")
local case = os.getenv("BENCHMARK_CASE")
local requests = {}
local turn = 0

function init()
  if case == "get" then
    requests = { wrk.format("GET", path) }
  elseif case == "pipelined" then
    requests = { string.rep(wrk.format("GET", path), 16) }
  else
    local headers = { ["Content-Type"] = "application/json" }
    if case == "minimal" then headers["Prefer"] = "return=minimal" end
    for _, key in ipairs({ "set", "clear" }) do
      local body = '{"register":"cr4","' .. key .. '":["SMEP"]}'
      table.insert(requests, wrk.format("POST", path .. "/set-cr", headers, body))
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
