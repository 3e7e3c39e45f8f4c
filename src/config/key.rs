//! What a configuration key is: its kind, default, range, further names, and whether it acts.
//!
//! Only the shape of a row; the rows are in `keys`. Everything is a constant, so that the table can
//! be read, checked and printed without running anything.

/// One row of the table of keys.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// `section.key`, nested keys with further dots.
    pub name: &'static str,
    pub kind: Kind,
    pub default: Fallback,
    /// Further names: other keys (with a dot) and flat environment names (without).
    pub aliases: &'static [&'static str],
    /// The core reads it: it belongs to the fingerprint.
    pub core_reads: bool,
    /// It has an effect in this version.
    pub acts: bool,
    /// Its value may be a credential in itself (a web hook's address): never printed.
    pub masked: bool,
    /// One line for people.
    pub meaning: &'static str,
}

/// What applies when no source names the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// A value in the notation of the environment.
    Value(&'static str),
    /// No value; the words say what applies then. Such a key also accepts `null`.
    Null(&'static str),
}

/// The type of a key's value and its range.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Bool,
    /// Both ends included.
    Integer {
        min: i64,
        max: i64,
    },
    /// An exact decimal, both ends included, in plain notation.
    Number {
        min: &'static str,
        max: &'static str,
    },
    Text(TextRule),
    List(ListRule),
    /// A list of whole numbers of exactly this length, each within 1..500.
    Lengths {
        count: usize,
    },
    /// Prices of models: `{"prefix": {"input": .., "cached_input": .., "output": ..}}`.
    Prices,
    Secret(SecretForm),
}

/// What a text may be.
#[derive(Clone, Copy, Debug)]
pub enum TextRule {
    OneOf(&'static [&'static str]),
    /// At most 1,000 characters, no control character.
    Free,
    /// A file or folder.
    Path,
    /// Empty, or an address with one of these schemes.
    Address(&'static [&'static str]),
    /// `host:port`.
    HostPort,
    Symbol,
    Interval,
    /// 1 to 32 of a-z, 0-9 and `-`.
    InstanceId,
    /// Empty, or exactly this text.
    Exactly(&'static str),
    /// `HH:MM`.
    TimeOfDay,
    /// Empty, or a time as `--from` takes it.
    Time,
    /// Three to five capital letters.
    Currency,
}

/// What the elements of a list may be.
#[derive(Clone, Copy, Debug)]
pub enum ListRule {
    /// Symbols, at most 20, none twice.
    Symbols,
    /// Addresses with one of these schemes.
    Addresses {
        max: usize,
        schemes: &'static [&'static str],
    },
    /// Words without space.
    Words { max: usize },
}

/// What a secret must look like; checked so that a mistake is found before the first request.
#[derive(Clone, Copy, Debug)]
pub enum SecretForm {
    /// At least this many characters, no space inside.
    AtLeast(usize),
    /// `organizations/{uuid}/apiKeys/{uuid}` or a bare UUID.
    CdpKeyName,
    /// PEM private key, or base64 of 32 or 64 bytes.
    CdpPrivateKey,
    /// 64 hexadecimal digits, `suiprivkey1...`, base64 of 33 bytes, or 12 to 24 words.
    SuiPrivateKey,
}

impl Key {
    const fn new(name: &'static str, kind: Kind, default: &'static str) -> Self {
        Self {
            name,
            kind,
            default: Fallback::Value(default),
            aliases: &[],
            core_reads: false,
            acts: false,
            masked: false,
            meaning: "",
        }
    }

    pub(super) const fn or_null(mut self, words: &'static str) -> Self {
        self.default = Fallback::Null(words);
        self
    }

    pub(super) const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(super) const fn means(mut self, meaning: &'static str) -> Self {
        self.meaning = meaning;
        self
    }

    /// Has an effect in this version.
    pub(super) const fn acts(mut self) -> Self {
        self.acts = true;
        self
    }

    /// Has an effect in this version, and it is the core that reads it.
    pub(super) const fn core(mut self) -> Self {
        self.acts = true;
        self.core_reads = true;
        self
    }

    /// Is known to those who will use it, but what it governs comes with live trading.
    pub(super) const fn later(mut self) -> Self {
        self.acts = false;
        self
    }

    pub(super) const fn masked(mut self) -> Self {
        self.masked = true;
        self
    }

    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Secret(_))
    }

    /// Whether its value must never be printed or recorded.
    pub const fn hides(&self) -> bool {
        self.masked || self.is_secret()
    }

    pub const fn is_nullable(&self) -> bool {
        matches!(self.default, Fallback::Null(_))
    }

    /// The part before the first dot.
    pub fn section(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }

    /// Its name in the environment: `SECTION__KEY`.
    pub fn environment_name(&self) -> String {
        environment_name(self.name)
    }
}

/// `section.key` as the environment spells it.
pub fn environment_name(key: &str) -> String {
    key.replace('.', "__").to_ascii_uppercase()
}

pub(super) const fn flag(name: &'static str, default: &'static str) -> Key {
    Key::new(name, Kind::Bool, default)
}

pub(super) const fn integer(name: &'static str, default: &'static str, min: i64, max: i64) -> Key {
    Key::new(name, Kind::Integer { min, max }, default)
}

pub(super) const fn number(
    name: &'static str,
    default: &'static str,
    min: &'static str,
    max: &'static str,
) -> Key {
    Key::new(name, Kind::Number { min, max }, default)
}

pub(super) const fn text(name: &'static str, default: &'static str, rule: TextRule) -> Key {
    Key::new(name, Kind::Text(rule), default)
}

pub(super) const fn one_of(
    name: &'static str,
    default: &'static str,
    allowed: &'static [&'static str],
) -> Key {
    Key::new(name, Kind::Text(TextRule::OneOf(allowed)), default)
}

pub(super) const fn list(name: &'static str, default: &'static str, rule: ListRule) -> Key {
    Key::new(name, Kind::List(rule), default)
}

pub(super) const fn lengths(name: &'static str, default: &'static str, count: usize) -> Key {
    Key::new(name, Kind::Lengths { count }, default)
}

pub(super) const fn prices(name: &'static str) -> Key {
    Key::new(name, Kind::Prices, "{}")
}

pub(super) const fn secret(name: &'static str, form: SecretForm) -> Key {
    Key::new(name, Kind::Secret(form), "").or_null("unset")
}
