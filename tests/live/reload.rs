//! A configuration that is read again while the bot trades.

use crate::bot::{Bot, Desk};
use crate::process::count;
use crate::venue::Venue;
use serde_json::{Value, json};

fn desk(venue: &Venue) -> Desk {
    let desk = Desk::real(venue).environment("CONFIG_FILE", "config.json");
    write(&desk, &json!({}));
    desk
}

fn write(desk: &Desk, configuration: &Value) {
    desk.folder.write("config.json", configuration.to_string());
}

fn reload(bot: &Bot) -> Value {
    bot.tell(&json!({"command": "reload"}))
}

/// Decisions that this check refused.
fn refused(desk: &Desk, check: &str) -> u64 {
    let sql = "SELECT count(*) FROM decisions WHERE refused_by = ?1";
    let ledger = desk.ledger("venue");
    let found = ledger.query_row(sql, [check], |row| row.get::<_, i64>(0));
    u64::try_from(found.expect("the ledger has decisions")).expect("a count")
}

#[test]
fn a_tighter_limit_acts_at_once_and_is_replayed_a_looser_one_waits() {
    let venue = Venue::start(&[]);
    let desk = desk(&venue);
    let mut bot = desk.start();
    bot.until_fills(2);
    assert_eq!(refused(&desk, "min_account_balance"), 0);
    write(
        &desk,
        &json!({
            "risk": {"min_account_balance": 1_000_000_000, "max_monthly_loss_pct": 40},
            "resource_management": {"memory_cleanup_interval": 700},
            "logging": {"max_files": 9},
        }),
    );
    let answer = reload(&bot);
    assert_eq!(
        answer["text"],
        "configuration read again; applied: risk.min_account_balance, \
         resource_management.memory_cleanup_interval; needs a restart: logging.max_files, \
         risk.max_monthly_loss_pct",
        "{answer}"
    );
    bot.until("an entry is refused", |_| {
        refused(&desk, "min_account_balance") > 0
    });

    // What was tightened stays, whatever the file says next; a broken file changes nothing.
    write(&desk, &json!({}));
    let answer = reload(&bot);
    assert_eq!(
        answer["text"],
        "configuration read again; applied: resource_management.memory_cleanup_interval; needs a \
         restart: risk.min_account_balance",
        "{answer}"
    );
    write(&desk, &json!({"risk": {"order_rate": "many"}}));
    let answer = reload(&bot);
    assert_eq!(answer["ok"], false);
    let error = answer["error"].as_str().expect("words");
    assert!(error.contains("risk.order_rate"), "{error}");
    assert!(error.contains("the running configuration stays"), "{error}");

    let hash = bot.stop();
    write(&desk, &json!({}));
    desk.replay_is_identical(&hash);
    let ledger = desk.ledger("venue");
    let sql = "SELECT count(*) FROM events WHERE text LIKE 'limits tightened: risk.min_acc%'";
    let told = ledger.query_row(sql, [], |row| row.get::<_, i64>(0));
    assert_eq!(told.expect("events"), 1);
}

#[test]
fn the_next_process_has_the_limits_of_its_own_configuration() {
    let venue = Venue::start(&[]);
    let desk = desk(&venue);
    let mut bot = desk.start();
    bot.until_fills(1);
    write(
        &desk,
        &json!({"risk": {"min_account_balance": 1_000_000_000}}),
    );
    assert_eq!(reload(&bot)["ok"], true);
    bot.stop();
    write(&desk, &json!({}));
    let mut bot = desk.start();
    let before = count(&bot.session()["fills"]);
    bot.until_fills(before + 2);
    let hash = bot.stop();
    desk.replay_is_identical(&hash);
}
