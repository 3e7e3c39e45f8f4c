//! Which source wins, and by which names a key can be stated.

use super::fixture::Folder;

const KEY: &str = "functional_programming.max_concurrent_effects";

fn applied(folder: &Folder) -> (i64, String) {
    let effective = folder.sound();
    (
        effective.integer(KEY),
        effective.entry(KEY).source.to_string(),
    )
}

#[test]
fn each_of_the_six_levels_wins_over_the_one_below() {
    let mut folder = Folder::new();
    assert_eq!(applied(&folder), (25, "default".into()));
    folder = folder.json("{\n  \"functional_programming\": {\"max_concurrent_effects\": 11}\n}");
    assert_eq!(applied(&folder), (11, "config/my.json:2:30".into()));
    folder = folder.default(&format!("{KEY}=12"));
    assert_eq!(applied(&folder), (12, "--default".into()));
    folder = folder.dot_env("\nFP_MAX_CONCURRENT_EFFECTS=13\n");
    assert_eq!(
        applied(&folder),
        (13, ".env:2 FP_MAX_CONCURRENT_EFFECTS".into())
    );
    folder = folder.environment("functional_programming__Max_Concurrent_Effects", "14");
    assert_eq!(applied(&folder).0, 14);
    folder = folder.set(&format!("{KEY}=15"));
    assert_eq!(applied(&folder), (15, "--set".into()));
}

#[test]
fn the_dry_run_flag_wins_over_everything() {
    let folder = Folder::new()
        .json(r#"{"system": {"dry_run": false}}"#)
        .environment("DRY_RUN", "no")
        .set("system.dry_run=off")
        .flag("system.dry_run", "true", "--dry-run");
    let effective = folder.sound();
    assert!(effective.flag("system.dry_run"));
    assert_eq!(
        effective.entry("system.dry_run").source.to_string(),
        "--dry-run"
    );
}

#[test]
fn an_alias_of_a_higher_level_wins_over_the_key_of_a_lower_one() {
    let folder = Folder::new()
        .json(r#"{"system": {"max_concurrent_tasks": 3}}"#)
        .environment("SCHEDULER__MAX_CONCURRENT_TASKS", "5");
    let effective = folder.sound();
    assert_eq!(effective.integer("system.max_concurrent_tasks"), 5);
    let alias = effective.entry("system.max_concurrent_tasks").alias.clone();
    assert_eq!(alias.as_deref(), Some("SCHEDULER__MAX_CONCURRENT_TASKS"));
}

#[test]
fn two_names_of_one_level_must_agree() {
    let folder = Folder::new()
        .environment("LOG_LEVEL", "warn")
        .environment("SYSTEM__LOG_LEVEL", "debug");
    assert_eq!(
        folder.wrong(),
        [
            "config: system.log_level: LOG_LEVEL = \"warn\" (from environment LOG_LEVEL) and SYSTEM__LOG_LEVEL = \"debug\" (from environment SYSTEM__LOG_LEVEL) contradict each other; keep one"
        ]
    );
    let agreeing = Folder::new()
        .environment("DRY_RUN", "yes")
        .environment("SYSTEM__DRY_RUN", "true");
    assert!(agreeing.sound().flag("system.dry_run"));
    let in_file = Folder::new().json(
        r#"{"system": {"max_concurrent_tasks": 3}, "scheduler": {"max_concurrent_tasks": 4}}"#,
    );
    assert_eq!(in_file.wrong().len(), 1);
    let flags =
        Folder::new()
            .set("system.log_level=debug")
            .flag("system.log_level", "warn", "--log-level");
    assert_eq!(flags.wrong().len(), 1);
}

#[test]
fn a_later_line_of_dot_env_wins_with_a_warning() {
    let effective = Folder::new()
        .dot_env("LOG_LEVEL=warn\nLOG_LEVEL=debug\n")
        .sound();
    assert_eq!(effective.text("system.log_level"), "debug");
    let warning = "LOG_LEVEL stands twice in .env: line 2 wins over line 1";
    assert!(effective.warnings().iter().any(|w| w == warning));
}

#[test]
fn a_later_set_wins_with_a_warning() {
    let effective = Folder::new()
        .set("system.seed=1")
        .set("system.seed=2")
        .sound();
    assert_eq!(effective.integer("system.seed"), 2);
    assert!(
        effective
            .warnings()
            .iter()
            .any(|w| w.contains("given twice by --set"))
    );
}

#[test]
fn the_file_is_named_by_option_then_environment_then_dot_env_then_start_script() {
    let seed = |n: u32| format!("{{\"system\": {{\"seed\": {n}}}}}");
    let mut folder = Folder::new()
        .file("a.json", &seed(11))
        .file("b.json", &seed(12))
        .file("c.json", &seed(13))
        .file("d.json", &seed(14))
        .file("config/concurrency_optimized.json", &seed(15));
    assert_eq!(folder.sound().integer("system.seed"), 15);
    folder = folder.default("CONFIG_FILE=d.json");
    assert_eq!(folder.sound().integer("system.seed"), 14);
    folder = folder.dot_env("CONFIG_FILE=c.json");
    assert_eq!(folder.sound().integer("system.seed"), 13);
    folder = folder.environment("CONFIG_FILE", "b.json");
    assert_eq!(folder.sound().integer("system.seed"), 12);
    folder.sources.config_file = Some("a.json".into());
    assert_eq!(folder.sound().integer("system.seed"), 11);
}

#[test]
fn a_named_file_that_is_missing_is_an_error_and_never_a_fall_back() {
    let folder = Folder::new().environment("CONFIG_FILE", "none.json");
    assert_eq!(
        folder.wrong(),
        ["config: none.json (from environment CONFIG_FILE): no such file"]
    );
    let mut folder = Folder::new();
    folder.sources.env_file = Some("none.env".into());
    assert_eq!(folder.wrong(), ["config: none.env: no such file"]);
}

#[test]
fn without_a_file_the_defaults_apply_with_a_notice() {
    let effective = Folder::new().sound();
    assert!(effective.config_file.is_none());
    assert!(effective.warnings()[0].contains("built-in defaults apply"));
}

#[test]
fn an_empty_variable_is_unset() {
    let effective = Folder::new()
        .dot_env("LOG_LEVEL=warn\n")
        .environment("LOG_LEVEL", "")
        .environment("CONFIG_FILE", "")
        .sound();
    assert_eq!(effective.text("system.log_level"), "warn");
}

#[test]
fn a_flat_name_of_dot_env_in_the_wrong_casing_is_told() {
    let effective = Folder::new().dot_env("dry_run=false\n").sound();
    let warning = "dry_run (from .env:1 dry_run) is not read: it is written DRY_RUN";
    assert!(effective.warnings().iter().any(|w| w == warning));
}

#[test]
fn deeper_keys_repeat_the_two_underscores() {
    let effective = Folder::new()
        .environment("STRATEGY__MOMENTUM__LOOKBACK", "33")
        .sound();
    assert_eq!(effective.integer("strategy.momentum.lookback"), 33);
    assert_eq!(effective.entry("strategy.momentum.lookback").alias, None);
}

#[test]
fn the_folder_of_systemd_is_the_data_folder_unless_one_is_stated() {
    let folder = Folder::new().environment("STATE_DIRECTORY", "/var/lib/minnow:/other");
    let effective = folder.sound();
    assert_eq!(effective.text("data.directory"), "/var/lib/minnow");
    assert_eq!(
        effective.recording_directory().to_str(),
        Some("/var/lib/minnow/recordings")
    );
    let stated = folder.set("data.directory=here").sound();
    assert_eq!(stated.text("data.directory"), "here");
}
