//! One execution as a table.

use expect_test::{Expect, expect};
use gatecrash::report::About;
use gatecrash::report::text::{TextOptions, interleaving};
use gatecrash::world::trace::{Effect, Trace};
use gatecrash_limiter::Reply;

use crate::fixtures::{about, atomic, naive};
use crate::text::check;

#[track_caller]
fn check_table(about: &About, trace: &Trace, expect: &Expect) {
    check(&interleaving(about, trace, &TextOptions::default()), expect);
}

#[test]
fn the_race_of_the_naive_limiter() {
    check_table(
        &about(2, 1),
        &naive(2, 1, "A B A B A B"),
        &expect![[r#"
        #  A                     B                               held
        1  ZCARD slots -> 0                                      0/1
        2                        ZCARD slots -> 0                0/1
        3  ZADD slots 0 A1 -> 1                        admitted  1/1
        4                        ZADD slots 0 B1 -> 1  admitted  2/1 <- over the limit
        5  ZREM slots A1 -> 1                          released  1/1
        6                        ZREM slots B1 -> 1    released  0/1
    "#]],
    );
}

#[test]
fn the_atomic_limiter_refuses_under_the_same_schedule() {
    check_table(
        &about(2, 1),
        &atomic(2, 1, "A B A B"),
        &expect![[r#"
            #  A                              B                                        held
            1  EVALSHA a7edc1f slots... -> 1                                 admitted  1/1
            2                                 EVALSHA a7edc1f slots... -> 0  refused   1/1
            3  ZREM slots A1 -> 1                                            released  0/1
            4                                 skipped: B has finished                  0/1
        "#]],
    );
}

#[test]
fn three_clients_still_have_lanes() {
    check_table(
        &about(3, 1),
        &naive(3, 1, "A B C A B C A B C"),
        &expect![[r#"
        #  A              B              C                        held
        1  ZCARD... -> 0                                          0/1
        2                 ZCARD... -> 0                           0/1
        3                                ZCARD... -> 0            0/1
        4  ZADD... -> 1                                 admitted  1/1
        5                 ZADD... -> 1                  admitted  2/1 <- over the limit
        6                                ZADD... -> 1   admitted  3/1 <- over the limit
        7  ZREM... -> 1                                 released  2/1
        8                 ZREM... -> 1                  released  1/1
        9                                ZREM... -> 1   released  0/1
    "#]],
    );
    check_table(
        &about(3, 2),
        &atomic(3, 2, "A B C A B"),
        &expect![[r#"
        #  A                    B                    C                              held
        1  EVALSHA... -> 1                                                admitted  1/2
        2                       EVALSHA... -> 1                           admitted  2/2
        3                                            EVALSHA... -> 0      refused   2/2
        4  ZREM slots A1 -> 1                                             released  1/2
        5                       ZREM slots B1 -> 1                        released  0/2
    "#]],
    );
}

#[test]
fn a_crash_and_a_clock_move_have_rows_of_their_own() {
    check_table(
        &about(2, 1),
        &naive(2, 1, "A A !A + B A"),
        &expect![[r#"
            #  A                        B                           held
            1  ZCARD slots -> 0                                     0/1
            2  ZADD slots 0 A1 -> 1                       admitted  1/1
            3  (crashed)                                            0/1
            4  -- clock +30s --                                     0/1
            5                           ZCARD slots -> 1  refused   0/1
            6  skipped: A has finished                              0/1
        "#]],
    );
}

#[test]
fn twelve_clients_share_one_column() {
    let turns = "A B C D E F G H I J K L A L";
    check_table(
        &about(12, 1),
        &naive(12, 1, turns),
        &expect![[r#"
         #  client: command                    held
         1  A: ZCARD slots -> 0                0/1
         2  B: ZCARD slots -> 0                0/1
         3  C: ZCARD slots -> 0                0/1
         4  D: ZCARD slots -> 0                0/1
         5  E: ZCARD slots -> 0                0/1
         6  F: ZCARD slots -> 0                0/1
         7  G: ZCARD slots -> 0                0/1
         8  H: ZCARD slots -> 0                0/1
         9  I: ZCARD slots -> 0                0/1
        10  J: ZCARD slots -> 0                0/1
        11  K: ZCARD slots -> 0                0/1
        12  L: ZCARD slots -> 0                0/1
        13  A: ZADD slots 0 A1 -> 1  admitted  1/1
        14  L: ZADD slots 0 L1 -> 1  admitted  2/1 <- over the limit
    "#]],
    );
}

#[test]
fn only_clients_with_a_turn_have_a_lane() {
    check_table(
        &about(12, 1),
        &naive(12, 1, "B K B K"),
        &expect![[r#"
        #  B                     K                               held
        1  ZCARD slots -> 0                                      0/1
        2                        ZCARD slots -> 0                0/1
        3  ZADD slots 0 B1 -> 1                        admitted  1/1
        4                        ZADD slots 0 K1 -> 1  admitted  2/1 <- over the limit
    "#]],
    );
}

#[test]
fn an_error_reply_is_cut_to_its_code() {
    let mut trace = atomic(2, 1, "A B");
    if let Effect::Step(step) = &mut trace.rows[0].effect {
        step.reply = Reply::Error("NOSCRIPT No matching script. Please use EVAL.".into());
        step.outcome = None;
    }
    check_table(
        &about(2, 1),
        &trace,
        &expect![[r#"
        #  A                               B                                        held
        1  EVALSHA... -> NOSCRIPT...                                                1/1
        2                                  EVALSHA a7edc1f slots... -> 0   refused  1/1
    "#]],
    );
}
