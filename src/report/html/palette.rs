//! The roles of what is drawn, and the classes by which the style gives each its colour.
//!
//! The drawing crate knows colours only: each role is drawn in a colour of its own that nobody sees,
//! and [`as_classes`] turns these into classes, so that light and dark are the style's business.

use plotters::style::RGBColor;

/// What a line, area or mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Price,
    /// From low to high.
    Range,
    Equity,
    Hold,
    Drawdown,
    Long,
    Short,
    Win,
    Loss,
    /// The inside of a hollow mark.
    Hollow,
    /// A fixed value to compare with.
    Level,
    /// Indicators of one chart.
    First,
    Second,
    Third,
    Fourth,
    Fifth,
    Sixth,
}

impl Role {
    pub const ALL: [Self; 17] = [
        Self::Price,
        Self::Range,
        Self::Equity,
        Self::Hold,
        Self::Drawdown,
        Self::Long,
        Self::Short,
        Self::Win,
        Self::Loss,
        Self::Hollow,
        Self::Level,
        Self::First,
        Self::Second,
        Self::Third,
        Self::Fourth,
        Self::Fifth,
        Self::Sixth,
    ];
    /// Those of indicators, in the order in which they are given out.
    pub const LINES: [Self; 6] = [
        Self::First,
        Self::Second,
        Self::Third,
        Self::Fourth,
        Self::Fifth,
        Self::Sixth,
    ];

    /// The class in the style: its `--` variable, and `s-` for strokes or `f-` for areas before it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Range => "range",
            Self::Equity => "equity",
            Self::Hold => "hold",
            Self::Drawdown => "drawdown",
            Self::Long => "long",
            Self::Short => "short",
            Self::Win => "win",
            Self::Loss => "loss",
            Self::Hollow => "hollow",
            Self::Level => "level",
            Self::First => "first",
            Self::Second => "second",
            Self::Third => "third",
            Self::Fourth => "fourth",
            Self::Fifth => "fifth",
            Self::Sixth => "sixth",
        }
    }

    const fn number(self) -> u8 {
        self as u8
    }

    /// The colour it is drawn in before it becomes a class.
    pub(super) const fn colour(self) -> RGBColor {
        RGBColor(0x51, 0x7A, self.number())
    }

    fn hex(self) -> String {
        format!("#517A{:02X}", self.number())
    }
}

/// Drawn elements with classes instead of colours, and without what the style says for all of them.
pub(super) fn as_classes(drawn: &str) -> String {
    let mut text = drawn
        .replace(" opacity=\"1\"", "")
        .replace(" fill=\"none\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" \"/>", "\"/>");
    for role in Role::ALL {
        let (hex, name) = (role.hex(), role.name());
        text = text
            .replace(&format!("stroke=\"{hex}\""), &format!("class=\"s-{name}\""))
            .replace(&format!("fill=\"{hex}\""), &format!("class=\"f-{name}\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_colour_and_a_name_of_its_own() {
        let unique = |mut texts: Vec<String>| {
            texts.sort();
            texts.dedup();
            texts.len()
        };
        let all = Role::ALL.len();
        assert_eq!(unique(Role::ALL.iter().map(|r| r.hex()).collect()), all);
        let names = Role::ALL.iter().map(|r| r.name().to_owned()).collect();
        assert_eq!(unique(names), all);
    }

    #[test]
    fn the_style_knows_every_role_in_light_and_dark() {
        let style = include_str!("style.css");
        for role in Role::ALL {
            let variable = format!("--{}:", role.name());
            assert_eq!(style.matches(&variable).count(), 2, "{variable}");
            for class in [format!(".s-{}", role.name()), format!(".f-{}", role.name())] {
                assert!(style.contains(&class), "{class}");
            }
        }
    }

    #[test]
    fn colours_become_classes() {
        let colour = Role::Equity.hex();
        let drawn = format!(
            "<polyline fill=\"none\" opacity=\"1\" stroke=\"{colour}\" stroke-width=\"2\" points=\"1,2 3,4 \"/>\n<polygon opacity=\"1\" fill=\"{colour}\" points=\"1,2 \"/>\n"
        );
        assert_eq!(
            as_classes(&drawn),
            "<polyline class=\"s-equity\" stroke-width=\"2\" points=\"1,2 3,4\"/>\n<polygon class=\"f-equity\" points=\"1,2\"/>\n"
        );
    }

    /// The colours of one theme by name, from the text of the style.
    fn theme(style: &str) -> Vec<(&str, [f64; 3])> {
        let channel = |hex: &str, at: usize| {
            let part = u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            let share = f64::from(part) / 255.0;
            if share <= 0.040_45 {
                share / 12.92
            } else {
                ((share + 0.055) / 1.055).powf(2.4)
            }
        };
        style
            .split("--")
            .filter_map(|part| part.split_once(": #"))
            .map(|(name, hex)| (name, [0, 2, 4].map(|at| channel(hex, at))))
            .collect()
    }

    /// Contrast of two colours (WCAG 2.2, relative luminance), 1 to 21.
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let luminance = |c: [f64; 3]| 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_is_readable_and_lines_are_visible_in_light_and_dark() {
        let style = include_str!("style.css");
        let dark = style.find("prefers-color-scheme: dark").unwrap();
        let end = dark + style[dark..].find("\n}").unwrap();
        for theme in [theme(&style[..dark]), theme(&style[dark..end])] {
            let colour = |name: &str| theme.iter().find(|(known, _)| *known == name).unwrap().1;
            for ground in ["paper", "panel"] {
                for text in ["text", "muted", "link", "win", "loss"] {
                    let found = contrast(colour(text), colour(ground));
                    assert!(found >= 4.5, "{text} on {ground}: {found:.2}");
                }
            }
            for role in Role::ALL {
                // The fills behind lines and the inside of marks only support what is seen.
                let quiet = matches!(
                    role,
                    Role::Range | Role::Drawdown | Role::Hollow | Role::Level
                );
                let found = contrast(colour(role.name()), colour("paper"));
                assert!(quiet || found >= 3.0, "{}: {found:.2}", role.name());
            }
        }
    }
}
