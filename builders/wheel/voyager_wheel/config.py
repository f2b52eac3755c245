"""The variable VOYAGER_WHEEL."""
import json

from .errors import Failure


def read(text):
    """The settings in the JSON text, checked: {"configSettings": dict, "findLinks": list, "package": dict or None}."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Failure(f"VOYAGER_WHEEL is not JSON: {error}")
    if not isinstance(value, dict) or set(value) - {"configSettings", "findLinks", "package"}:
        raise Failure("VOYAGER_WHEEL must be an object with configSettings, findLinks and package only")
    settings, links = value.get("configSettings") or {}, value.get("findLinks") or []
    if not isinstance(settings, dict) or not all(_is_setting(item) for item in settings.values()):
        raise Failure("configSettings must map names to texts or lists of texts")
    if not _is_texts(links):
        raise Failure("findLinks must be a list of paths")
    package = value.get("package")
    if package is not None and not (
        isinstance(package, dict)
        and set(package) == {"name", "version"}
        and all(isinstance(item, str) for item in package.values())
    ):
        raise Failure("package must be null or an object with name and version")
    return {"configSettings": settings, "findLinks": links, "package": package}


def _is_texts(value):
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_setting(value):
    return isinstance(value, str) or _is_texts(value)
