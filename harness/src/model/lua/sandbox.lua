-- What a script can reach. Gets the functions that Rust provides; gives back what calls a script, and the table
-- behind the globals.
local host = ...
local pcall, xpcall, error, type, tostring, select = pcall, xpcall, error, type, tostring, select
local rawset, setmetatable, loadstring, resume = rawset, setmetatable, loadstring, coroutine.resume
local floor = math.floor

local READ_ONLY = 'Attempt to modify a readonly table'
local frozen = setmetatable({}, { __mode = 'k' })

-- Makes an empty table look like `content`, and refuse changes.
local function freeze(shell, content)
  frozen[shell] = true
  return setmetatable(shell, {
    __index = content,
    __newindex = function() error(READ_ONLY, 2) end,
    __metatable = false,
  })
end

-- An error as `pcall` shows it: only its text.
local function plain(failure)
  if type(failure) == 'userdata' then return host.message(failure) end
  if type(failure) == 'table' and type(failure.err) == 'string' then return failure.err end
  return failure
end

-- An error from Rust as the table that Redis would have raised.
local function tabled(failure)
  if type(failure) == 'userdata' then return { err = host.message(failure) } end
  return failure
end

-- A script that has used up its instructions fails again after each error that it catches.
local function settle(convert, ok, ...)
  if ok then return true, ... end
  host.check()
  return false, convert((...))
end

local function same(value) return value end

-- The last resort for errors: keeps the text and the place.
local function describe(failure)
  local source, line = host.locate()
  if type(failure) == 'userdata' then
    failure = host.message(failure)
  elseif type(failure) == 'table' then
    failure = tostring(failure.err)
  else
    failure = 'ERR ' .. tostring(failure)
  end
  return { err = failure, source = source, line = line }
end

local globals = {}
for name in ([[_VERSION assert error getmetatable ipairs next pairs rawequal rawget select tonumber tostring type
    unpack]]):gmatch('%S+') do
  globals[name] = _G[name]
end

function globals.pcall(...) return settle(plain, pcall(...)) end

function globals.xpcall(body, handler)
  return settle(same, xpcall(body, function(failure) return handler(tabled(failure)) end))
end

function globals.rawset(target, name, value)
  if frozen[target] then host.fail('ERR ' .. READ_ONLY) end
  return rawset(target, name, value)
end

function globals.setmetatable(target, metatable)
  if frozen[target] then host.fail('ERR ' .. READ_ONLY) end
  return setmetatable(target, metatable)
end

-- Only source: precompiled code could break out of the interpreter.
function globals.loadstring(text, name)
  if tostring(text):byte() == 27 then return nil, 'bad header in precompiled chunk' end
  return loadstring(text, name)
end

function globals.load(next_piece, name)
  local pieces = {}
  for piece in next_piece do
    if piece == '' then break end
    pieces[#pieces + 1] = piece
  end
  return globals.loadstring(table.concat(pieces), name or '=(load)')
end

-- The interpreter's memory is no business of scripts.
function globals.collectgarbage() return 0 end
function globals.gcinfo() return 0 end

local math_library = {}
for name, value in pairs(math) do math_library[name] = value end
math_library.randomseed = host.randomseed

function math_library.random(...)
  local count, low, high = select('#', ...), ...
  local fraction = host.random()
  if count == 0 then return fraction end
  if count == 1 then low, high = 1, low end
  if count > 2 then error('wrong number of arguments', 2) end
  low, high = floor(low), floor(high)
  if low > high then error("bad argument #" .. count .. " to 'random' (interval is empty)", 2) end
  return floor(fraction * (high - low + 1)) + low
end

local coroutine_library = {}
for name, value in pairs(coroutine) do coroutine_library[name] = value end
function coroutine_library.resume(...) return settle(tabled, resume(...)) end

local redis = {
  call = host.call, pcall = host.pcall, sha1hex = host.sha1hex,
  log = host.log, set_repl = host.set_repl, setresp = host.setresp,
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  REDIS_VERSION = '7.0.15', REDIS_VERSION_NUM = 0x0007000f,
}

local function is_one_string(...) return select('#', ...) == 1 and type((...)) == 'string' end
local WRONG_ARGUMENTS = 'ERR wrong number or type of arguments'

-- A text without a code of its own gets the general one.
function redis.error_reply(...)
  if not is_one_string(...) then return { err = WRONG_ARGUMENTS } end
  local text = (...):gsub('^%-', ''):gsub('[\r\n]+$', '')
  return { err = text:find(' ', 1, true) and text or 'ERR ' .. text }
end

function redis.status_reply(...)
  if not is_one_string(...) then return { err = WRONG_ARGUMENTS } end
  return { ok = (...) }
end

function redis.replicate_commands() return true end

globals.redis = freeze({}, redis)
globals.math = freeze({}, math_library)
globals.coroutine = freeze({}, coroutine_library)
globals.string = freeze({}, string)
globals.table = freeze({}, table)
getmetatable('').__metatable = false

setmetatable(globals, {
  __index = function(_, name)
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
  end,
})

-- The true global table becomes the empty shell, so that code from `loadstring` is bound to it as well.
local shell = _G
globals._G = shell
local names = {}
for name in pairs(shell) do names[#names + 1] = name end
for _, name in ipairs(names) do rawset(shell, name, nil) end
freeze(shell, globals)

return function(script) return xpcall(script, describe) end, globals
