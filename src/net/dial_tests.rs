//! Order and bound of the addresses that are dialled; dialling itself is tested over sockets.

use super::*;

fn v4(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 443))
}

fn v6(last: u16) -> SocketAddr {
    SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 443))
}

#[test]
fn families_alternate_beginning_with_the_one_the_resolver_put_first() {
    let order = alternating(&[v6(1), v6(2), v6(3), v4(1), v4(2)]);
    assert_eq!(order, [v6(1), v4(1), v6(2), v4(2), v6(3)]);
    let order = alternating(&[v4(1), v4(2), v6(1)]);
    assert_eq!(order, [v4(1), v6(1), v4(2)]);
    assert!(alternating(&[]).is_empty());
}

#[test]
fn no_more_than_eight_addresses_are_tried_and_both_families_are_among_them() {
    let many: Vec<SocketAddr> = (1..=20).map(v4).chain((1..=3).map(v6)).collect();
    let order = alternating(&many);
    assert_eq!(order.len(), ADDRESSES_MAX);
    assert!(order.contains(&v6(3)));
}
