"""What a person is shown who comes back from the Webasyst account, in English and Russian."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    CONNECTED = "connected"
    DENIED = "denied"
    EXPIRED = "expired"
    FOREIGN = "foreign"
    NO_CODE = "no_code"
    CHANGED = "changed"
    CODE_REFUSED = "code_refused"
    STORE_FAILED = "store_failed"
    RIGHTS_MISSING = "rights_missing"


@dataclass(frozen=True, slots=True)
class Landing:
    """`redirect` is set when all went well. `forget` is the Set-Cookie value that ends the attempt. Texts are plain, to be escaped."""

    reason: Reason
    language: str
    title: str
    text: str
    link: str
    link_text: str
    forget: str
    redirect: str = ""
    detail: str = ""


_TEXTS = {
    Reason.CONNECTED: ("Connected", "The shop is connected.", "Подключено", "Магазин подключён."),
    Reason.DENIED: (
        "Access was not given",
        "You pressed Cancel, or your user may not give access. Nothing was changed. Begin again when you want to connect.",
        "Доступ не предоставлен",
        "Вы нажали «Отмена», или у вашего пользователя нет права давать доступ. Ничего не изменилось. Начните заново, когда захотите подключить магазин.",
    ),
    Reason.EXPIRED: (
        "This address is used up",
        "It works once and for ten minutes. Open the console and press Get token again.",
        "Эта ссылка больше не действует",
        "Она работает один раз и десять минут. Откройте консоль и снова нажмите «Получить токен».",
    ),
    Reason.FOREIGN: (
        "Begun in another browser",
        "This attempt was not begun in this browser, so nothing was connected. Open the console here and press Get token.",
        "Начато в другом браузере",
        "Эта попытка начата не в этом браузере, поэтому ничего не подключено. Откройте консоль здесь и нажмите «Получить токен».",
    ),
    Reason.NO_CODE: (
        "The account sent no code",
        "The answer of the Webasyst account is incomplete. Open the console and press Get token again.",
        "Аккаунт не прислал код",
        "Ответ аккаунта Webasyst неполон. Откройте консоль и снова нажмите «Получить токен».",
    ),
    Reason.CHANGED: (
        "The settings have changed meanwhile",
        "The account address is no longer the one that was asked. Open the console and press Get token again.",
        "Настройки за это время изменились",
        "Адрес аккаунта уже не тот, у которого запрашивали доступ. Откройте консоль и снова нажмите «Получить токен».",
    ),
    Reason.CODE_REFUSED: (
        "The account refused the code",
        "The code is not from this account, or more than three minutes passed. Open the console and press Get token again.",
        "Аккаунт не принял код",
        "Код выдан не этим аккаунтом, или прошло больше трёх минут. Откройте консоль и снова нажмите «Получить токен».",
    ),
    Reason.STORE_FAILED: (
        "The account could not be reached",
        "Access was given, but the token could not be fetched. Check the account address, then press Get token again.",
        "Не удалось связаться с аккаунтом",
        "Доступ предоставлен, но токен получить не удалось. Проверьте адрес аккаунта и снова нажмите «Получить токен».",
    ),
    Reason.RIGHTS_MISSING: (
        "Rights are missing",
        "The user who approved may not do all that the sync needs. Give full rights in the Shop app, or approve as another user.",
        "Не хватает прав",
        "Пользователь, давший доступ, может не всё, что нужно для синхронизации. Дайте полные права в приложении «Магазин» или войдите под другим пользователем.",
    ),
}


def landing(reason: Reason, language: str, console: str, *, forget: str, detail: str = "") -> Landing:
    english_title, english, russian_title, russian = _TEXTS[reason]
    if language == "ru":
        title, text, link_text = russian_title, russian, "Открыть консоль"
    else:
        title, text, link_text, language = english_title, english, "Open the console", "en"
    redirect = console if reason is Reason.CONNECTED else ""
    return Landing(reason, language, title, text, console, link_text, forget, redirect, detail)
