//! What the scripts of the inbox have in common.

use crate::shared::redis::script::Script;

/// Names the keys, reads the clock, and defines what several scripts do.
///
/// Numbers are written with `string.format`, since Lua itself writes only 14 digits.
const COMMON: &str = "\
    local last, entries, states, lanes, order, ready, ends, finished, dead, expires, errors = \
      unpack(KEYS) \
    local call = redis.call \
    local free = string.rep('0', 32) \
    local time = call('TIME') \
    local micros = time[1] * 1000000 + time[2] \
    local now = math.floor(micros / 1000) \
    local function int(number) return string.format('%.0f', number) end \
    local function number_of(state) return string.sub(state, 1, 16) end \
    local function tries_of(state) return tonumber(string.sub(state, 17, 22)) end \
    local function owner_of(state) return string.sub(state, 23, 54) end \
    local function lane_of(state) return string.sub(state, 55, 86) end \
    local function state_of(number, tries, owner, lane) \
      return number .. string.format('%06.0f', math.min(tries, 999999)) .. owner .. lane \
    end \
    local function next_number() \
      local number = math.max(micros, tonumber(call('GET', last) or 0) + 1) \
      number = string.format('%016.0f', number) \
      call('SET', last, number) \
      return number \
    end \
    local function promote(lane) \
      local first = call('ZRANGEBYLEX', lanes, '[' .. lane, '+', 'LIMIT', 0, 1)[1] \
      if first and string.sub(first, 1, 32) == lane then \
        local id = string.sub(first, 49) \
        if not call('ZSCORE', ends, id) then \
          call('ZADD', ready, string.sub(first, 33, 48), id) \
        end \
      end \
    end \
    local function enter(id, lane) \
      local number = next_number() \
      call('ZADD', lanes, 0, lane .. number .. id) \
      call('ZADD', order, number, id) \
      return number \
    end \
    local function leave(id, state) \
      call('HDEL', states, 'o' .. owner_of(state)) \
      call('ZREM', lanes, lane_of(state) .. number_of(state) .. id) \
      call('ZREM', order, id) \
      call('ZREM', ready, id) \
      call('ZREM', ends, id) \
      promote(lane_of(state)) \
    end \
    local function let_go(id, state, tries) \
      call('HDEL', states, 'o' .. owner_of(state)) \
      call('HSET', states, id, state_of(number_of(state), tries, free, lane_of(state))) \
    end \
    local function drop(id) \
      call('ZREM', dead, id) \
      call('ZREM', expires, id) \
      call('HDEL', errors, id) \
      call('HDEL', entries, id) \
      call('HDEL', states, id) \
    end \
    local function drop_expired() \
      local old = call('ZRANGEBYSCORE', expires, '-inf', int(now), 'LIMIT', 0, 1000) \
      for _, id in ipairs(old) do drop(id) end \
      return #old \
    end ";

/// Finds what the owner `ARGV[1]` holds. Without it, the script returns 0.
const HELD: &str = "\
    local owner = ARGV[1] \
    local id = call('HGET', states, 'o' .. owner) \
    if not id then return 0 end \
    local state = call('HGET', states, id) ";

/// Creates a script on the keys of an app.
pub(super) fn on_app(code: &str) -> Script {
    Script::new([COMMON, code].concat())
}

/// Creates a script on what an owner holds.
pub(super) fn on_held(code: &str) -> Script {
    Script::new([COMMON, HELD, code].concat())
}
