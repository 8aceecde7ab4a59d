-- Belay's hold on HAProxy: one CLI command that checks a generation and writes in one step.
--
--   belay apply SERVICE GENERATION SERVED KEY VERSION/WEIGHT/IP:PORT,IP:PORT ...
--     and after the routes, where they are asked for, with texts in hexadecimal:
--     after:GENERATION
--     affinity:COOKIE:MAX_AGE_S:SALT
--     match:VERSION:header|cookie:NAME:exact|prefix|present:VALUE   (any number; the first wins)
--   belay show SERVICE
--   belay effects SERVICE
--
-- Nothing between the check and the write yields, and `lua-load` runs one Lua at a time, so no two
-- commands interleave. What is written lasts: the state file of a service comes first, the runtime
-- after it, and a process that starts or has been reloaded begins from the file.

local dir = os.getenv("BELAY_STATE_DIR") or error("BELAY_STATE_DIR is not set")
local map = dir .. "/belay.map"
local POOLS = { "a", "b", "c", "d" }
local EFFECTS_KEPT = 1000
-- Of a longer cookie only so much names the user: it comes from outside.
local USER_MAX = 4096

-- service -> { generation, served, key, at, routes, affinity, matches }
-- A route is { version, weight, pool, slots }; `slots` maps the number of a server to its address.
local states = {}
local names = {}

local function now_ms()
  local now = core.now()
  return string.format("%d", now.sec * 1000 + now.usec // 1000)
end

local function split(text, separator)
  local parts = {}
  for part in (text .. separator):gmatch("(.-)" .. separator:gsub("%p", "%%%0")) do
    parts[#parts + 1] = part
  end
  return parts
end

local function from_hex(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function read_lines(path)
  local file = io.open(path, "r")
  if not file then return {} end
  local lines = {}
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  return lines
end

-- The slots as one text: addresses with commas between them, nothing for a slot that is free.
local function write_slots(slots)
  local last = 0
  for slot in pairs(slots) do last = math.max(last, slot) end
  local parts = {}
  for slot = 1, last do parts[slot] = slots[slot] or "" end
  return table.concat(parts, ",")
end

local function read_slots(text)
  local slots = {}
  for slot, address in ipairs(split(text or "", ",")) do
    if address ~= "" then slots[slot] = address end
  end
  return slots
end

local function affinity_of(cookie, max_age, salt)
  local name = from_hex(cookie)
  return { words = { cookie, max_age, salt }, cookie = name, begins = name .. "=", max_age = max_age, salt = from_hex(salt) }
end

local function match_of(version, place, name, how, value)
  local text = from_hex(name)
  return { words = { version, place, name, how, value }, version = version, place = place, name = text, begins = text .. "=", how = how, value = from_hex(value) }
end

-- A file of before there was steering has neither affinity nor matches.
local function parse_state(service)
  local lines = read_lines(dir .. "/" .. service .. ".state")
  if #lines == 0 or lines[#lines] ~= "end" then return nil end
  local head = split(lines[1], "\t")
  local state = { generation = tonumber(head[1]), served = head[2], key = head[3], at = head[4], routes = {}, matches = {} }
  for i = 2, #lines - 1 do
    local part = split(lines[i], "\t")
    if part[1] == "affinity" then
      state.affinity = affinity_of(part[2], part[3], part[4])
    elseif part[1] == "match" then
      state.matches[#state.matches + 1] = match_of(part[2], part[3], part[4], part[5], part[6])
    else
      state.routes[#state.routes + 1] = { pool = part[1], version = part[2], weight = tonumber(part[3]), slots = read_slots(part[4]) }
    end
  end
  return state
end

-- Everything of a state but its head, a line each; for the state file and for `show`.
local function lines_of(state, separator)
  local lines = {}
  for _, route in ipairs(state.routes) do
    lines[#lines + 1] = table.concat({ route.pool, route.version, tostring(route.weight), write_slots(route.slots) }, separator)
  end
  if state.affinity then
    lines[#lines + 1] = "affinity" .. separator .. table.concat(state.affinity.words, separator)
  end
  for _, match in ipairs(state.matches) do
    lines[#lines + 1] = "match" .. separator .. table.concat(match.words, separator)
  end
  return lines
end

local function write_state(service, state)
  local path = dir .. "/" .. service .. ".state"
  local file, why = io.open(path .. ".new", "w")
  if not file then return why end
  file:write(string.format("%d\t%s\t%s\t%s\n", state.generation, state.served, state.key, state.at))
  for _, line in ipairs(lines_of(state, "\t")) do file:write(line, "\n") end
  file:write("end\n")
  if not file:close() then return "the state file could not be written" end
  local renamed, failed = os.rename(path .. ".new", path)
  if not renamed then return failed end
  return nil
end

-- One line an effect, once a key; also made good here for a process that died in between.
local function log_effect(service, state)
  local path = dir .. "/" .. service .. ".effects"
  local lines = read_lines(path)
  for _, line in ipairs(lines) do
    if split(line, "\t")[2] == state.key then return end
  end
  if #lines >= EFFECTS_KEPT * 2 then
    local kept = io.open(path .. ".new", "w")
    if not kept then return end
    kept:write(table.concat(lines, "\n", #lines - EFFECTS_KEPT + 1), "\n")
    kept:close()
    os.rename(path .. ".new", path)
  end
  local what = {}
  for _, route in ipairs(state.routes) do what[#what + 1] = route.version .. " " .. route.weight .. " %" end
  local file = io.open(path, "a")
  if not file then return end
  file:write(string.format("%d\t%s\t%s\t%s\n", state.generation, state.key, state.at, table.concat(what, ", ")))
  file:close()
end

local function servers_of(service, pool)
  local backend = core.backends[service .. "." .. pool]
  local servers = {}
  for name, server in pairs(backend and backend.servers or {}) do
    servers[tonumber(name:match("%d+$"))] = server
  end
  return servers
end

local function open_slots(service, pool, slots)
  local servers = servers_of(service, pool)
  for slot, address in pairs(slots) do
    local ip, port = address:match("^(.*):(%d+)$")
    if servers[slot] and ip then
      servers[slot]:set_addr(ip, tonumber(port))
      servers[slot]:set_ready()
    end
  end
end

-- Open requests of a closed slot go on; it gets no new ones, and keeps its address.
local function close_other_slots(service, pool, slots)
  for slot, server in pairs(servers_of(service, pool)) do
    if not slots[slot] then server:set_maint() end
  end
end

-- All that a request by weight needs, in one value, so that none sees the half of a change:
-- `MODE:POOL:VERSION` of the first route, then `WEIGHT:POOL:VERSION` of each other one, filled up
-- to all pools. MODE: w by weight, m the same for more than two routes; s and t where the action
-- `belay` chooses, with w and m behind it should it fail.
local function split_of(state)
  local many = #state.routes > 2
  local steered = state.affinity or #state.matches > 0
  local mode = steered and (many and "t" or "s") or (many and "m" or "w")
  local parts = {}
  for i = 1, #POOLS do
    local route = state.routes[i]
    local lead = i == 1 and mode or (route and route.weight or 0)
    parts[i] = lead .. ":" .. (route and route.pool .. ":" .. route.version or "none:-")
  end
  return table.concat(parts, ":")
end

-- Servers first, then the weights, then the mark that the data plane shows: who sees the mark sees
-- all that comes before it. Instances that left go last.
local function put_in_force(service, state, before)
  local slots, versions = {}, {}
  for _, route in ipairs(state.routes) do
    slots[route.pool] = route.slots
    versions[route.version] = true
    open_slots(service, route.pool, route.slots)
    core.set_map(map, service .. "/" .. route.version, route.pool .. ":" .. route.version)
  end
  for _, route in ipairs(before and before.routes or {}) do
    if not versions[route.version] then core.del_map(map, service .. "/" .. route.version) end
  end
  states[service] = state
  core.set_map(map, service .. ".split", split_of(state))
  core.set_map(map, service .. ".served", state.served)
  for _, pool in ipairs(POOLS) do close_other_slots(service, pool, slots[pool] or {}) end
end

local function restore(service)
  local state = parse_state(service)
  local current = states[service]
  if not state then return end
  if current and current.generation >= state.generation then return end
  put_in_force(service, state, current)
  log_effect(service, state)
end

-- A version keeps its pool. A new one takes a free pool, best one that nobody is just leaving.
local function assign(service, routes)
  local before, taken = {}, {}
  for _, route in ipairs(states[service] and states[service].routes or {}) do before[route.version] = route end
  for _, route in ipairs(routes) do
    local old = before[route.version]
    if old then
      route.pool, route.before = old.pool, old.slots
      taken[old.pool] = true
    end
  end
  local left = {}
  for _, old in pairs(before) do left[old.pool] = not taken[old.pool] end
  local free = {}
  for _, leaving in ipairs({ false, true }) do
    for _, pool in ipairs(POOLS) do
      local there = core.backends[service .. "." .. pool]
      if there and not taken[pool] and (left[pool] or false) == leaving then free[#free + 1] = pool end
    end
  end
  for _, route in ipairs(routes) do
    if not route.pool then
      route.pool, route.before = table.remove(free, 1), {}
      if not route.pool then return false end
    end
  end
  return true
end

-- An instance that stays keeps its slot. A new one takes the next free slot after the last that is
-- taken, around in a circle, best one that nobody is just leaving and that has no open requests:
-- these still belong to who was there.
local function place(service, route)
  local servers, slots, wanted, last = servers_of(service, route.pool), {}, {}, 0
  local leaving = {}
  for _, old in ipairs(states[service] and states[service].routes or {}) do
    if old.pool == route.pool then leaving = old.slots end
  end
  for _, address in ipairs(route.addresses) do wanted[address] = true end
  for slot, address in pairs(route.before) do
    last = math.max(last, slot)
    if wanted[address] and servers[slot] then
      slots[slot] = address
      wanted[address] = nil
    end
  end
  local function free_slot(idle)
    for step = 0, #servers - 1 do
      local slot = (last + step) % #servers + 1
      local used = leaving[slot] or (servers[slot]:get_stats().scur or 0) > 0
      if not slots[slot] and not (used and idle) then return slot end
    end
  end
  for _, address in ipairs(route.addresses) do
    if wanted[address] then
      wanted[address] = nil
      local slot = free_slot(true) or free_slot(false)
      if not slot then
        return string.format("TrafficRefused %d instances, but the pools of %s have %d slots", #route.addresses, service, #servers)
      end
      slots[slot] = address
      last = slot
    end
  end
  route.slots = slots
  return nil
end

local function parse_words(args)
  local wish = { routes = {}, matches = {} }
  for _, text in ipairs(args) do
    local part = split(text, ":")
    if part[1] == "after" then
      wish.after = tonumber(part[2])
    elseif part[1] == "affinity" then
      wish.affinity = affinity_of(part[2] or "", part[3] or "", part[4] or "")
    elseif part[1] == "match" then
      for field = 2, 6 do part[field] = part[field] or "" end
      wish.matches[#wish.matches + 1] = match_of(part[2], part[3], part[4], part[5], part[6])
    else
      part = split(text, "/")
      local addresses = {}
      for _, address in ipairs(split(part[3] or "", ",")) do
        if address ~= "" then addresses[#addresses + 1] = address end
      end
      wish.routes[#wish.routes + 1] = { version = part[1], weight = tonumber(part[2]), addresses = addresses }
    end
  end
  return wish
end

-- What a person may mistype; nothing of it may get into the state file.
local function problem_of(service, generation, key, wish)
  if not core.backends[service .. "." .. POOLS[1]] then return "this HAProxy has no backends for service " .. service end
  if not generation or not key then return "belay apply SERVICE GENERATION SERVED KEY ROUTE..." end
  local sum = 0
  for _, route in ipairs(wish.routes) do
    local weight = math.tointeger(route.weight)
    if not weight or weight < 0 then return route.version .. " needs a weight" end
    if not route.version:match("^%w[%w._+-]*$") then return "no version: " .. route.version end
    for _, address in ipairs(route.addresses) do
      if not address:match("^[%x.:]+:%d+$") then return "no IP:PORT: " .. address end
    end
    sum = sum + weight
  end
  if sum ~= 100 then return "the weights do not add up to 100" end
  return nil
end

local function refuse(service, generation, served, after)
  local current = states[service] or { generation = 0, key = "nothing" }
  local at = string.format("generation %d (%s)", current.generation, current.key)
  if after and current.generation ~= after and current.generation ~= generation then
    return string.format("TrafficTakenBack %s of %s stands where %d was expected", at, service, after)
  end
  if generation < current.generation then
    return string.format("StaleGeneration generation %d comes after %s", generation, at)
  end
  if generation == current.generation and current.served ~= served then
    return "GenerationConflict generation " .. generation .. " already carries other routes"
  end
  return nil
end

local function apply(service, generation, served, key, wish)
  local problem = problem_of(service, generation, key, wish)
  if problem then return "TrafficRefused " .. problem end
  -- Another process may have written while this one was starting.
  restore(service)
  local refused = refuse(service, generation, served, wish.after)
  if refused then return refused end
  local current = states[service]
  if current and generation == current.generation then return "ok " .. served end
  if not assign(service, wish.routes) then
    return string.format("TrafficRefused this HAProxy has not enough pools for %d versions of %s", #wish.routes, service)
  end
  local routes = {}
  for i, route in ipairs(wish.routes) do
    local crowded = place(service, route)
    if crowded then return crowded end
    routes[i] = { version = route.version, weight = route.weight, pool = route.pool, slots = route.slots }
  end
  local state = { generation = generation, served = served, key = key, at = now_ms(), routes = routes, affinity = wish.affinity, matches = wish.matches }
  local failed = write_state(service, state)
  if failed then return "TrafficUnreachable the state could not be kept: " .. failed end
  put_in_force(service, state, current)
  log_effect(service, state)
  return "ok " .. served
end

local function show(service)
  restore(service)
  local state = states[service]
  if not state then return "ok 0" end
  local head = string.format("ok %d %s %s", state.generation, state.served, state.key)
  return table.concat({ head, table.unpack(lines_of(state, " ")) }, "\n")
end

-- Of a cookie that comes several times the first. No patterns: the text comes from outside.
local function cookie_of(txn, begins)
  local text = txn.f:req_fhdr("cookie")
  local from = 1
  while text do
    local first, last = text:find(begins, from, true)
    if not first then return nil end
    local before = first - 1
    while before > 0 and (text:byte(before) == 32 or text:byte(before) == 9) do before = before - 1 end
    if before == 0 or text:byte(before) == 59 then
      return text:sub(last + 1, (text:find(";", last, true) or 0) - 1)
    end
    from = last + 1
  end
  return nil
end

local function fits(txn, match)
  local value
  if match.place == "cookie" then
    value = cookie_of(txn, match.begins)
  else
    value = txn.f:req_fhdr(match.name)
  end
  if not value then return false end
  if match.how == "present" then return true end
  if match.how == "prefix" then return value:sub(1, #match.value) == match.value end
  return value == match.value
end

local function choose(txn, route)
  txn:set_var("txn.pick", route.pool .. ":" .. route.version)
end

-- The same sum as `userSlot` does in Node: a user stays where it is whichever of them is asked.
local function choose_by_user(txn, state)
  local affinity = state.affinity
  local user = cookie_of(txn, affinity.begins)
  if not user or user == "" then
    user = txn.f:uuid()
    txn:set_var("txn.cookie", string.format("%s=%s; Path=/; Max-Age=%s; HttpOnly; SameSite=Lax", affinity.cookie, user, affinity.max_age))
  end
  if not affinity.id then
    local split = {}
    for i, route in ipairs(state.routes) do split[i] = " " .. route.version .. ":" .. route.weight end
    affinity.id = string.format("%08x", (string.unpack(">I4", txn.c:sha2(affinity.salt .. table.concat(split), 256))))
  end
  local digest = txn.c:sha2(affinity.salt .. "/" .. user:sub(1, USER_MAX), 256)
  txn:set_var("txn.user", affinity.id .. "." .. string.format("%016x", (string.unpack(">i8", digest))))
  local slot, upto = string.unpack(">I4", digest) % 100, 0
  for i = 2, #state.routes do
    upto = upto + state.routes[i].weight
    if slot < upto then return choose(txn, state.routes[i]) end
  end
  return choose(txn, state.routes[1])
end

-- By the first match, else by affinity; else HAProxy goes by weight as without this action.
core.register_action("belay", { "http-req" }, function(txn, service)
  local state = states[service]
  if not state then return end
  for _, match in ipairs(state.matches) do
    for _, route in ipairs(state.routes) do
      if route.version == match.version and next(route.slots) and fits(txn, match) then
        return choose(txn, route)
      end
    end
  end
  if state.affinity then choose_by_user(txn, state) end
end, 1)

core.register_cli({ "belay", "apply" }, "belay apply SERVICE GENERATION SERVED KEY ROUTE... : switch, fenced", function(applet, _, _, service, generation, served, key, ...)
  applet:send(apply(service, tonumber(generation), served, key, parse_words({ ... })) .. "\n")
end)

core.register_cli({ "belay", "show" }, "belay show SERVICE : what is in force", function(applet, _, _, service)
  applet:send(show(service) .. "\n")
end)

core.register_cli({ "belay", "effects" }, "belay effects SERVICE : every change, once a key", function(applet, _, _, service)
  applet:send("ok\n" .. table.concat(read_lines(dir .. "/" .. service .. ".effects"), "\n") .. "\n")
end)

core.register_init(function()
  for name in pairs(core.backends) do
    local service = name:match("^(.+)%.a$")
    if service then
      names[#names + 1] = service
      restore(service)
    end
  end
end)

-- A change that reached the old process during a reload is in the file: it is taken up from there.
core.register_task(function()
  while true do
    for _, service in ipairs(names) do restore(service) end
    core.msleep(200)
  end
end)
