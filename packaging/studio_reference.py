"""The page of the Studio: menus with keys, keys of photo, sliders and timeline, settings, sliders, presets."""

from __future__ import annotations

from collections.abc import Iterator

from reference import table


def studio_page() -> str:
    """From the window's own tables and the shipped model."""
    return "\n".join([*_menus(), *_fixed_keys(), *_settings(), *_sliders(), *_presets()])


def _menus() -> Iterator[str]:
    from fvae_studio.gui.actions import ACTION_ROWS, MENU_TITLES, plain_text

    yield "# Studio: menus, keys, settings, sliders\n"
    yield "Keys can be changed under **Help > Keyboard shortcuts**; here are the defaults. On a Mac, Ctrl is ⌘.\n"
    yield "## Menus\n"
    titles = {str(menu): title for menu, title in MENU_TITLES.items()}
    nested = {"compare": "view", "overlay": "view", "theme": "view"}
    for menu, title in MENU_TITLES.items():
        rows = [row for row in ACTION_ROWS if row.menu == menu]
        parent = nested.get(menu)
        path = plain_text(title) if parent is None else f"{plain_text(titles[parent])} > {plain_text(title)}"
        yield f"### {path}\n"
        yield table(
            ("command", "keys", ""),
            (
                (plain_text(row.text), _keys(row.keys), row.tip if row.tip != plain_text(row.text) else "")
                for row in rows
            ),
        )


def _fixed_keys() -> Iterator[str]:
    from fvae_studio.gui.dialogs.shortcuts import FIXED_KEYS

    yield "## Keys that are always the same\n"
    for title, rows in FIXED_KEYS:
        yield f"### {title}\n"
        yield table(("", "keys"), ((text, keys.replace("\\", "\\\\")) for text, keys in rows))


def _settings() -> Iterator[str]:
    from fvae_studio.settings import DEFAULTS, OPTIONS

    yield "## Settings\n"
    yield "**Edit > Settings** (`Ctrl+,`). Every change works at once, unless something else is said.\n"
    rows = []
    for option in OPTIONS:
        default = DEFAULTS.value(option.key)
        if option.kind == "choice":
            values = ", ".join(text for _, text in option.choices)
            shown = dict(option.choices)[default]
        elif option.kind == "number":
            values, shown = f"{option.least} to {option.most} {option.unit}", f"{default} {option.unit}"
        elif option.kind == "switch":
            values, shown = "on, off", "on" if default else "off"
        else:
            values, shown = "a file", "none"
        rows.append((option.section, option.label, values, shown, option.help))
    yield table(("", "setting", "values", "default", ""), rows)


def _sliders() -> Iterator[str]:
    from fvae_studio.model.registry import list_models
    from fvae_studio.model.weights import read_weights

    default = next(info for info in list_models() if info.is_default)
    # The file itself, without a person's own sliders.
    model = read_weights(default.path)
    yield "## Sliders\n"
    yield (
        f"Of the model that ships with the program, {default.name}. In the Studio 100 is the full expression, on the "
        "command line and in Python 1. Between the two numbers of the trusted range results were checked; beyond it, "
        "look closely.\n"
    )
    rows = []
    for one in model.directions.values():
        low, high = one.trusted
        rows.append((one.group, one.label, f"`{one.name}`", f"{low * 100:.0f} to {high * 100:.0f}", one.description))
    yield table(("group", "slider", "name in commands", "trusted range", ""), rows)


def _presets() -> Iterator[str]:
    from fvae_studio.core.presets import BUILT_IN

    yield "## Presets\n"
    yield table(
        ("preset", "sliders"),
        ((one.name, ", ".join(f"`{name}` {value * 100:.0f}" for name, value in one.strengths)) for one in BUILT_IN),
    )


def _keys(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)
