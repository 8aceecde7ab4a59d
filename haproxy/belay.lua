-- Belay's hold on HAProxy: one CLI command that checks a generation and writes in one step.
--
--   belay apply SERVICE GENERATION SERVED KEY VERSION/WEIGHT/IP:PORT,IP:PORT ...
--   belay show SERVICE
--   belay effects SERVICE
--
-- Nothing between the check and the write yields, and `lua-load` runs one Lua at a time, so no two
-- commands interleave. What is written lasts: the state file of a service comes first, the runtime
-- after it, and a process that starts or has been reloaded begins from the file.

local dir = os.getenv("BELAY_STATE_DIR") or error("BELAY_STATE_DIR is not set")
local map = dir .. "/belay.map"
local POOLS = { "a", "b" }
local EFFECTS_KEPT = 1000

-- service -> { generation, served, key, at, pools = { a = { version, weight, servers } } }
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

local function read_lines(path)
  local file = io.open(path, "r")
  if not file then return {} end
  local lines = {}
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  return lines
end

local function parse_state(service)
  local lines = read_lines(dir .. "/" .. service .. ".state")
  if #lines == 0 or lines[#lines] ~= "end" then return nil end
  local head = split(lines[1], "\t")
  local state = { generation = tonumber(head[1]), served = head[2], key = head[3], at = head[4], pools = {} }
  for i = 2, #lines - 1 do
    local part = split(lines[i], "\t")
    local servers = {}
    for _, address in ipairs(split(part[4], ",")) do
      if address ~= "" then servers[#servers + 1] = address end
    end
    state.pools[part[1]] = { version = part[2], weight = tonumber(part[3]), servers = servers }
  end
  return state
end

local function write_state(service, state)
  local path = dir .. "/" .. service .. ".state"
  local file, why = io.open(path .. ".new", "w")
  if not file then return why end
  file:write(string.format("%d\t%s\t%s\t%s\n", state.generation, state.served, state.key, state.at))
  for _, pool in ipairs(POOLS) do
    local route = state.pools[pool]
    if route then
      file:write(string.format("%s\t%s\t%d\t%s\n", pool, route.version, route.weight, table.concat(route.servers, ",")))
    end
  end
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
  for _, pool in ipairs(POOLS) do
    local route = state.pools[pool]
    if route then what[#what + 1] = route.version .. " " .. route.weight .. " %" end
  end
  local file = io.open(path, "a")
  if not file then return end
  file:write(string.format("%d\t%s\t%s\t%s\n", state.generation, state.key, state.at, table.concat(what, ", ")))
  file:close()
end

local function set_servers(service, pool, addresses)
  local backend = core.backends[service .. "." .. pool]
  if not backend then return end
  for name, server in pairs(backend.servers) do
    local address = addresses[tonumber(name:match("%d+$"))]
    if address then
      local ip, port = address:match("^(.*):(%d+)$")
      server:set_addr(ip, tonumber(port))
      server:set_ready()
    else
      server:set_maint()
    end
  end
end

-- Servers first, then the weights, then the mark that the data plane shows: who sees the mark sees
-- all that comes before it.
local function put_in_force(service, state, before)
  for _, pool in ipairs(POOLS) do
    local route = state.pools[pool]
    if route then set_servers(service, pool, route.servers) end
  end
  if before then
    for _, route in pairs(before.pools) do core.del_map(map, service .. "/" .. route.version) end
  end
  for _, pool in ipairs(POOLS) do
    local route = state.pools[pool]
    if route then
      core.set_map(map, service .. "/" .. route.version, pool)
      core.set_map(map, service .. ".version_" .. pool, route.version)
    else
      core.set_map(map, service .. ".version_" .. pool, "-")
    end
  end
  local second = state.pools[POOLS[2]]
  core.set_map(map, service .. ".weight_b", second and tostring(second.weight) or "0")
  core.set_map(map, service .. ".served", state.served)
  for _, pool in ipairs(POOLS) do
    if not state.pools[pool] then set_servers(service, pool, {}) end
  end
  states[service] = state
end

local function restore(service)
  local state = parse_state(service)
  local current = states[service]
  if not state then return end
  if current and current.generation >= state.generation then return end
  put_in_force(service, state, current)
  log_effect(service, state)
end

-- A version keeps its pool; a new one takes a free pool.
local function assign(service, routes)
  local pools, free = {}, {}
  local current = states[service] and states[service].pools or {}
  local placed = {}
  for _, pool in ipairs(POOLS) do
    local old = current[pool]
    local stays = false
    for _, route in ipairs(routes) do
      if old and old.version == route.version then
        pools[pool] = route
        placed[route.version] = true
        stays = true
      end
    end
    if not stays then free[#free + 1] = pool end
  end
  for _, route in ipairs(routes) do
    if not placed[route.version] then
      local pool = table.remove(free, 1)
      if not pool then return nil end
      pools[pool] = route
    end
  end
  return pools
end

local function parse_routes(args)
  local routes = {}
  for _, text in ipairs(args) do
    local part = split(text, "/")
    local servers = {}
    for _, address in ipairs(split(part[3] or "", ",")) do
      if address ~= "" then servers[#servers + 1] = address end
    end
    routes[#routes + 1] = { version = part[1], weight = tonumber(part[2]), servers = servers }
  end
  return routes
end

local function capacity(service)
  local backend = core.backends[service .. "." .. POOLS[1]]
  local count = 0
  for _ in pairs(backend.servers) do count = count + 1 end
  return count
end

local function apply(service, generation, served, key, routes)
  if not core.backends[service .. "." .. POOLS[1]] then
    return "TrafficRefused this HAProxy has no backends for service " .. service
  end
  -- Another process may have written while this one was starting.
  restore(service)
  local current = states[service]
  if current and generation < current.generation then
    return string.format("StaleGeneration generation %d comes after %d (%s)", generation, current.generation, current.key)
  end
  if current and generation == current.generation then
    if current.served == served then return "ok " .. served end
    return "GenerationConflict generation " .. generation .. " already carries other routes"
  end
  local pools = assign(service, routes)
  if not pools then return "TrafficRefused this HAProxy has two pools for " .. service .. ", not more" end
  for _, route in ipairs(routes) do
    if #route.servers > capacity(service) then
      return string.format("TrafficRefused %d instances, but the pools of %s have %d slots", #route.servers, service, capacity(service))
    end
  end
  local state = { generation = generation, served = served, key = key, at = now_ms(), pools = pools }
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
  local lines = { string.format("ok %d %s %s", state.generation, state.served, state.key) }
  for _, pool in ipairs(POOLS) do
    local route = state.pools[pool]
    if route then
      lines[#lines + 1] = string.format("%s %s %d %s", pool, route.version, route.weight, table.concat(route.servers, ","))
    end
  end
  return table.concat(lines, "\n")
end

core.register_cli({ "belay", "apply" }, "belay apply SERVICE GENERATION SERVED KEY ROUTE... : switch, fenced", function(applet, _, _, service, generation, served, key, ...)
  local routes = parse_routes({ ... })
  applet:send(apply(service, tonumber(generation), served, key, routes) .. "\n")
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
