#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

/// Runs a script on an empty database and shows the reply.
fn eval(source: &str) -> String {
    let sha1 = gatecrash_limiter::algorithm::sha1_hex(source.as_bytes());
    let reply = run(&mut Database::default(), &sha1, source.as_bytes(), &[], &[]);
    reply.unwrap_or_else(gatecrash_limiter::Reply::from).to_string()
}

#[test]
fn values_are_converted_as_redis_does() {
    assert_eq!(eval("return {1, -2.9, 'x', true, false, nil, 5}"), "[1, -2, x, 1, nil]");
    assert_eq!(eval("return redis.call('GET', 'k') == false"), "1");
    assert_eq!(
        eval("return redis.call('SET', 'k', 0.1).ok .. redis.call('GET', 'k')"),
        "OK0.10000000000000001"
    );
    assert_eq!(eval("return 1/0"), i64::MIN.to_string());
}

#[test]
fn errors_say_where_they_came_from() {
    let sha1 = gatecrash_limiter::algorithm::sha1_hex(b"\nreturn redis.call('GET')");
    let text = "error: ERR Wrong number of args calling Redis command from script";
    assert_eq!(eval("\nreturn redis.call('GET')"), format!("{text} script: {sha1}, on @user_script:2."));
    assert_eq!(eval("return redis.pcall('GET')"), text);
}

#[test]
fn scripts_leave_nothing_behind() {
    for attack in [
        "x = 1",
        "KEYS = 1",
        "redis.x = 1",
        "string.x = 1",
        "rawset(_G, 'x', 1)",
        "setmetatable(_G, {})",
        "getmetatable('').__index.x = 1",
        "getmetatable(_G).__index = {}",
        "loadstring('x = 1')()",
    ] {
        assert!(eval(attack).starts_with("error: "), "{attack}: {}", eval(attack));
    }
    for name in ["x", "os", "io", "require", "loadfile", "dofile", "print", "debug", "package", "setfenv"] {
        assert!(eval(&format!("return {name}")).contains("nonexistent global variable"), "{name}");
    }
}

#[test]
fn runaway_scripts_are_stopped() {
    for source in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "while true do xpcall(function() while true do end end, function() end) end",
        "local co = coroutine.wrap(function() while true do end end) while true do pcall(co) end",
    ] {
        assert_eq!(eval(source), format!("error: {RUNAWAY}"), "{source}");
    }
    assert_eq!(eval("return 1"), "1");
}

#[test]
fn a_small_stack_is_enough() {
    let script = "return redis.call('ZADD', 'k', 1, string.rep('x', 9)) + #string.format('%s', 'abc')";
    // What an engine that brings its own small stacks has to give a script.
    let small = std::thread::Builder::new().stack_size(128 << 10);
    assert_eq!(small.spawn(|| eval(script)).unwrap().join().unwrap(), "4");
}
