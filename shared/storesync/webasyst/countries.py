"""ISO 3166: CS-Cart speaks alpha-2, Webasyst alpha-3 in lower case."""

_PAIRS = (
    "AD:and AE:are AF:afg AG:atg AL:alb AM:arm AO:ago AR:arg AT:aut AU:aus AZ:aze BA:bih BB:brb BD:bgd BE:bel BF:bfa BG:bgr BH:bhr BI:bdi "
    "BJ:ben BN:brn BO:bol BR:bra BS:bhs BT:btn BW:bwa BY:blr BZ:blz CA:can CD:cod CF:caf CG:cog CH:che CI:civ CL:chl CM:cmr CN:chn CO:col "
    "CR:cri CU:cub CV:cpv CY:cyp CZ:cze DE:deu DJ:dji DK:dnk DM:dma DO:dom DZ:dza EC:ecu EE:est EG:egy ER:eri ES:esp ET:eth FI:fin FJ:fji "
    "FR:fra GA:gab GB:gbr GD:grd GE:geo GH:gha GM:gmb GN:gin GQ:gnq GR:grc GT:gtm GW:gnb GY:guy HK:hkg HN:hnd HR:hrv HT:hti HU:hun ID:idn "
    "IE:irl IL:isr IN:ind IQ:irq IR:irn IS:isl IT:ita JM:jam JO:jor JP:jpn KE:ken KG:kgz KH:khm KM:com KP:prk KR:kor KW:kwt KZ:kaz LA:lao "
    "LB:lbn LI:lie LK:lka LR:lbr LS:lso LT:ltu LU:lux LV:lva LY:lby MA:mar MC:mco MD:mda ME:mne MG:mdg MK:mkd ML:mli MM:mmr MN:mng MR:mrt "
    "MT:mlt MU:mus MV:mdv MW:mwi MX:mex MY:mys MZ:moz NA:nam NE:ner NG:nga NI:nic NL:nld NO:nor NP:npl NZ:nzl OM:omn PA:pan PE:per PG:png "
    "PH:phl PK:pak PL:pol PT:prt PY:pry QA:qat RO:rou RS:srb RU:rus RW:rwa SA:sau SC:syc SD:sdn SE:swe SG:sgp SI:svn SK:svk SL:sle SM:smr "
    "SN:sen SO:som SR:sur SV:slv SY:syr SZ:swz TD:tcd TG:tgo TH:tha TJ:tjk TM:tkm TN:tun TR:tur TT:tto TW:twn TZ:tza UA:ukr UG:uga US:usa "
    "UY:ury UZ:uzb VA:vat VE:ven VN:vnm YE:yem ZA:zaf ZM:zmb ZW:zwe"
)


def _table() -> dict[str, str]:
    return dict(pair.split(":") for pair in _PAIRS.split())


def alpha3(code: str) -> str:
    """An unknown code is passed on as it is: an address is never lost over its country."""
    return _table().get(code.strip().upper(), code.strip().lower())


def alpha2(code: str) -> str:
    back = {three: two for two, three in _table().items()}
    return back.get(code.strip().lower(), code.strip().upper())
