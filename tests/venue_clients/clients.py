"""Third-party clients of the exchange against the local venue.

Run by `main.rs` beside this file: clients.py NAME FOLDER PORT, where NAME is `available`, `sdk`,
`ccxt` or `ccxt.pro` and FOLDER is the venue's. Every check is an assertion; the last line is `ok NAME`.
"""

import asyncio
import json
import os
import sys
import threading
import time
import uuid


def keys(folder):
    """Name and private text of both keys: ES256 and Ed25519."""
    with open(os.path.join(folder, "keys.json"), encoding="utf-8") as file:
        kept = json.load(file)
    texts = []
    for name in ("es256.pem", "ed25519.key"):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            texts.append(file.read().strip())
    return [(key["name"], text) for key, text in zip(kept, texts)]


def available():
    """Prints which of the clients are installed."""
    for name, module in (("sdk", "coinbase.rest"), ("ccxt", "ccxt"), ("ccxt.pro", "ccxt.pro")):
        try:
            __import__(module)
            print(name)
        except ImportError:
            pass


def sdk_orders(client, product):
    """Places, lists, edits and cancels an order, then trades at market."""
    own = str(uuid.uuid4())
    placed = client.limit_order_gtc_buy(own, product, base_size="0.01", limit_price="1000.00")
    assert placed["success"], placed.to_dict()
    order_id = placed["success_response"]["order_id"]
    listed = client.list_orders(order_status=["OPEN"], product_ids=[product])
    assert [o["client_order_id"] for o in listed["orders"]] == [own], listed.to_dict()
    edited = client.edit_order(order_id, size="0.02", price="1001.00")
    assert edited["success"], edited.to_dict()
    order = client.get_order(order_id)["order"]
    assert order["status"] == "OPEN", order
    cancelled = client.cancel_orders([order_id])
    assert cancelled["results"][0]["success"], cancelled.to_dict()
    assert client.get_order(order_id)["order"]["status"] == "CANCELLED"
    bought = client.market_order_buy(str(uuid.uuid4()), product, quote_size="100")
    assert bought["success"], bought.to_dict()
    bought_id = bought["success_response"]["order_id"]
    filled = client.get_order(bought_id)["order"]
    assert filled["status"] == "FILLED", filled
    fills = client.get_fills(order_ids=[bought_id])["fills"]
    assert fills and all(f["order_id"] == bought_id for f in fills)
    refused = client.limit_order_gtc_buy(
        str(uuid.uuid4()), product, base_size="100", limit_price="50000.00"
    )
    assert not refused["success"]
    assert refused["error_response"]["error"] == "INSUFFICIENT_FUND", refused.to_dict()


def sdk_streams(name, secret, port, client):
    """Market data and an order's events over websockets."""
    from coinbase.websocket import WSClient, WSUserClient

    seen, orders, arrived = {}, [], threading.Condition()

    def on_message(text):
        message = json.loads(text)
        with arrived:
            channel = message.get("channel")
            seen[channel] = seen.get(channel, 0) + 1
            if channel == "user":
                for event in message["events"]:
                    orders.extend(o["status"] for o in event["orders"])
            arrived.notify_all()

    def wait(condition):
        with arrived:
            assert arrived.wait_for(condition, timeout=30), (seen, orders)

    base = f"wss://localhost:{port}"
    market = WSClient(on_message=on_message, base_url=base, retry=False)
    market.open()
    market.heartbeats()
    market.ticker(product_ids=["BTC-USD"])
    market.market_trades(product_ids=["BTC-USD"])
    market.level2(product_ids=["BTC-USD"])
    channels = ("heartbeats", "ticker", "market_trades", "l2_data", "subscriptions")
    wait(lambda: all(seen.get(channel, 0) >= 2 for channel in channels))
    market.close()
    user = WSUserClient(
        api_key=name, api_secret=secret, on_message=on_message, base_url=base, retry=False
    )
    user.open()
    user.user(product_ids=["BTC-USD"])
    wait(lambda: seen.get("user", 0) >= 1)
    placed = client.limit_order_gtc_buy(
        str(uuid.uuid4()), "BTC-USD", base_size="0.01", limit_price="1000.00"
    )
    wait(lambda: "OPEN" in orders)
    client.cancel_orders([placed["success_response"]["order_id"]])
    wait(lambda: "CANCELLED" in orders)
    user.close()


def sdk(folder, port):
    """coinbase-advanced-py, the exchange's own library."""
    from coinbase.rest import RESTClient

    for name, secret in keys(folder):
        client = RESTClient(api_key=name, api_secret=secret, base_url=f"localhost:{port}")
        assert abs(int(client.get_unix_time()["epoch_seconds"]) - time.time()) < 60
        products = client.get_public_products()["products"]
        assert "BTC-USD" in [p["product_id"] for p in products]
        now = int(time.time())
        candles = client.get_public_candles(
            "BTC-USD", start=str(now - 1800), end=str(now), granularity="ONE_MINUTE"
        )["candles"]
        assert len(candles) > 20
        book = client.get_product_book("BTC-USD", limit=10)["pricebook"]
        assert float(book["bids"][0]["price"]) < float(book["asks"][0]["price"])
        accounts = client.get_accounts()["accounts"]
        assert {"USD", "BTC"} <= {a["currency"] for a in accounts}
        assert not client.get_api_key_permissions()["can_transfer"]
        sdk_orders(client, "BTC-USD")
        sdk_streams(name, secret, port, client)
    other = RESTClient(api_key="organizations/x/apiKeys/y", api_secret=secret, base_url=f"localhost:{port}")
    try:
        other.get_accounts()
    except Exception as error:  # pylint: disable=broad-except
        assert "401" in str(error), error
    else:
        raise AssertionError("an unknown key was let in")


def ccxt_client(folder, port):
    """ccxt, which speaks to many exchanges."""
    import ccxt

    for name, secret in keys(folder):
        exchange = ccxt.coinbase({"apiKey": name, "secret": secret, "requests_trust_env": True})
        exchange.urls["api"]["rest"] = f"https://localhost:{port}"
        markets = exchange.load_markets()
        assert "BTC/USD" in markets, list(markets)
        assert exchange.fetch_time() > 0
        candles = exchange.fetch_ohlcv("BTC/USD", "1m", limit=20)
        assert len(candles) >= 15
        book = exchange.fetch_order_book("BTC/USD", limit=10)
        assert book["bids"][0][0] < book["asks"][0][0]
        assert exchange.fetch_ticker("BTC/USD")["last"] > 0
        assert exchange.fetch_balance()["USD"]["free"] > 1000
        order = exchange.create_order("BTC/USD", "limit", "buy", 0.01, 1000)
        open_orders = exchange.fetch_open_orders("BTC/USD")
        assert order["id"] in [o["id"] for o in open_orders]
        exchange.edit_order(order["id"], "BTC/USD", "limit", "buy", 0.02, 1001)
        assert exchange.fetch_order(order["id"])["status"] == "open"
        exchange.cancel_order(order["id"], "BTC/USD")
        assert exchange.fetch_order(order["id"])["status"] == "canceled"
        bought = exchange.create_market_buy_order_with_cost("BTC/USD", 100)
        done = exchange.fetch_order(bought["id"])
        assert done["status"] == "closed" and done["filled"] > 0, done
        trades = exchange.fetch_my_trades("BTC/USD")
        assert bought["id"] in [t["order"] for t in trades]
        try:
            exchange.create_order("BTC/USD", "limit", "buy", 100, 50000)
        except ccxt.InsufficientFunds:
            pass
        else:
            raise AssertionError("an order without funds was accepted")


async def ccxt_watches_orders(exchange, symbol):
    """An order's way from open to cancelled, told by the user channel."""
    def statuses(orders):
        return [o["status"] for o in orders if o["id"] == placed["id"]]

    placed = await exchange.create_order(symbol, "limit", "buy", 0.01, 1000)
    # The snapshot has it.
    assert statuses(await exchange.watch_orders(symbol)) == ["open"]
    # What comes while nobody waits is told to nobody: the wait begins before the deed.
    watching = asyncio.ensure_future(exchange.watch_orders(symbol))
    await asyncio.sleep(0)
    await exchange.cancel_order(placed["id"], symbol)
    assert statuses(await watching) == ["canceled"]


async def ccxt_watches(name, secret, folder, port):
    """Market data, and where ccxt can sign for it an order's events, over websockets."""
    import ccxt.pro

    certificate = os.path.join(folder, "certificate.pem")
    exchange = ccxt.pro.coinbase({"apiKey": name, "secret": secret, "cafile": certificate})
    exchange.urls["api"]["rest"] = f"https://localhost:{port}"
    exchange.urls["api"]["ws"] = f"wss://localhost:{port}"
    symbol = "BTC/USD"
    try:
        await exchange.load_markets()
        tickers = [await exchange.watch_ticker(symbol) for _ in range(3)]
        assert all(t["symbol"] == symbol and t["bid"] < t["ask"] for t in tickers), tickers
        assert all(t["last"] > 0 for t in tickers), tickers
        # The snapshot, then trades that come later.
        first, later = await exchange.watch_trades(symbol), []
        newest = max(int(t["id"]) for t in first)
        while not later:
            trades = await exchange.watch_trades(symbol)
            later = [t for t in trades if int(t["id"]) > newest]
        assert all(t["symbol"] == symbol and t["price"] > 0 and t["amount"] > 0 for t in later)
        book = await exchange.watch_order_book(symbol)
        assert book["bids"][0][0] < book["asks"][0][0], book
        # Its streams sign with a key of this kind only.
        if secret.startswith("-----BEGIN"):
            await ccxt_watches_orders(exchange, symbol)
    finally:
        await exchange.close()


def ccxt_streams(folder, port):
    """ccxt.pro, the part of ccxt that streams."""
    for name, secret in keys(folder):
        watched = ccxt_watches(name, secret, folder, port)
        asyncio.run(asyncio.wait_for(watched, timeout=60))


def main():
    if sys.argv[1] == "available":
        return available()
    run = {"sdk": sdk, "ccxt": ccxt_client, "ccxt.pro": ccxt_streams}[sys.argv[1]]
    run(sys.argv[2], sys.argv[3])
    print("ok", sys.argv[1])


main()
