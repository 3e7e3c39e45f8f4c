//! Connections that are lost at every step: found, counted, made again, and no entry meanwhile.

use crate::books::{arm, clear, settle, struck};
use crate::bot::{Desk, connection, is_whole};
use crate::folder::Folder;
use crate::process::count;
use crate::venue::Venue;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

fn sum(session: &Value, name: &str) -> u64 {
    ["market", "account"]
        .iter()
        .map(|role| count(&connection(session, role)[name]))
        .sum()
}

/// Arms a fault on a bot that trades, waits until `told` says that the bot has noticed, and for
/// everything to be whole again and trading.
fn survives(fault: &Value, settings: &[&str], told: impl Fn(&Value) -> bool) {
    let venue = Venue::start(&[]);
    let mut desk = Desk::real(&venue);
    for setting in settings {
        desk = desk.with(setting);
    }
    let mut bot = desk.start();
    bot.until("whole", is_whole);
    let mut rest = venue.rest();
    arm(&mut rest, fault);
    let name = fault["fault"].as_str().expect("a name");
    bot.until("struck", |_| struck(&mut venue.rest(), name) > 0);
    bot.until("noticed", told);
    clear(&mut rest);
    let session = bot.until("whole again", |session| {
        is_whole(session) && sum(session, "dialled") == 2 + sum(session, "lost")
    });
    bot.until_fills(count(&session["fills"]) + 2);
    settle(&mut bot, &desk, &venue);
    let hash = bot.stop();
    desk.replay_is_identical(&hash);
}

/// A product that the subscription leaves out is not fresh, and is subscribed to again; the others go on.
#[test]
fn a_product_that_is_not_confirmed_blocks_its_own_entries_and_is_asked_for_again() {
    let venue = Venue::start(&[]);
    let fault = json!({"fault": "missed_product", "path": "market_trades", "count": 1});
    arm(&mut venue.rest(), &fault);
    let desk = Desk::paper(&venue);
    let mut bot = desk.start();
    let fresh = |session: &Value| -> Vec<bool> {
        let symbols = session["symbols"].as_array().expect("symbols");
        symbols.iter().map(|s| s["fresh"] == true).collect()
    };
    let session = bot.until("two of three", |session| {
        fresh(session) == [true, true, false] && count(&session["trades"]) > 3
    });
    let blocked = session["symbols"][2]["entries_blocked"].to_string();
    assert!(blocked.contains("trades"), "{session}");
    let session = bot.until("the third", |session| fresh(session) == [true; 3]);
    let market = connection(&session, "market");
    assert_eq!(
        (count(&market["unsubscribed"]), count(&market["lost"])),
        (1, 0)
    );
    let hash = bot.stop();
    desk.replay_is_identical(&hash);
}

#[test]
fn a_connection_that_is_cut_is_made_again() {
    survives(
        &json!({"fault": "disconnect", "count": 2}),
        &[],
        |session| sum(session, "lost") >= 2,
    );
}

#[test]
fn a_missing_frame_is_a_gap_and_the_subscription_begins_anew() {
    survives(
        &json!({"fault": "missing_frame", "count": 2}),
        &[],
        |session| count(&session["gaps"]) >= 1 && sum(session, "lost") >= 1,
    );
}

#[test]
fn a_sequence_that_jumps_is_a_gap_and_the_subscription_begins_anew() {
    survives(
        &json!({"fault": "sequence_gap", "count": 2}),
        &[],
        |session| count(&session["gaps"]) >= 1 && sum(session, "lost") >= 1,
    );
}

#[test]
fn a_frame_that_comes_twice_changes_nothing() {
    let fault = json!({"fault": "duplicate_frame", "chance": 0.5, "count": 40});
    survives(&fault, &[], |session| {
        count(&session["frames"]) > 60 && session["frames_refused"] == 0
    });
}

#[test]
fn a_silent_connection_is_dead_after_its_time() {
    let fault = json!({"fault": "silence", "ms": 20_000, "count": 2});
    survives(&fault, &["exchange.websocket_timeout=5"], |session| {
        sum(session, "silent") >= 1
    });
}

/// Passes bytes to the venue, and cuts each connection after so many bytes of the venue's.
struct Cutter {
    port: u16,
}

impl Cutter {
    /// One number a connection; the ones after them are left alone.
    fn new(venue: u16, cuts: &'static [usize]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        std::thread::spawn(move || {
            let limits = cuts.iter().copied().chain(std::iter::repeat(usize::MAX));
            for (client, limit) in listener.incoming().map_while(Result::ok).zip(limits) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", venue)) else {
                    return;
                };
                std::thread::spawn(move || cut_after(&client, &server, limit));
            }
        });
        Self { port }
    }
}

fn cut_after(client: &TcpStream, server: &TcpStream, limit: usize) {
    let copies = (client.try_clone(), server.try_clone());
    let (Ok(mut up_from), Ok(mut up_to)) = copies else {
        return;
    };
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut up_from, &mut up_to);
    });
    let (mut from, mut to, mut left) = (server, client, limit);
    let mut bytes = [0; 4096];
    while left > 0 {
        let most = left.min(bytes.len());
        match from.read(&mut bytes[..most]) {
            Ok(length) if length > 0 && to.write_all(&bytes[..length]).is_ok() => left -= length,
            _ => break,
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// A venue's settings with the stream's port changed.
fn through(venue: &Venue, port: u16, folder: &Folder) -> std::path::PathBuf {
    let text = std::fs::read_to_string(venue.settings_file()).expect("it can be read");
    let lines: Vec<String> = text
        .lines()
        .map(|line| match line.strip_prefix("EXCHANGE__WS_URL=") {
            Some(_) => format!("EXCHANGE__WS_URL=wss://localhost:{port}"),
            None => line.to_owned(),
        })
        .collect();
    let path = folder.write("client.env", lines.join("\n"));
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, private).expect("it is ours");
    path
}

/// The connection is lost within TCP, TLS, the upgrade, the first frames: each time it is made again.
#[test]
fn a_connection_lost_at_any_step_of_its_making_is_made_again() {
    const CUTS: [&[usize]; 4] = [
        &[0, 1, 64],
        &[300, 700, 1000],
        &[1300, 1500, 1700],
        &[2000, 3000, 9000],
    ];
    let venue = Venue::start(&[]);
    let mut bots: Vec<_> = CUTS
        .iter()
        .map(|cuts| {
            let cutter = Cutter::new(venue.port(), cuts);
            let desk = Desk::paper(&venue);
            let file = through(&venue, cutter.port, &desk.folder);
            let desk = desk.client(file);
            let bot = desk.start();
            (desk, bot)
        })
        .collect();
    for (_, bot) in &mut bots {
        let session = bot.until("whole after three losses", |session| {
            is_whole(session) && count(&connection(session, "market")["lost"]) == 3
        });
        assert_eq!(connection(&session, "market")["dialled"], 4);
    }
    for (desk, mut bot) in bots {
        bot.until_fills(1);
        let hash = bot.stop();
        desk.replay_is_identical(&hash);
    }
}

/// The account's stream does not come up while the markets' does: decisions are made, entries are
/// not.
#[test]
fn no_entry_is_made_while_a_feed_is_not_there_and_the_reason_is_its_name() {
    // The markets' connection is dialled first, then the account's.
    let venue = Venue::start(&[]);
    let cutter = Cutter::new(venue.port(), &[usize::MAX, 0, 0, 0, 0]);
    let desk = Desk::real(&venue);
    let file = through(&venue, cutter.port, &desk.folder);
    let desk = desk.client(file);
    let mut bot = desk.start();
    let session = bot.until("decisions", |session| count(&session["decisions"]) >= 9);
    assert_ne!(connection(&session, "account")["stage"], "subscribed");
    assert_eq!(session["orders"], 0, "{session:#}");
    bot.until("whole", is_whole);
    bot.until_fills(2);
    settle(&mut bot, &desk, &venue);
    let hash = bot.stop();
    let query = "SELECT count FROM hold_counts WHERE reason = 'stale:account'";
    let ledger = desk.ledger("venue");
    let held: i64 = ledger.query_row(query, [], |row| row.get(0)).unwrap();
    assert!(held >= 3, "{held}");
    desk.replay_is_identical(&hash);
}
