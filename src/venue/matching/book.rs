//! The book of one product: price levels, and within a level the order of arrival.
//!
//! What rests belongs to an order of the account or to the house, which stands for everybody else in
//! the market. Neither side knows how a trade comes about; the engine takes from the front of the
//! best level. Not bounded here: the house keeps a fixed number of levels, and the engine bounds the
//! open orders.

use crate::core::units::{Price, Side};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Whose liquidity it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    House,
    /// An order of the account, by its number.
    Order(u64),
}

/// A place in the queue of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    pub owner: Owner,
    /// Above 0.
    pub lots: i64,
}

#[derive(Clone, Debug, Default)]
struct Level {
    queue: VecDeque<Resting>,
    lots: i64,
}

impl Level {
    fn of_house(&self) -> i64 {
        let of_house = |r: &&Resting| r.owner == Owner::House;
        self.queue.iter().filter(of_house).map(|r| r.lots).sum()
    }
}

#[derive(Clone, Debug, Default)]
pub struct Book {
    bids: BTreeMap<Price, Level>,
    asks: BTreeMap<Price, Level>,
    touched: BTreeSet<(Side, Price)>,
}

impl Book {
    fn side(&self, side: Side) -> &BTreeMap<Price, Level> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Price, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Highest bid or lowest ask.
    pub fn best(&self, side: Side) -> Option<Price> {
        self.levels(side).next().map(|(price, _)| price)
    }

    /// Price and lots of each level, best first.
    pub fn levels(&self, side: Side) -> Box<dyn Iterator<Item = (Price, i64)> + '_> {
        let lots = |(price, level): (&Price, &Level)| (*price, level.lots);
        match side {
            Side::Buy => Box::new(self.bids.iter().rev().map(lots)),
            Side::Sell => Box::new(self.asks.iter().map(lots)),
        }
    }

    /// Who is served next on this side, and at which price.
    pub fn front(&self, side: Side) -> Option<(Price, Resting)> {
        let price = self.best(side)?;
        let first = self.side(side).get(&price)?.queue.front()?;
        Some((price, *first))
    }

    /// Every place of a side, in the order in which it would be served.
    pub fn queue(&self, side: Side) -> Vec<(Price, Resting)> {
        let prices: Vec<Price> = self.levels(side).map(|(price, _)| price).collect();
        let of = |price: Price| {
            self.side(side)[&price]
                .queue
                .iter()
                .map(move |r| (price, *r))
        };
        prices.into_iter().flat_map(of).collect()
    }

    /// Takes up to `lots` from the front of the best level; returns how many there were.
    pub fn consume(&mut self, side: Side, lots: i64) -> i64 {
        let Some(price) = self.best(side) else {
            return 0;
        };
        self.touched.insert((side, price));
        let Some(level) = self.side_mut(side).get_mut(&price) else {
            return 0;
        };
        let Some(first) = level.queue.front_mut() else {
            return 0;
        };
        let taken = first.lots.min(lots);
        first.lots -= taken;
        level.lots -= taken;
        if first.lots == 0 {
            level.queue.pop_front();
        }
        self.drop_if_empty(side, price);
        taken
    }

    /// Puts an order behind everything at its price.
    pub fn rest(&mut self, side: Side, price: Price, order: u64, lots: i64) {
        self.push(side, price, Owner::Order(order), lots);
    }

    fn push(&mut self, side: Side, price: Price, owner: Owner, lots: i64) {
        if lots <= 0 {
            return;
        }
        self.touched.insert((side, price));
        let level = self.side_mut(side).entry(price).or_default();
        level.lots += lots;
        match level.queue.back_mut() {
            Some(last) if last.owner == Owner::House && owner == Owner::House => last.lots += lots,
            _ => level.queue.push_back(Resting { owner, lots }),
        }
    }

    /// Takes an order out; returns the lots that rested.
    pub fn withdraw(&mut self, side: Side, price: Price, order: u64) -> i64 {
        let Some(level) = self.side_mut(side).get_mut(&price) else {
            return 0;
        };
        let mine = |r: &Resting| r.owner == Owner::Order(order);
        let lots = level.queue.iter().filter(|r| mine(r)).map(|r| r.lots).sum();
        level.queue.retain(|r| !mine(r));
        level.lots -= lots;
        self.touched.insert((side, price));
        self.drop_if_empty(side, price);
        lots
    }

    /// Makes an order smaller without a loss of its place.
    pub fn shrink(&mut self, side: Side, price: Price, order: u64, to: i64) {
        if let Some(level) = self.side_mut(side).get_mut(&price)
            && let Some(place) = level
                .queue
                .iter_mut()
                .find(|r| r.owner == Owner::Order(order) && r.lots > to)
        {
            level.lots -= place.lots - to;
            place.lots = to;
            self.touched.insert((side, price));
        }
    }

    /// Lots of the house at a price.
    pub fn house_at(&self, side: Side, price: Price) -> i64 {
        self.side(side).get(&price).map_or(0, Level::of_house)
    }

    /// Prices at which the house stands.
    pub fn house_prices(&self, side: Side) -> Vec<Price> {
        let stands = |(_, level): &(&Price, &Level)| level.of_house() > 0;
        self.side(side)
            .iter()
            .filter(stands)
            .map(|(price, _)| *price)
            .collect()
    }

    /// Brings the house at a price to so many lots: more join at the back, fewer leave from the back.
    pub fn set_house(&mut self, side: Side, price: Price, lots: i64) {
        let now = self.house_at(side, price);
        if now < lots {
            self.push(side, price, Owner::House, lots - now);
        } else if now > lots
            && let Some(level) = self.side_mut(side).get_mut(&price)
        {
            let mut excess = now - lots;
            for place in level.queue.iter_mut().rev() {
                if place.owner == Owner::House {
                    let cut = excess.min(place.lots);
                    place.lots -= cut;
                    level.lots -= cut;
                    excess -= cut;
                }
            }
            level.queue.retain(|r| r.lots > 0);
            self.touched.insert((side, price));
            self.drop_if_empty(side, price);
        }
    }

    fn drop_if_empty(&mut self, side: Side, price: Price) {
        let levels = self.side_mut(side);
        if levels
            .get(&price)
            .is_some_and(|level| level.queue.is_empty())
        {
            levels.remove(&price);
        }
    }

    /// The levels that changed since the last call, with the lots that are there now.
    pub fn take_touched(&mut self) -> Vec<(Side, Price, i64)> {
        let touched = std::mem::take(&mut self.touched);
        let lots = |(side, price)| {
            let level = self.side(side).get(&price);
            (side, price, level.map_or(0, |level| level.lots))
        };
        touched.into_iter().map(lots).collect()
    }

    /// Forgets which levels changed.
    pub fn forget_touched(&mut self) {
        self.touched.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_level_the_first_come_is_the_first_served() {
        let mut book = Book::default();
        book.set_house(Side::Sell, Price(10), 5);
        book.rest(Side::Sell, Price(10), 1, 3);
        book.set_house(Side::Sell, Price(10), 7);
        book.rest(Side::Sell, Price(9), 2, 1);
        let owners: Vec<_> = book
            .queue(Side::Sell)
            .into_iter()
            .map(|(price, r)| (price.0, r.owner, r.lots))
            .collect();
        let expected = [
            (9, Owner::Order(2), 1),
            (10, Owner::House, 5),
            (10, Owner::Order(1), 3),
            (10, Owner::House, 2),
        ];
        assert_eq!(owners, expected);
        assert_eq!(book.consume(Side::Sell, 4), 1, "one place at a time");
        assert_eq!(book.best(Side::Sell), Some(Price(10)));
    }

    #[test]
    fn the_house_leaves_from_the_back_and_orders_keep_their_place() {
        let mut book = Book::default();
        book.set_house(Side::Buy, Price(10), 5);
        book.rest(Side::Buy, Price(10), 1, 3);
        book.set_house(Side::Buy, Price(10), 9);
        book.set_house(Side::Buy, Price(10), 2);
        let queue = book.queue(Side::Buy);
        assert_eq!(
            queue[0].1,
            Resting {
                owner: Owner::House,
                lots: 2
            }
        );
        assert_eq!(
            queue[1].1,
            Resting {
                owner: Owner::Order(1),
                lots: 3
            }
        );
        assert_eq!(book.levels(Side::Buy).next(), Some((Price(10), 5)));
        book.shrink(Side::Buy, Price(10), 1, 1);
        assert_eq!(book.withdraw(Side::Buy, Price(10), 1), 1);
        book.set_house(Side::Buy, Price(10), 0);
        assert_eq!(book.best(Side::Buy), None);
    }

    #[test]
    fn changed_levels_are_told_once_with_what_is_there_now() {
        let mut book = Book::default();
        book.set_house(Side::Buy, Price(10), 5);
        book.rest(Side::Buy, Price(10), 1, 2);
        assert_eq!(book.take_touched(), [(Side::Buy, Price(10), 7)]);
        book.consume(Side::Buy, 5);
        book.consume(Side::Buy, 2);
        assert_eq!(book.take_touched(), [(Side::Buy, Price(10), 0)]);
        assert_eq!(book.take_touched(), []);
    }
}
