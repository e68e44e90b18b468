"""A merchant's first hour, from the secret to the running sync, through the real handlers and the account's own consent page."""

from typing import Any

import requests
from playwright.sync_api import Page, expect

from .conftest import Site, shot, sign_in


def test_a_merchant_connects_both_shops_and_starts_the_sync(site: Site, page: Page) -> None:
    page.goto(site.url)
    shot(page, "sign-in")
    sign_in(site, page)
    shot(page, "connections-none")
    page.get_by_role("button", name="Set it up").click()
    shot(page, "setup-cscart")
    page.get_by_label("CS-Cart address").fill(site.cscart.public_url)
    page.get_by_label("E-mail of the administrator").fill(site.cscart.email)
    page.get_by_label("API key").fill("wrong")
    page.get_by_role("button", name="Check and go on").click()
    expect(page.get_by_role("alert")).to_contain_text("refuses this key")
    shot(page, "setup-cscart-wrong")
    page.get_by_label("API key").fill(site.cscart.key)
    page.get_by_role("button", name="Check and go on").click()
    page.get_by_label("Account URL").fill(site.webasyst.public_url)
    shot(page, "setup-webasyst")
    page.get_by_role("button", name="Get token").click()
    page.wait_for_url("**/api.php/auth**")
    page.locator("[name=login]").fill("admin")
    page.locator("[name=password]").fill("admin")
    page.get_by_role("button", name="Sign in").click()
    page.locator("form").filter(has=page.locator("[name=approve]")).evaluate("form => form.submit()")  # as its “deny” does: without a yes
    expect(page.get_by_role("heading", name="Access was not given")).to_be_visible()
    shot(page, "setup-denied")
    page.get_by_role("link", name="Open the console").click()
    page.wait_for_url("**/setup/webasyst")
    page.get_by_role("button", name="Get token").click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/setup/defaults")
    expect(page.get_by_role("status")).to_contain_text("connected")
    shot(page, "setup-defaults")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url("**/setup/statuses")
    shot(page, "setup-statuses")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url("**/setup/check")
    expect(page.get_by_text("The currencies fit.")).to_be_visible()
    shot(page, "setup-check")
    page.get_by_role("link", name="Go on", exact=True).click()
    expect(page.get_by_text("In both shops")).to_be_visible()
    shot(page, "setup-preview")
    page.get_by_role("button", name="Start the sync").click()
    page.wait_for_url("**/c/main")
    shot(page, "overview-first")


def test_the_merchant_watches_the_first_sync_looks_at_a_record_and_proves_agreement(site: Site, page: Page) -> None:
    sign_in(site, page)
    expect(page.get_by_role("row", name="Whole catalogue CS-Cart")).to_contain_text("done", timeout=60_000)
    page.goto(f"{site.url}/c/main/records")
    page.locator(".subject a").first.click()
    page.get_by_role("button", name="Compare both sides now").click()
    expect(page.get_by_text("Both sides agree in every field.")).to_be_visible(timeout=30_000)
    shot(page, "record-compared")
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("status").first).to_contain_text("Queued")
    page.goto(f"{site.url}/c/main/proofs")
    page.get_by_role("button", name="Prove that both shops agree").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("agree", timeout=60_000)
    shot(page, "proofs")


def test_a_preview_shows_a_write_and_its_application_makes_that_write(site: Site, page: Page) -> None:
    product_id = call(site, "GET", "products?items_per_page=1")["products"][0]["product_id"]
    call(site, "PUT", f"products/{product_id}", {"price": 4321.5})
    sign_in(site, page)
    page.goto(f"{site.url}/c/main/runs")
    page.get_by_role("button", name="Preview what would be written").click()
    row = page.get_by_role("row").filter(has_text="Preview").filter(has_text="done")
    expect(row).to_be_visible(timeout=60_000)
    row.get_by_role("link").click()
    expect(page.get_by_text("4321.5").first).to_be_visible()
    shot(page, "preview")
    page.get_by_role("button", name="Write exactly this").click()
    expect(page.get_by_role("row").filter(has_text="Application of a preview").filter(has_text="done")).to_be_visible(timeout=60_000)
    shot(page, "runs")
    page.goto(f"{site.url}/c/main/records/product/cscart/{product_id}")
    expect(page.get_by_role("row", name="4321.5 4321.5")).to_be_visible()


def test_undoing_that_run_puts_back_what_it_had_written(site: Site, page: Page) -> None:
    sku = call(site, "GET", "products?items_per_page=1")["products"][0]["product_code"]
    assert there(site, sku) == 4321.5
    sign_in(site, page)
    page.goto(f"{site.url}/c/main/runs")
    page.get_by_role("row").filter(has_text="Application of a preview").get_by_role("link").first.click()
    page.get_by_role("button", name="Undo this run").click()
    row = page.get_by_role("row").filter(has_text="Undo").filter(has_text="done")
    expect(row).to_be_visible(timeout=60_000)
    assert there(site, sku) not in (0, 4321.5)
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Undo")).to_be_visible()
    shot(page, "undone")


def there(site: Site, sku: str) -> float:
    """The price in the account, as it tells it itself."""
    query = {"limit": 500, "fields": "*,skus"}
    headers = {"Authorization": f"Bearer {secret(site, 'webasyst_token')}"}
    answer = requests.get(f"{site.webasyst.public_url}/api.php/shop.product.search", params=query, headers=headers, timeout=20).json()
    prices = {one["sku"]: float(one["price"]) for product in answer["products"] for one in product["skus"].values()}
    return prices[sku]


def test_what_is_remembered_is_downloaded_and_taken_in_as_another_connection(site: Site, page: Page) -> None:
    sign_in(site, page)
    page.goto(f"{site.url}/c/main/moving")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    file = download.value.path()
    assert download.value.suggested_filename == "main-state.jsonl.gz"
    for content, said in ((file.read_bytes()[:200], "it was cut off"), (file.read_bytes(), "Taken in, and paused.")):
        page.goto(f"{site.url}/connections")
        page.get_by_text("Take in a file").click()
        page.get_by_label("Name of the new connection").fill("copy")
        page.get_by_label("The file").set_input_files({"name": "main-state.jsonl.gz", "mimeType": "application/gzip", "buffer": content})
        page.get_by_role("button", name="Take it in").click()
        expect(page.locator("main")).to_contain_text(said)
    page.goto(f"{site.url}/c/copy/records?q=SKU-000001")
    expect(page.locator("main a[href*='/c/copy/records/product/']").first).to_be_visible()


def call(site: Site, verb: str, path: str, body: object = None) -> Any:
    """As a merchant's own tool would edit the CS-Cart shop."""
    answer = requests.request(
        verb, f"{site.cscart.public_url}/api/{path}", json=body, auth=(site.cscart.email, site.cscart.key), timeout=20
    )
    answer.raise_for_status()
    return answer.json()


def test_disconnecting_revokes_the_token_in_the_account_and_forgets_the_key(site: Site, page: Page) -> None:
    token = secret(site, "webasyst_token")
    assert probe(site, token) == 200
    sign_in(site, page)
    page.goto(f"{site.url}/c/main/shops")
    shot(page, "shops")
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("status")).to_contain_text("the token is revoked")
    assert probe(site, token) != 200
    assert (secret(site, "webasyst_token"), secret(site, "cscart_key")) == ("", "")


def secret(site: Site, name: str) -> str:
    ssm = site.stack.client("ssm")
    try:
        return str(ssm.get_parameter(Name=f"{site.stack.secrets_prefix}/main/{name}", WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return ""


def probe(site: Site, token: str) -> int:
    """What the account itself answers to the token."""
    answer = requests.get(f"{site.webasyst.public_url}/api.php/shop.settings.get", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    return 500 if "error" in answer.json() else answer.status_code
