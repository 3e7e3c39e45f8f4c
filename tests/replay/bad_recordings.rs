//! Recordings that are damaged, cut, foreign or from the future: one line naming file, place and
//! expectation, status 1, and nothing lost of what came before.

use crate::book::Book;
use crate::bot::{Bot, Run, bundled, minnow, reference};
use crate::support::folder::Folder;
use std::ops::Range;
use std::path::Path;

/// The bundled recording's bytes and where its blocks lie.
fn blocks() -> (Vec<u8>, Vec<Range<usize>>) {
    let bytes = std::fs::read(bundled()).expect("the bundled recording");
    // A block: "\xB1mb\n", 48 bytes, length of the payload, two checksums, the payload.
    let length = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
    let header = length(12) as usize;
    let mut blocks = Vec::new();
    let mut at = 20 + header;
    while at < bytes.len() {
        assert_eq!(&bytes[at..at + 4], b"\xB1mb\n");
        let end = at + 64 + length(at + 52) as usize;
        blocks.push(at..end);
        at = end;
    }
    assert_eq!(blocks.len(), 63);
    (bytes, blocks)
}

/// Everything on stderr is one line that says all of this.
fn assert_refused(what: &str, run: &Run, said: &[&str]) {
    assert_eq!(run.status, Some(1), "{what}: {}", run.stderr);
    assert_eq!(run.stdout, "", "{what}");
    assert_eq!(
        run.stderr.trim_end().lines().count(),
        1,
        "{what}: {}",
        run.stderr
    );
    for text in said {
        assert!(
            run.stderr.contains(text),
            "{what}: `{text}` in {}",
            run.stderr
        );
    }
}

#[test]
fn what_is_no_recording_is_refused_before_anything_is_written() {
    let folder = Folder::new();
    let (bytes, _) = blocks();
    let lines = lines_of_the_first_trades(&folder);
    let header = lines.split_inclusive('\n').next().expect("a header");
    let mut newer_block = bytes.clone();
    newer_block[8] = 3;
    let mut flipped_header = bytes.clone();
    flipped_header[200] ^= 4;
    let newer_line = {
        let (_, rest) = header.split_once(r#"{"version":"#).expect("a version");
        let (before, _) = header.split_once(r#"{"version":"#).expect("a version");
        let body = format!("{before}{{\"version\":3{}", &rest[1..]);
        let body = &body[..body.len() - 17];
        format!(
            "{body},\"c\":\"{:08x}\"}}\n",
            crc32fast::hash(body.as_bytes())
        )
    };
    for (name, content, said) in [
        ("empty.mrec", &b""[..], "the file is empty"),
        ("empty.jsonl", b"", "the file is empty"),
        (
            "noise.mrec",
            b"\x00\x01\x02\x03\x04\x05\x06\x07\xff\xfe",
            "not a minnow recording",
        ),
        (
            "page.jsonl",
            b"<!doctype html>\n<p>404",
            "not a minnow recording",
        ),
        (
            "other.jsonl",
            b"{\"price\": 1}\n{\"price\": 2}\n",
            "not a minnow recording",
        ),
        (
            "ledger.sqlite",
            b"SQLite format 3\0\x10\x00\x01\x01",
            "not a minnow recording",
        ),
        (
            "trades.csv",
            b"timestamp,price,size\n1,2,3\n",
            "not a minnow recording",
        ),
        ("cut-in-head.mrec", &bytes[..13], "cut off"),
        ("cut-in-header.mrec", &bytes[..300], "cut off"),
        ("cut-in-header.jsonl", &lines.as_bytes()[..300], "header"),
        (
            "flipped-header.mrec",
            &flipped_header,
            "header: its checksum does not match",
        ),
        (
            "newer.mrec",
            &newer_block,
            "format version 3; this minnow reads up to version 2",
        ),
        (
            "newer.jsonl",
            newer_line.as_bytes(),
            "format version 3; this minnow reads up to version 2",
        ),
    ] {
        let file = folder.write(name, content);
        let bot = Bot::new(&[&file]);
        let path = file.display().to_string();
        assert_refused(name, &bot.run(), &["minnow: ", &path, said]);
        assert!(!bot.ledger().exists(), "{name}: nothing written");
    }
    let nothing = folder.file("nothing.mrec");
    let bot = Bot::new(&[&nothing]);
    let path = nothing.display().to_string();
    assert_refused("missing", &bot.run(), &[&path, "No such file"]);
    let bot = Bot::new(&[folder.path()]).with(&["--skip-damaged"]);
    std::fs::create_dir(folder.file("session")).expect("a folder");
    let empty = Bot::new(&[&folder.file("session")]);
    assert_refused(
        "empty folder",
        &empty.run(),
        &["session", "a folder without segments"],
    );
    drop(bot);
}

/// The hashes of a run over what precedes the damage are the beginning of those of the whole.
fn assert_begins_as_the_reference(what: &str, bot: &Bot, status: &str, inputs: u64) {
    let book = Book::open(bot.ledger());
    book.assert_sound(status);
    assert_eq!(book.count("SELECT inputs FROM sessions"), inputs, "{what}");
    let ours = book.candle_hashes();
    let all = Book::open(reference().bot.ledger()).candle_hashes();
    assert!(!ours.is_empty() && ours.len() < all.len(), "{what}");
    assert_eq!(ours[..], all[..ours.len()], "{what}");
}

#[test]
fn damage_in_the_middle_is_named_and_what_came_before_is_kept() {
    let folder = Folder::new();
    let (bytes, blocks) = blocks();
    // Blocks count from 1; a full one has 16,384 rows.
    let damaged = &blocks[20];
    let place = format!("at byte {}: ", damaged.start);
    let before = 20 * 16_384;
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        bytes
    };
    let (next, after) = (blocks[21].clone(), blocks[22].clone());
    let swapped = [
        &bytes[..damaged.start],
        &bytes[next.clone()],
        &bytes[damaged.clone()],
        &bytes[after.start..],
    ]
    .concat();
    let missing = [&bytes[..damaged.start], &bytes[next.start..]].concat();
    let twice = [&bytes[..damaged.start], &bytes[blocks[19].start..]].concat();
    for (name, content, said) in [
        (
            "flip.mrec",
            with(&|b| b[damaged.start + 5_000] ^= 1),
            "checksum of the block",
        ),
        ("head.mrec", with(&|b| b[damaged.start + 9] ^= 1), "entr"),
        (
            "zeros.mrec",
            with(&|b| b[damaged.start + 64..damaged.end].fill(0)),
            "checksum of the block",
        ),
        ("swapped.mrec", swapped, "entr"),
        ("missing.mrec", missing, "entr"),
        ("twice.mrec", twice, "entr"),
    ] {
        let file = folder.write(name, content);
        let bot = Bot::new(&[&file]);
        let run = bot.run();
        let path = file.display().to_string();
        assert_refused(name, &run, &[&path, &place, said, "--skip-damaged"]);
        assert_begins_as_the_reference(name, &bot, "failed", before);

        let bot = Bot::new(&[&file]).with(&["--skip-damaged"]);
        let run = bot.run();
        assert_eq!(run.status, Some(0), "{name}: {}", run.stderr);
        assert!(run.stderr.contains(&place), "{name}: {}", run.stderr);
        let left_out = 1_000_000 - run.report().inputs();
        assert!(left_out <= 2 * 16_384, "{name}: {left_out} trades left out");
        assert_eq!(left_out == 0, name == "twice.mrec", "{name}: {left_out}");
    }
}

#[test]
fn a_damaged_header_is_taken_from_its_copy_where_damage_is_skipped() {
    let folder = Folder::new();
    let file = folder.file("flipped-header.mrec");
    let (header, trades) = crate::market::trades();
    crate::market::record(&file, header, [&trades[..20_000]]);
    let mut bytes = std::fs::read(&file).expect("the recording");
    bytes[200] ^= 4;
    folder.write("flipped-header.mrec", &bytes);
    let refused = Bot::new(&[&file]).run();
    assert_refused("plain", &refused, &["checksum", "--skip-damaged"]);
    let run = Bot::new(&[&file]).with(&["--skip-damaged"]).run();
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("header"), "{}", run.stderr);
    assert_eq!(run.report().inputs(), 20_000);
}

#[test]
fn a_recording_that_was_cut_off_is_replayed_as_far_as_it_goes_and_said_to_be_cut() {
    let folder = Folder::new();
    let (bytes, blocks) = blocks();
    let torn = &blocks[20];
    for (name, end, place) in [
        ("in-payload.mrec", torn.start + 20_000, Some(torn.start)),
        ("in-head.mrec", torn.start + 30, Some(torn.start)),
        ("between.mrec", torn.start, None),
    ] {
        let file = folder.write(name, &bytes[..end]);
        let bot = Bot::new(&[&file]);
        let run = bot.run();
        assert_eq!(run.status, Some(0), "{name}: {}", run.stderr);
        let path = file.display().to_string();
        assert!(run.stderr.contains(&path), "{name}: {}", run.stderr);
        if let Some(at) = place {
            let place = format!("byte {at}");
            assert!(run.stderr.contains(&place), "{name}: {}", run.stderr);
        }
        assert_begins_as_the_reference(name, &bot, "complete", 20 * 16_384);
    }
}

/// The first 20,000 trades in line form.
fn lines_of_the_first_trades(folder: &Folder) -> String {
    let (header, trades) = crate::market::trades();
    let (block, lines) = (folder.file("first.mrec"), folder.file("first.jsonl"));
    crate::market::record(&block, header, [&trades[..20_000]]);
    let run = minnow(folder)
        .args(["export", "--format", "jsonl", "--output"])
        .args([&lines, &block])
        .output()
        .expect("the program starts");
    assert!(run.status.success());
    std::fs::read_to_string(&lines).expect("text")
}

#[test]
fn damage_in_lines_is_named_by_its_line() {
    let folder = Folder::new();
    let text = lines_of_the_first_trades(&folder);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let damaged = 10_001;
    let join = |parts: &[&[&str]]| parts.concat().concat();
    let (before, after) = (&lines[..damaged - 1], &lines[damaged..]);
    let line = lines[damaged - 1];
    let flipped = line.replacen("\"t\":15", "\"t\":14", 1);
    assert_ne!(flipped, line);
    for (name, content) in [
        ("flipped.jsonl", join(&[before, &[&flipped], after])),
        ("no-json.jsonl", join(&[before, &["rubbish\n"], after])),
        ("missing.jsonl", join(&[before, after])),
        ("twice.jsonl", join(&[before, &lines[damaged - 2..]])),
        (
            "swapped.jsonl",
            join(&[before, &[lines[damaged], line], &lines[damaged + 1..]]),
        ),
    ] {
        let file = folder.write(name, content);
        let bot = Bot::new(&[&file]);
        let run = bot.run();
        let path = file.display().to_string();
        let place = format!("line {damaged}");
        assert_refused(name, &run, &[&path, &place, "--skip-damaged"]);
        assert_begins_as_the_reference(name, &bot, "failed", damaged as u64 - 2);
    }
    // Without its end and trailer it is one that was cut off.
    let cut = text.len() - 400;
    let file = folder.write("cut.jsonl", &text[..cut]);
    let bot = Bot::new(&[&file]);
    let run = bot.run();
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(
        run.stderr.contains(&file.display().to_string()),
        "{}",
        run.stderr
    );
    let complete = text[..cut].lines().count() - 1;
    assert_begins_as_the_reference("cut", &bot, "complete", complete as u64 - 1);
}

#[test]
fn packed_lines_that_are_damaged_do_not_pass() {
    let folder = Folder::new();
    let text = lines_of_the_first_trades(&folder);
    let plain = folder.file("first.jsonl");
    let packed = folder.file("first.jsonl.gz");
    let run = minnow(&folder)
        .args(["export", "--format", "jsonl", "--output"])
        .args([&packed, &plain])
        .output()
        .expect("the program starts");
    assert!(run.status.success());
    let bytes = std::fs::read(&packed).expect("a file");
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 16;
    let file = folder.write("flipped.jsonl.gz", flipped);
    let run = Bot::new(&[Path::new(&file)]).run();
    // A flip is damage, or, in the last part, an end that cannot be read: never a silent success.
    assert!(
        run.stderr.contains(&file.display().to_string()),
        "{}",
        run.stderr
    );
    if run.status == Some(0) {
        assert!(run.report().inputs() < text.lines().count() as u64 - 2);
    } else {
        assert_eq!(run.status, Some(1), "{}", run.stderr);
    }
}
