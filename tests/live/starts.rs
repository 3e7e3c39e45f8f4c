//! Starts that are refused, and how they say so.

use crate::bot::Desk;
use crate::venue::Venue;
use std::os::unix::fs::PermissionsExt;

/// The venue's settings for a client, with its lines changed.
fn client(venue: &Venue, desk: &Desk, change: impl Fn(&str) -> String) -> std::path::PathBuf {
    let text = std::fs::read_to_string(venue.settings_file()).expect("it can be read");
    let lines: Vec<String> = text.lines().map(change).collect();
    let path = desk.folder.write("client.env", lines.join("\n"));
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&path, private).expect("it is ours");
    path
}

#[test]
fn without_a_key_nothing_is_opened() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let file = client(&venue, &desk, |line| match line.starts_with("CDP_") {
        true => String::new(),
        false => line.to_owned(),
    });
    let desk = desk.client(file);
    let (status, _, stderr) = desk.run(&["trade"]);
    assert_eq!(status, Some(78), "{stderr}");
    assert!(stderr.contains("cdp_api_key_name"), "{stderr}");
    assert!(!desk.folder.file("data").exists());
}

#[test]
fn a_key_file_that_is_none_is_named_without_its_content() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let wrong = desk.folder.write("wrong.pem", "no-key-but-a-secret\n");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&wrong, private).expect("it is ours");
    let file = client(&venue, &desk, |line| {
        match line.starts_with("CDP_PRIVATE_KEY_FILE=") {
            true => format!("CDP_PRIVATE_KEY_FILE={}", wrong.display()),
            false => line.to_owned(),
        }
    });
    let desk = desk.client(file);
    let (status, _, stderr) = desk.run(&["trade"]);
    assert_eq!(status, Some(78), "{stderr}");
    assert!(stderr.contains("cdp_private_key"), "{stderr}");
    assert!(!stderr.contains("no-key-but-a-secret"), "{stderr}");
    assert!(!desk.folder.file("data").exists());
}

#[test]
fn a_key_that_the_venue_does_not_know_ends_the_start() {
    let (venue, other) = (Venue::start(&[]), Venue::start(&[]));
    let desk = Desk::real(&venue);
    let key = std::fs::read_to_string(other.settings_file()).expect("it can be read");
    let key = key
        .lines()
        .find(|line| line.starts_with("CDP_PRIVATE_KEY_FILE="))
        .expect("a key");
    let file = client(&venue, &desk, |line| {
        match line.starts_with("CDP_PRIVATE_KEY_FILE=") {
            true => key.to_owned(),
            false => line.to_owned(),
        }
    });
    let desk = desk.client(file);
    let (status, _, stderr) = desk.run(&["trade"]);
    assert_eq!(status, Some(1), "{stderr}");
    assert!(stderr.contains("refuses the key"), "{stderr}");
}

#[test]
fn a_second_bot_of_the_same_ledger_names_the_first() {
    let venue = Venue::start(&[]);
    let desk = Desk::real(&venue);
    let bot = desk.start();
    let (status, _, stderr) = desk.run(&["trade"]);
    assert_eq!(status, Some(1), "{stderr}");
    let pid = bot.process.id().to_string();
    assert!(stderr.contains(&pid), "{pid} in {stderr}");
    assert_eq!(bot.status()["pid"], bot.process.id(), "it still answers");
    bot.stop();
}
