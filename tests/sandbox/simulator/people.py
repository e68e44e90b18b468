"""What merchants do to products in either shop, with a note of it in the truth."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

from storesync.domain.model import Content, Group, Image, Listing, Product, StoreName, Variant, Visibility

from tests.fakes.stores import MemoryStore
from tests.sandbox.simulator.stack import Stack
from tests.sandbox.simulator.truth import Edit, Item, Truth, Words, own_content, own_price

NAMES = (
    "Mug {0}", " - Mug {0}", "Mug {0} \U0001f600", "Кружка {0} " + "я" * 260, "Mug <b>{0}</b> &amp; co", "Mug {0}\u0301", "Mug \"{0}\" 'x'",
)  # fmt: skip
TEXTS = ("", "<p>Text {0}</p>", "Text {0}<script>x()</script>", "<p>Text {0}<br>two", "a {0}\r\nb", "5 < 6 & {0}", "<b onclick='x'>{0}</b>")
PRICES = ("10", "99.99", "0.01", "1234.56", "7.10")
FINE_PRICES = (*PRICES, "10.0050", "3.3333", "0.005")


@dataclass
class People:
    stack: Stack
    truth: Truth
    random: Random
    tokens: int = 0
    doubled: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.words = Words(self.stack.cscart, self.stack.webasyst)

    def token(self) -> int:
        self.tokens += 1
        return self.tokens

    @property
    def busy(self) -> bool:
        return bool(self.stack.frames)

    def store(self) -> StoreName:
        return self.random.choice(tuple(StoreName))

    # -- new products

    def stock_one(self, stores: tuple[StoreName, ...], variants: int = 1) -> None:
        """A new product; in both shops it has the same SKUs and pictures, and other values."""
        number = len(self.truth.goods) + 1
        items = [self._item(number, stores) for _ in range(variants)]
        self.truth.goods[number] = [item.number for item in items]
        pictures = [self._picture() for _ in range(self.random.choice((0, 0, 1, 2)))]
        for store in stores:
            product = self._product(store, items, pictures)
            shop = self.stack.stores[store]
            made = shop.add(product)
            self.stack.trace(f"  {store}: new product {made} with {', '.join(item.sku for item in product.variants)}")
            self._note_all(store, number, shop.seen(int(made)))

    def _item(self, good: int, stores: tuple[StoreName, ...]) -> Item:
        number = len(self.truth.items) + 1
        item = Item(number, {f"S-{number}"}, good, self.random.randint(50, 90), stores)
        self.truth.items[number] = item
        return item

    def _product(self, store: StoreName, items: list[Item], pictures: list[str]) -> Product:
        variants = tuple(Variant("", min(item.skus), self._price(store), str(item.number), stock=item.stock) for item in items)
        images = tuple(Image("", url, "") for url in pictures)
        return Product("", self._content(), Listing(Visibility.VISIBLE, ("1",), "1"), variants, "RUB", images)

    def _content(self) -> Content:
        token = self.token()
        name, summary, description = (self.random.choice(texts).format(token) for texts in (NAMES, TEXTS, TEXTS))
        return Content(name, summary, description, meta_title=f"T{token}")

    def _price(self, store: StoreName) -> Decimal:
        return Decimal(self.random.choice(PRICES if store is StoreName.CSCART else FINE_PRICES)) + self.token()

    def _picture(self) -> str:
        url = f"https://pictures.example/{self.token()}.png"
        self.stack.pictures[url] = url.encode()
        return url

    def _note_all(self, store: StoreName, good: int, product: Product) -> None:
        self._note(Group.CONTENT, good, store, self.words.content(product), own_content(product))
        self._note(Group.LISTING, good, store, self.words.listing(product))
        self._note(Group.MEDIA, good, store, self.words.media(product))
        for variant in product.variants:
            item = self.truth.item_of(variant.sku)
            assert item is not None
            self._note(Group.PRICE, item.number, store, self.words.price(variant), own_price(variant))
            self._note(Group.IDENTITY, item.number, store, self.words.identity(variant))

    def _note(self, group: Group, number: int, store: StoreName, value: object, own: object = None) -> None:
        self.truth.note(group, number, Edit(store, value, self.busy, own))

    def products(self, store: StoreName) -> list[Product]:
        """Those that count: no strangers, and nothing whose counterpart was deleted."""
        shelf = self.stack.stores[store].shelf
        known = [product for product in shelf.values() if (store, product.id) not in self.truth.strangers]
        return [product for product in known if not self._is_deleted(product)]

    def _is_deleted(self, product: Product) -> bool:
        item = self.truth.item_of(product.variants[0].sku)
        return item is not None and item.good in self.truth.deleted

    def strange_one(self) -> None:
        """Somebody gives a new product a SKU that a linked one has: it must be set aside, and the linked one must not mind."""
        store = self.store()
        variants = [variant for product in self.products(store) for variant in product.variants if self._linked(store, variant)]
        linked = [(variant.sku, item) for variant in variants if (item := self.truth.item_of(variant.sku)) and len(item.skus) == 1]
        if linked:
            sku, item = self.random.choice(linked)
            self.doubled.add(item.number)
            variant = Variant("", self.random.choice((sku, sku.lower(), f" {sku}")), Decimal(1), stock=5)
            made = self.stack.stores[store].add(Product("", self._content(), Listing(Visibility.VISIBLE, ("1",), "1"), (variant,), "RUB"))
            self.truth.strangers.add((store, made))
            self.stack.happened["stranger"] += 1
            self.stack.trace(f"  {store}: new product {made} with the SKU {variant.sku!r} of another")

    def delete(self) -> None:
        """A product that nobody ever bought goes for good in one shop: by default this is shown, and nothing is done about it."""
        store = self.store()
        ordered = {line.sku.strip() for shop in self.stack.stores.values() for order in shop.orders_kept.values() for line in order.lines}
        for product in self.products(store):
            items = [self.truth.item_of(variant.sku) for variant in product.variants]
            known = [item for item in items if item and not item.skus & ordered]
            whole = len(known) == len(self.truth.goods[known[0].good]) if known else False
            if whole and all(self._linked(store, variant) for variant in product.variants) and not self.busy:
                self.stack.stores[store].remove(product.id)
                self.truth.deleted[known[0].good] = store
                self.stack.happened["deletion"] += 1
                self.stack.trace(f"  {store}: product {product.id} deleted")
                return

    # -- edits

    def edit(self, store: StoreName | None = None) -> None:
        """One edit of one group of one product, where that product is."""
        store = store or self.store()
        shop = self.stack.stores[store]
        found = self.products(store)
        if not found:
            return
        product = self.random.choice(found)
        item = self.truth.item_of(product.variants[0].sku)
        if item is None:
            return
        kinds: tuple[Callable[[StoreName, MemoryStore, Product, Item], str], ...] = (
            self._edit_content, self._edit_price, self._edit_price, self._edit_stock, self._edit_stock, self._edit_sku, self._edit_listing,
            self._edit_media, self._add_variant, self._edit_available,
        )  # fmt: skip
        what = self.random.choice(kinds)(store, shop, product, item)
        self.stack.happened["edit under way" if self.busy else "edit"] += what != "nothing"
        self.stack.trace(f"  {store}: {what} of product {product.id}{' under way' if self.busy else ''}")

    def _edit_content(self, store: StoreName, shop: MemoryStore, product: Product, item: Item) -> str:
        shop.edit(product.id, content=replace(self._content(), slug=product.content.slug))
        kept = shop.shelf[int(product.id)]
        self._note(Group.CONTENT, item.good, store, self.words.content(kept), own_content(kept))
        return f"content {shop.shelf[int(product.id)].content.name[:12]!r}"

    def _edit_listing(self, store: StoreName, shop: MemoryStore, product: Product, item: Item) -> str:
        listing = Listing(self.random.choice(tuple(Visibility)), (self.random.choice("12"),), product.listing.type_id)
        main = self._main(store, item) or product
        if main is not product:  # a variation that stands alone still: whether it is shown is its own affair, also in its group
            listing = replace(listing, visibility=product.listing.visibility)
        before = self.words.listing(product)
        shop.edit(product.id, listing=listing)
        after = self.words.listing(shop.shelf[int(product.id)])
        if after != before:
            self._note(Group.LISTING, item.good, store, (main.listing.visibility.value if main is not product else after[0], after[1]))
        return f"listing {listing.visibility} {listing.categories[0]}"

    def _main(self, store: StoreName, item: Item) -> Product | None:
        skus = self.truth.items[self.truth.goods[item.good][0]].skus
        return next((product for product in self.products(store) if any(variant.sku.strip() in skus for variant in product.variants)), None)

    def _edit_media(self, store: StoreName, shop: MemoryStore, product: Product, item: Item) -> str:
        variant = product.variants[0]
        if not self._linked(store, variant) and item.born != (store,):  # their pictures could not be told apart
            return "nothing"
        urls = [image.url for image in product.images]
        urls = [*urls[: self.random.randint(0, len(urls))], self._picture()]
        shop.set_images(product.id, urls)
        self._note(Group.MEDIA, item.good, store, self.words.media(shop.shelf[int(product.id)]))
        return f"{len(urls)} images"

    def _some(self, product: Product) -> tuple[Variant, Item] | None:
        variant = self.random.choice(product.variants)
        item = self.truth.item_of(variant.sku)
        return (variant, item) if item else None

    def _edit_price(self, store: StoreName, shop: MemoryStore, product: Product, _: Item) -> str:
        variant, item = self._some(product) or (None, None)
        if variant is None or item is None:
            return "nothing"
        compare = self.random.choice((Decimal(0), Decimal(5000)))
        shop.edit_variant(variant.id, price=self._price(store), compare_price=compare)
        kept = shop.variant_at(variant.id)[1]
        self._note(Group.PRICE, item.number, store, self.words.price(kept), own_price(kept))
        return f"price {kept.price}/{kept.compare_price} of {variant.sku}"

    def _edit_stock(self, store: StoreName, shop: MemoryStore, product: Product, _: Item) -> str:
        """Goods came in or went; where one store owns the stock, only its count is true."""
        variant, item = self._some(product) or (None, None)
        if variant is None or item is None or variant.stock is None or self.strange(store, variant, item):
            return "nothing"
        amount = self.random.choice((-3, -1, 2, 5, 10))
        shop.edit_variant(variant.id, stock=variant.stock + amount)
        if self.stack.setting.stock_owner in (None, store):
            item.stock += amount
        return f"stock {variant.stock} -> {variant.stock + amount} of {variant.sku}"

    def _linked(self, store: StoreName, variant: Variant) -> bool:
        return bool(self.stack.state.links().claims(store, [variant.id]))

    def strange(self, store: StoreName, variant: Variant, item: Item) -> bool:
        """Two products that have not met yet: of their counts one will win, so nothing that happens to them before can be told later."""
        return len(item.born) > 1 and not self._linked(store, variant)

    def _edit_sku(self, store: StoreName, shop: MemoryStore, product: Product, _: Item) -> str:
        """Once it is linked: before that the SKU is all there is to know it by. Nor where another would inherit the old one."""
        variant, item = self._some(product) or (None, None)
        if variant is None or item is None or not self._linked(store, variant) or item.number in self.doubled:
            return "nothing"
        fresh = f"S-{item.number}-{self.token()}"
        item.skus.add(fresh)
        shop.edit_variant(variant.id, sku=fresh)
        self._note(Group.IDENTITY, item.number, store, self.words.identity(shop.variant_at(variant.id)[1]))
        return f"SKU {variant.sku} -> {fresh}"

    def _edit_available(self, store: StoreName, shop: MemoryStore, product: Product, _: Item) -> str:
        """One of several may be taken from sale; a single variant has no such switch in CS-Cart."""
        variant, item = self._some(product) or (None, None)
        if variant is None or item is None or not self._linked(store, variant) or variant is product.variants[0]:
            return "nothing"
        shop.edit_variant(variant.id, available=not variant.available)
        self._note(Group.IDENTITY, item.number, store, self.words.identity(shop.variant_at(variant.id)[1]))
        return f"{variant.sku} {'off' if variant.available else 'on'} sale"

    def _add_variant(self, store: StoreName, shop: MemoryStore, product: Product, item: Item) -> str:
        if len(product.variants) > 3:
            return "nothing"
        fresh = self._item(item.good, (store,))
        self.truth.goods[item.good].append(fresh.number)
        made = shop.add_variant(product.id, Variant("", min(fresh.skus), self._price(store), str(fresh.number), stock=fresh.stock))
        kept = shop.variant_at(made)[1]
        self._note(Group.PRICE, fresh.number, store, self.words.price(kept), own_price(kept))
        self._note(Group.IDENTITY, fresh.number, store, self.words.identity(kept))
        return f"new variant {kept.sku}"
