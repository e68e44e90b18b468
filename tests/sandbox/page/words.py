"""The page's words, in English and in Russian."""

from collections.abc import Mapping

ENGLISH = {
    "title": "Two shops, side by side",
    "lead": "Edit either side and watch it arrive in the other. Changes of orders travel at once, changes of products within seconds.",
    "products": "Products", "orders": "Orders", "name": "Name", "price": "Price", "stock": "In stock", "sku": "SKU", "status": "Status",
    "save": "Save", "add": "Add a product", "add_in": "Add to", "place": "Place an order in CS-Cart", "place_button": "Place the order",
    "buyer": "Buyer", "email": "E-mail", "comment": "Comment", "product": "Product", "amount": "Amount", "choose": "choose",
    "total": "Total", "move": "Move", "move_to": "move on …", "search": "Search by name or SKU", "find": "Find", "all": "Show all",
    "arrivals": "Just now", "no_arrivals": "Nothing has changed since this page was opened.", "arrived": "arrived in", "changed": "changed in",
    "new": "new", "in_step": "Both shops show the same.", "differ": "on the way: {n}", "not_there": "not there", "console": "Console",
    "sign_in": "it asks for", "page": "Page {n} of {of}", "newer": "Back", "older": "Next", "empty": "There is nothing here yet.",
    "nothing_found": "Nothing is called that.", "silent": "{store} does not answer: {why}", "variant": "variant", "shown": "{n} SKUs",
    "saved": "Saved.", "same": "Nothing was changed.", "added": "The product is added.", "placed": "The order is placed.",
    "moved": "The status is changed.", "not_offered": "The shop does not offer that for an order in this state.",
    "mistyped": "Check this field: {field}.", "refused": "The shop refused: {why}", "uncounted": "not counted", "language": "Русский",
    "products_field": "products", "process": "process", "ship": "ship", "complete": "complete", "delete": "delete", "equal": "same", "unequal": "on its way",
}  # fmt: skip
RUSSIAN = {
    "title": "Два магазина рядом",
    "lead": "Измените что-нибудь слева или справа и посмотрите, как это придёт в другой магазин. Заказы приходят сразу, товары — за секунды.",
    "products": "Товары", "orders": "Заказы", "name": "Название", "price": "Цена", "stock": "Остаток", "sku": "Артикул", "status": "Статус",
    "save": "Сохранить", "add": "Добавить товар", "add_in": "Куда", "place": "Оформить заказ в CS-Cart", "place_button": "Оформить",
    "buyer": "Покупатель", "email": "E-mail", "comment": "Комментарий", "product": "Товар", "amount": "Количество", "choose": "выберите",
    "total": "Сумма", "move": "Применить", "move_to": "действие …", "search": "Поиск по названию или артикулу", "find": "Найти", "all": "Показать все",
    "arrivals": "Только что", "no_arrivals": "С открытия страницы ничего не изменилось.", "arrived": "пришло в", "changed": "изменено в",
    "new": "новое", "in_step": "В обоих магазинах одно и то же.", "differ": "в пути: {n}", "not_there": "нет", "console": "Консоль",
    "sign_in": "спросит код", "page": "Страница {n} из {of}", "newer": "Назад", "older": "Дальше", "empty": "Здесь пока ничего нет.",
    "nothing_found": "Ничего не найдено.", "silent": "{store} не отвечает: {why}", "variant": "вариант", "shown": "артикулов: {n}",
    "saved": "Сохранено.", "same": "Ничего не изменилось.", "added": "Товар добавлен.", "placed": "Заказ оформлен.",
    "moved": "Статус изменён.", "not_offered": "Для заказа в этом статусе магазин такого не предлагает.",
    "mistyped": "Проверьте поле: {field}.", "refused": "Магазин отказал: {why}", "uncounted": "не считается", "language": "English",
    "products_field": "товары", "process": "в обработку", "ship": "отправить", "complete": "выполнить", "delete": "удалить", "equal": "одинаково", "unequal": "в пути",
}  # fmt: skip
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "ru": RUSSIAN}
STORE_NAMES = {"cscart": "CS-Cart", "webasyst": "Webasyst"}


def language_of(wanted: str, accepted: str) -> str:
    """The one asked for, else the first that the browser accepts."""
    if wanted in LANGUAGES:
        return wanted
    return "ru" if accepted.strip().lower().startswith("ru") else "en"
