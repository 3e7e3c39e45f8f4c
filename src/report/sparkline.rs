//! A curve as one line of block characters.

use crate::core::units::Decimal;

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// At most `width` characters: the points are split into that many runs and each shows its last
/// value. A flat curve is drawn in the middle. Empty for no points or no width.
pub fn sparkline(values: &[Decimal], width: usize) -> String {
    let (Some(low), Some(high)) = (values.iter().min(), values.iter().max()) else {
        return String::new();
    };
    let range = high.to_f64() - low.to_f64();
    let width = width.min(values.len());
    (0..width)
        .map(|column| {
            let index = (column + 1) * values.len() / width - 1;
            if range <= 0.0 {
                return LEVELS[3];
            }
            let height = (values[index].to_f64() - low.to_f64()) / range;
            LEVELS[((height * 8.0) as usize).min(7)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(values: &[i64], width: usize) -> String {
        let values: Vec<_> = values.iter().map(|v| Decimal::from_int(*v)).collect();
        sparkline(&values, width)
    }

    #[test]
    fn rises_falls_and_flat_lines() {
        assert_eq!(line(&[0, 1, 2, 3, 4, 5, 6, 7], 8), "▁▂▃▄▅▆▇█");
        assert_eq!(line(&[9, 1, 9, 1], 2), "▁▁");
        assert_eq!(line(&[5, 5, 5], 8), "▄▄▄");
        assert_eq!(line(&[], 8), "");
        assert_eq!(line(&[1], 0), "");
    }

    proptest! {
        #[test]
        fn never_wider_than_asked(values in prop::collection::vec(any::<i64>(), 0..300), width in 0usize..90) {
            prop_assert_eq!(line(&values, width).chars().count(), width.min(values.len()));
        }
    }
}
