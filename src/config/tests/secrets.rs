//! Where secrets come from, and that no message holds one.

use super::fixture::Folder;

const KEY: &str = "llm.api_key";
const TEXT: &str = "abcdefghijklmnopqrstuvwxyz";

fn found(folder: &Folder) -> (String, String) {
    let effective = folder.sound();
    let secret = effective.secret(KEY).expect("the secret is set");
    (
        secret.expose().to_owned(),
        effective.entry(KEY).source.to_string(),
    )
}

#[test]
fn the_place_of_a_secret_is_searched_in_a_fixed_order() {
    let mut folder = Folder::new().dot_env(&format!("OPENAI_API_KEY={TEXT}1\n"));
    assert_eq!(
        found(&folder),
        (format!("{TEXT}1"), ".env:1 OPENAI_API_KEY".into())
    );
    folder = folder.environment("OPENAI_API_KEY", &format!("{TEXT}2"));
    assert_eq!(found(&folder).0, format!("{TEXT}2"));
    folder = folder
        .file("key.txt", &format!("{TEXT}3\n"))
        .environment("OPENAI_API_KEY_FILE", "key.txt");
    assert_eq!(
        found(&folder),
        (
            format!("{TEXT}3"),
            "the file named by OPENAI_API_KEY_FILE".into()
        )
    );
    let credentials = folder.path.join("credentials");
    folder = folder
        .file("credentials/llm_key", &format!("{TEXT}4\n"))
        .environment("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap());
    assert_eq!(
        found(&folder),
        (format!("{TEXT}4"), "credential llm_key".into())
    );
}

#[test]
fn a_secret_has_no_place_in_the_file_or_on_the_command_line() {
    let lines = Folder::new()
        .json(&format!("{{\"llm\": {{\"api_key\": \"{TEXT}\"}}}}"))
        .wrong();
    assert!(lines[0].starts_with(
        "config: llm.api_key = *** (from config/my.json:1:10): a secret has no place here"
    ));
    let set = Folder::new().set(&format!("llm.api_key={TEXT}")).wrong();
    for line in lines.iter().chain(&set) {
        assert!(!line.contains(TEXT), "{line}");
    }
}

#[test]
fn the_form_of_a_secret_is_checked_without_showing_it() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----";
    let uuid = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f";
    for (name, value, words) in [
        (
            "OPENAI_API_KEY",
            "tooshort".to_owned(),
            "has 8 characters; expected at least 20",
        ),
        (
            "OPENAI_API_KEY",
            format!("\"{TEXT}\""),
            "surrounded by quotes",
        ),
        (
            "OPENAI_API_KEY",
            format!(" {TEXT}"),
            "begins or ends with a space",
        ),
        ("OPENAI_API_KEY", format!("{TEXT} {TEXT}"), "holds a space"),
        (
            "OPENAI_API_KEY",
            format!("{TEXT}\\n"),
            "holds \\n as two characters",
        ),
        (
            "CDP_API_KEY_NAME",
            "my-key".into(),
            "organizations/{uuid}/apiKeys/{uuid}",
        ),
        (
            "BLUEFIN_PRIVATE_KEY",
            "0xabcdef".into(),
            "has 6 hexadecimal digits; expected 64",
        ),
        (
            "BLUEFIN_PRIVATE_KEY",
            "zzz".into(),
            "expected 64 hexadecimal digits",
        ),
    ] {
        let lines = Folder::new().environment(name, &value).wrong();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains(words), "{}", lines[0]);
        assert!(!lines[0].contains(value.trim()), "{}", lines[0]);
    }
    Folder::new()
        .environment("CDP_PRIVATE_KEY", pem)
        .environment(
            "COINBASE_API_KEY",
            &format!("organizations/{uuid}/apiKeys/{uuid}"),
        )
        .environment("BLUEFIN_PRIVATE_KEY", &"ab".repeat(32))
        .sound();
}

#[test]
fn line_breaks_of_a_private_key_may_be_two_characters_each_and_the_last_one_is_left_out() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----";
    let seed = "ab12".repeat(10) + "abc=";
    for (wanted, given) in [
        (pem, pem.replace('\n', "\\n")),
        (pem, pem.replace('\n', "\\n") + "\\n"),
        (pem, pem.replace('\n', "\\r\\n") + "\\r\\n"),
        (pem, format!("{pem}\n")),
        (&seed, format!("{seed}\\n")),
        (&seed, format!("{seed}\r\n")),
    ] {
        let told = |folder: Folder| {
            let effective = folder.sound();
            let key = effective.secret("exchange.cdp_private_key");
            key.expect("it is set").expose().to_owned()
        };
        let environment = Folder::new().environment("CDP_PRIVATE_KEY", &given);
        assert_eq!(told(environment), wanted, "{given:?}");
        if !given.contains('\n') {
            let file = Folder::new().dot_env(&format!("CDP_PRIVATE_KEY={given}\n"));
            assert_eq!(told(file), wanted, "{given:?}");
        }
    }
}

/// As any other variable: the environment stands above `.env`.
#[test]
fn a_secret_file_that_the_environment_names_stands_above_the_one_of_env() {
    let folder = Folder::new()
        .file_with_mode("old", &format!("{TEXT}-old"), 0o600)
        .file_with_mode("new", &format!("{TEXT}-new"), 0o600)
        .dot_env("LLM__API_KEY_FILE=old\n");
    assert_eq!(found(&folder).0, format!("{TEXT}-old"));
    let folder = folder.environment("LLM__API_KEY_FILE", "new");
    assert_eq!(found(&folder).0, format!("{TEXT}-new"));
}

#[test]
fn a_secret_appears_nowhere_in_what_is_printed_or_recorded() {
    let hook = "https://discord.example/api/hook-token";
    let effective = Folder::new()
        .dot_env(&format!(
            "OPENAI_API_KEY={TEXT}\nNOTIFICATIONS__DISCORD_URL={hook}\n"
        ))
        .sound();
    let recorded = serde_json::to_string(&effective.recordable()).unwrap();
    let notices = effective.notices().join("\n");
    let shown: String = effective.entries().map(|e| e.shown()).collect();
    let canonical = effective.canonical_json();
    for text in [&recorded, &notices, &shown, &canonical] {
        assert!(!text.contains(TEXT) && !text.contains(hook));
    }
    assert_eq!(effective.recordable()[KEY], "***(set)");
    assert_eq!(
        effective.recordable()["exchange.cdp_private_key"],
        "(unset)"
    );
    assert_eq!(
        effective.recordable()["notifications.discord_url"],
        "***(set)"
    );
}

#[test]
fn two_secrets_of_one_place_must_agree() {
    let lines = Folder::new()
        .environment("LLM__API_KEY", &format!("{TEXT}1"))
        .environment("OPENAI_API_KEY", &format!("{TEXT}2"))
        .wrong();
    assert_eq!(
        lines,
        [
            "config: llm.api_key: LLM__API_KEY (from environment LLM__API_KEY) and OPENAI_API_KEY (from environment OPENAI_API_KEY) contradict each other; keep one"
        ]
    );
}

#[test]
fn the_key_of_another_provider_is_left_aside_with_a_warning() {
    let effective = Folder::new()
        .environment("OPENAI_API_KEY", &format!("{TEXT}1"))
        .environment("ANTHROPIC_API_KEY", &format!("{TEXT}2"))
        .set("llm.provider=anthropic")
        .sound();
    let secret = effective.secret(KEY).unwrap();
    assert!(secret.matches(format!("{TEXT}2").as_bytes()));
    let warning = "OPENAI_API_KEY is not used while llm.provider = anthropic";
    assert!(effective.warnings().iter().any(|w| w == warning));
}

#[test]
fn a_secret_file_that_others_can_read_warns_on_paper_and_refuses_live() {
    let text = format!("OPENAI_API_KEY={TEXT}\n");
    let folder = Folder::new().file_with_mode(".env", &text, 0o644);
    let warnings = folder.sound().warnings().join("\n");
    assert!(warnings.contains(".env holds a secret and others may read it (mode 0644)"));
    let lines = folder.set("system.dry_run=false").wrong();
    assert!(
        lines
            .iter()
            .any(|l| l.contains("live trading needs mode 0600"))
    );
    let harmless = Folder::new().file_with_mode(".env", "LOG_LEVEL=warn\n", 0o644);
    assert!(
        !harmless
            .sound()
            .warnings()
            .join("\n")
            .contains("others may read")
    );
    let hook = "NOTIFICATIONS__WEBHOOK_URL=https://example.org/token\n";
    let masked = Folder::new().file_with_mode(".env", hook, 0o640).sound();
    assert!(masked.warnings().join("\n").contains("(mode 0640)"));
}

#[test]
fn an_empty_secret_is_unset_with_a_warning() {
    let effective = Folder::new().environment("OPENAI_API_KEY", "").sound();
    assert!(effective.secret(KEY).is_none());
    assert!(
        effective
            .warnings()
            .iter()
            .any(|w| w.contains("counts as unset"))
    );
}

#[test]
fn a_secret_file_that_is_missing_is_a_mistake() {
    let lines = Folder::new()
        .environment("LLM__API_KEY_FILE", "nowhere")
        .wrong();
    assert_eq!(
        lines,
        [
            "config: llm.api_key = *** (from the file named by LLM__API_KEY_FILE): nowhere: no such file"
        ]
    );
}

/// The file that `<NAME>_FILE` names is held to the same rule; a credential of the service manager is
/// guarded by it.
#[test]
fn a_secret_file_that_others_may_read_is_warned_of_and_refused_for_real_money() {
    let secret = format!("{TEXT}3\n");
    let folder = |mode| {
        Folder::new()
            .file_with_mode("key.txt", &secret, mode)
            .environment("OPENAI_API_KEY_FILE", "key.txt")
    };
    let warnings = folder(0o644).sound().warnings().join("\n");
    assert!(
        warnings.contains("key.txt holds a secret and others may read it (mode 0644)"),
        "{warnings}"
    );
    let harmless = folder(0o600).sound().warnings().join("\n");
    assert!(!harmless.contains("others may read"), "{harmless}");
    let live = folder(0o640).set("system.dry_run=false").wrong().join("\n");
    assert!(
        live.contains("key.txt holds a secret and others may read it (mode 0640): live trading needs mode 0600"),
        "{live}"
    );
    let credentials = folder(0o600).file_with_mode("credentials/llm_key", &secret, 0o444);
    let place = credentials.path.join("credentials");
    let credentials = credentials.environment("CREDENTIALS_DIRECTORY", place.to_str().unwrap());
    let text = credentials.sound().warnings().join("\n");
    assert!(!text.contains("others may read"), "{text}");
}
