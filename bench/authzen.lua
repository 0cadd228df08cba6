-- wrk: one AuthZEN evaluation after the other; the body and the key come from the environment.
wrk.method = "POST"
wrk.path = "/access/v1/evaluation"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("SKM_BENCH_KEY")
wrk.body = os.getenv("SKM_BENCH_BODY")

local denied = 0
function response(status, headers, body)
  if status ~= 200 or not body:find('"decision":true', 1, true) then denied = denied + 1 end
  if denied == 1 then io.stderr:write("unexpected answer: ", status, " ", body, "\n") end
end
