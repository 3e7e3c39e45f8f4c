//! A folder of its own for each test, and sources that read from it.

use crate::config::{Effective, Findings, Sources, load};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A temporary folder with the files of one configuration; removed when dropped.
pub struct Folder {
    pub path: PathBuf,
    pub sources: Sources,
}

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("minnow-config-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        let sources = Sources {
            directory: path.clone(),
            ..Sources::default()
        };
        Self { path, sources }
    }

    /// Writes a file with mode 0600.
    pub fn file(self, name: &str, text: &str) -> Self {
        self.file_with_mode(name, text, 0o600)
    }

    pub fn file_with_mode(self, name: &str, text: &str, mode: u32) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// A configuration file `config/my.json`, named by `--config`.
    pub fn json(mut self, text: &str) -> Self {
        self.sources.config_file = Some("config/my.json".into());
        self.file("config/my.json", text)
    }

    pub fn dot_env(self, text: &str) -> Self {
        self.file(".env", text)
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.into(), value.into()));
        self
    }

    pub fn set(mut self, text: &str) -> Self {
        self.sources.sets.push(text.into());
        self
    }

    pub fn default(mut self, text: &str) -> Self {
        self.sources.defaults.push(text.into());
        self
    }

    pub fn flag(mut self, key: &'static str, value: &str, flag: &'static str) -> Self {
        self.sources.named.push((key, value.into(), flag));
        self
    }

    pub fn load(&self) -> Result<Effective, Findings> {
        load(&self.sources)
    }

    /// The configuration, which must be sound.
    pub fn sound(&self) -> Effective {
        self.load().unwrap_or_else(|findings| panic!("{findings}"))
    }

    /// The lines of what is wrong.
    pub fn wrong(&self) -> Vec<String> {
        match self.load() {
            Ok(_) => panic!("the configuration is sound"),
            Err(findings) => findings.to_string().lines().map(str::to_owned).collect(),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
