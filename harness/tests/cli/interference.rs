//! Somebody else on the server: noticed, named, and nothing said of the limiter.

use gatecrash::redis::PrivateServer;
use redis::Connection;
use serde_json::{Value, json};

use crate::support::{LAST_SLOT, Ran, arg, folder, gatecrash, ran, results};

fn connect(server: &PrivateServer) -> Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

/// Runs on that server, and does that once when a key with such an end is there.
fn disturbed(server: &PrivateServer, arguments: &[&str], seen: &str, act: impl Fn(&mut Connection)) -> Ran {
    let mut theirs = connect(server);
    let mut child = gatecrash(&[arguments, &["--redis", &server.url(), "--json", "-"]].concat())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while child.try_wait().unwrap().is_none() {
        let keys: Vec<String> =
            redis::cmd("KEYS").arg(format!("gatecrash:*{seen}")).query(&mut theirs).unwrap();
        if !keys.is_empty() {
            act(&mut theirs);
            break;
        }
    }
    child.wait_with_output().unwrap().into()
}

#[track_caller]
fn interference(ran: Ran, why: &str) -> Value {
    let document = ran.exits(2).json();
    let [result] = results(&document).as_slice() else { panic!("one result: {document}") };
    assert_eq!((&result["verdict"], result.get("ok")), (&json!("undecided"), None));
    assert_eq!(result["coverage"]["stopped_by"], "interference");
    let covered = result["coverage"]["covered"].as_str().unwrap();
    assert!(covered.starts_with(why), "{covered}");
    for claim in ["counterexample", "over_admission", "interleavings", "mismatches"] {
        assert_eq!(result.get(claim), None, "{claim}");
    }
    result.clone()
}

#[test]
fn keys_or_scripts_that_somebody_flushes_are_not_the_limiters_doing() {
    let server = PrivateServer::start().unwrap();
    let many = ["explore", LAST_SLOT, "--on", "redis", "--strategy", "enumerate", "--clients", "7"];
    let some = ["--max-executions", "20000", "--expect", "violation"];
    let of = |limiter: &'static str| [&many[..], &some[..], &["--limiter", limiter]].concat();
    let flushed = disturbed(&server, &of("naive"), "canary", |theirs| {
        let () = redis::cmd("FLUSHALL").query(theirs).unwrap();
    });
    interference(flushed, "somebody else deleted keys in the middle");
    let unloaded = disturbed(&server, &of("atomic"), "slots", |theirs| {
        let () = redis::cmd("SCRIPT").arg("FLUSH").query(theirs).unwrap();
    });
    interference(unloaded, "somebody else flushed the server's scripts in the middle");
}

#[test]
fn a_key_that_somebody_deletes_is_named_with_the_answer_that_differed() {
    let server = PrivateServer::start().unwrap();
    let long = r#"
        title = "t"
        why = "t"
        limit = 2
        limiters = ["naive"]
        repeat = 1000
        on_reject = "continue"
        [clients]
        A = ["acquire"]
        B = ["acquire", "release"]
    "#;
    let folder = folder(&[("long.toml", long)]);
    let file = arg(folder.path().join("long.toml"));
    let replay = ["replay", &file, "--limiter", "naive", "--order", "A*", "--on", "redis"];
    let deleted = |theirs: &mut Connection| {
        let script =
            "for _, key in ipairs(redis.call('KEYS', 'gatecrash:*slots')) do redis.call('DEL', key) end";
        let () = redis::cmd("EVAL").arg(script).arg(0).query(theirs).unwrap();
    };
    let result =
        interference(disturbed(&server, &replay, "slots", deleted), "somebody else changes its keys");
    let covered = result["coverage"]["covered"].as_str().unwrap();
    assert!(covered.contains("` was answered with "), "{covered}");
    // Nobody there: nothing to tell.
    let alone = ran(&[&replay[..], &["--redis", &server.url(), "--json", "-"]].concat()).exits(0).json();
    assert_eq!(results(&alone)[0]["verdict"], "clean");
}

/// Its user may do what the limiter needs, but not set the key that shows what others do.
#[test]
fn where_nobody_can_look_after_a_run_its_result_says_so() {
    let server = PrivateServer::start().unwrap();
    let mut admin = connect(&server);
    let user = ["SETUSER", "bob", "on", ">x", "~*", "+@all", "-set"];
    let () = redis::cmd("ACL").arg(&user).query(&mut admin).unwrap();
    let url = format!("{}?user=bob&pass=x", server.url());
    let explore = ["explore", LAST_SLOT, "--on", "redis", "--limiter", "naive", "--strategy", "enumerate"];
    let notes = |redis: &str| {
        let document =
            ran(&[&explore[..], &["--expect", "violation", "--json", "-", "--redis", redis]].concat()).json();
        results(&document)[0]["notes"].to_string()
    };
    let refused = notes(&url);
    assert!(refused.contains("whether somebody else changed the server meanwhile"), "{refused}");
    assert!(refused.contains("NOPERM"), "{refused}");
    assert!(!notes(&server.url()).contains("somebody else"));
}
