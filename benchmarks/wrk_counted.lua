-- Sends a fixed number of requests, one cookie after the other, and says how many were answered as expected:
--   wrk -t1 ... -s wrk_counted.lua URL -- NUMBER EXPECTED-BODY FILE-OF-COOKIES
-- "*" expects any body. Prints one line of JSON and ends; wrk itself knows only durations.

local number, expected
local requests, turn = {}, 0
local answered, wrong = 0, 0

function init(arguments)
   number, expected = tonumber(arguments[1]), arguments[2]
   local headers = {
      ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
      ["Referer"] = "http://127.0.0.1/shop/teapots?page=2",
      ["Accept"] = "text/html,application/xhtml+xml",
      ["Accept-Language"] = "en-GB,en;q=0.7",
   }
   for cookie in io.lines(arguments[3]) do
      headers["Cookie"] = cookie
      requests[#requests + 1] = wrk.format("GET", nil, headers)
   end
   if #requests == 0 then
      requests[1] = wrk.format("GET", nil, headers)
   end
end

function request()
   turn = turn % #requests + 1
   return requests[turn]
end

function response(status, _, body)
   answered = answered + 1
   if status ~= 200 or (expected ~= "*" and body ~= expected) then
      wrong = wrong + 1
   end
   if answered == number then
      io.write(string.format('{"answered": %d, "wrong": %d}\n', answered, wrong))
      io.flush()
      os.exit(0)
   end
end
