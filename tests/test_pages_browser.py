"""Pages in a real browser: at three widths, in light and dark, with and without script, by keyboard, for everyone.

Chromium is that of the system or of `make servers`; where there is none, or no Playwright, the tests are skipped.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ROOT
from tests.endpoints.browser import chromium_program, environment
from tests.servers import started

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow  # starts a server and a browser
AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (320, 768, 1440)  # the first is that to which WCAG asks pages to fit (1.4.10)
KINDS = {
    "home": "/",
    "list": "/interventions?country=BEL&country=FRA&q=school",
    "nothing": "/interventions?q=xyzzyqqq&country=Atlantis",
    "search": "/search?q=coaching",
    "intervention": "/doc/intervention/expairs-project",
    "findings": "/doc/intervention/check-and-connect",
    "approach": "/voc/approach/second-chance-measures",
    "theme": "/voc/theme/leadership",
    "place": "/voc/place/BEL",
    "scheme": "/voc/stage",
    "actor": "/doc/agent/university-of-mons",
    "ontology": "/ont",
    "data set": "/dataset/interventions",
    "catalogue": "/catalog",
    "files": "/dumps/",
    "queries": "/queries",
    "query": "/queries/success-factor-themes?country=BEL",
    "query refused": "/queries/interventions?country=Atlantis",
    "query as data": "/doc/query/interventions",
    "gap map": "/gap-map",
    "what works": "/what-works",
    "compare": "/compare?key=youthreach&key=expairs-project&key=check-and-connect",
    "network": "/network?of=expairs-project",
    "error": "/nowhere",
    "sparql": "/sparql",
    "api": "/api",
    "french": "/doc/intervention/expairs-project?lang=fr",
    "german": "/interventions?lang=de",
    "french list": "/interventions?lang=fr&q=school",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a server of the shipped collection."""
    with started() as (address, _):
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A browser without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not there")
    program = chromium_program()
    if program is None:
        pytest.skip("Chromium is not in build/servers; run: make servers")
    with playwright.sync_playwright() as started_:
        arguments = [
            "--no-sandbox",
            "--disable-gpu",
        ]  # pages of ours alone are opened, and machines of tests have no user
        opened = started_.chromium.launch(executable_path=program, args=arguments, env=environment())
        yield opened
        opened.close()


@pytest.fixture
def page(browser: "Browser", address: str) -> Iterator["Page"]:
    """A page that notes what goes wrong in it, and what it asks of other hosts."""
    context = browser.new_context(base_url=address, reduced_motion="reduce")
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda asked: None if asked.url.startswith((address, "data:")) else wrong.append(asked.url))
    yield opened
    context.close()
    assert [each for each in wrong if "status of 4" not in each] == []  # a page that is none has its status


def violations(page: "Page", rules: dict[str, Any]) -> list[Any]:
    """Return what axe finds; it is run beside the page, whose policy lets no other script in."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE})
    # Without preload: axe would write the style sheets of the editor into the page, which the policy does not let it.
    options = f"{{preload: false, runOnly: {json.dumps(rules)}}}"
    ask = f"axe.run(document, {options}).then(found => JSON.stringify(found.violations))"
    asked = {"expression": ask, "awaitPromise": True, "returnByValue": True}
    found = json.loads(session.send("Runtime.evaluate", asked)["result"]["value"])
    session.detach()
    return [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_page_is_for_everyone(page: "Page", kind: str) -> None:
    """No page is wider than the screen or asks other hosts; none breaks a rule of accessibility, in light or dark."""
    for width, scheme in zip(WIDTHS, ("light", "dark", "light"), strict=True):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(KINDS[kind])
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (kind, width, over) == (kind, width, 0)
        if width != WIDTHS[-1]:
            # Other colours break no other rule.
            asked = (
                {"type": "tag", "values": RULES}
                if scheme == "light"
                else {"type": "rule", "values": ["color-contrast"]}
            )
            assert (kind, width, violations(page, asked)) == (kind, width, [])


def test_facets_change_a_part_of_the_page(page: "Page") -> None:
    """To tick a value changes the list and the address, without leaving the page; going back undoes it."""
    page.goto("/interventions")
    page.evaluate("window.stays = true")
    page.check("#f-country-DEU")
    page.wait_for_selector(".chip")
    assert "country=DEU" in page.url
    page.locator("details.facet", has_text="Stage").locator("summary").first.click()
    page.check("#f-stage-mainstreamed")
    page.locator(".chip").nth(1).wait_for()
    count = page.locator(".head strong").inner_text()
    page.select_option("select[name=sort]", "newest")
    page.wait_for_url("**sort=newest**")
    assert page.locator(".head strong").inner_text() == count
    assert page.evaluate("window.stays") is True
    page.go_back()
    page.wait_for_url(lambda address: "newest" not in address)
    page.fill("input[name=q]", "coaching")
    page.press("input[name=q]", "Enter")
    page.wait_for_url("**q=coaching**")
    assert page.locator(".chip").count() == 3
    page.locator(".chip", has_text="coaching").click()
    page.wait_for_url(lambda address: "coaching" not in address)


def test_everything_works_without_script(browser: "Browser", address: str) -> None:
    """A browser that runs no script finds, chooses, asks and compares."""
    context = browser.new_context(base_url=address, java_script_enabled=False)
    opened = context.new_page()
    opened.goto("/interventions")
    opened.check("#f-country-DEU")
    opened.click("button:has-text('Show results')")
    assert "country=DEU" in opened.url
    boxes = opened.locator("input[name=key]")
    boxes.nth(0).check()
    boxes.nth(2).check()
    opened.click("text=Compare the ones I ticked")
    assert opened.locator(".side-by-side thead th").count() == 2
    opened.goto("/queries/related")
    opened.fill("input[name=intervention]", "youthreach")
    opened.click("button:has-text('Ask')")
    assert opened.locator("#answer tbody tr").count() > 0
    opened.goto("/gap-map")
    opened.select_option("select[name=rows]", "country")
    opened.click("form.ask button")
    opened.locator("td.shade-1 a").first.click()
    assert opened.locator(".entry").count() > 0
    context.close()


def test_the_keyboard_is_enough(page: "Page") -> None:
    """The first stop leads to the content; every stop is seen, and none is a trap."""
    page.set_viewport_size({"width": 1200, "height": 800})
    page.goto("/interventions")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().width") > 20
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "(() => { const it = document.activeElement, box = it.getBoundingClientRect();"
                " const style = getComputedStyle(it);"
                " return [it.outerHTML.slice(0, 90), box.width > 0 && box.height > 0,"
                " style.outlineStyle !== 'none' || style.boxShadow !== 'none'] })()"
            )
        )
    assert len({html for html, _, _ in seen}) > 50
    assert [html for html, is_there, is_marked in seen if not (is_there and is_marked)] == []
    page.locator("#f-country-DEU").focus()
    page.keyboard.press("Space")
    page.wait_for_selector(".chip")


def test_the_editor_completes_asks_and_says_what_is_wrong(page: "Page") -> None:
    """Terms of the model are completed; the answer stands below, with links; a slip is told; axe finds nothing."""
    page.goto("/sparql?from=countries")
    text = page.locator(".editor .cm-content")
    assert "COUNT(DISTINCT" in text.inner_text()
    text.press("Control+a")
    page.keyboard.press("Delete")  # to type over it would let the browser write styles, which the policy refuses
    page.keyboard.type("SELECT ?it WHERE { ?it ww:hasSucc")
    page.locator(".cm-tooltip-autocomplete li", has_text="ww:hasSuccessFactor").first.wait_for()
    assert violations(page, {"type": "tag", "values": RULES}) == []
    page.wait_for_timeout(100)  # what is offered is taken only when it has been there for a moment
    page.keyboard.press("Enter")
    page.keyboard.type(" ?factor } LIMIT 3")
    page.keyboard.press("Control+Enter")
    page.locator("#answer tbody tr").nth(2).wait_for()
    assert "hasSuccessFactor ?factor" in text.inner_text()
    assert page.locator("#answer td a").first.get_attribute("href").startswith("/id/intervention/")  # type: ignore[union-attr]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, {"type": "tag", "values": RULES}) == []
    kept = page.url
    text.press("Control+End")
    page.keyboard.type(" }")
    page.click("#here")
    page.locator("#answer .notice").wait_for()
    assert page.evaluate("document.activeElement.className") == "editor"
    page.goto("about:blank")
    page.goto(kept)  # the address holds the query
    assert "LIMIT 3" in text.inner_text()


def test_print_leaves_out_what_is_for_screens(page: "Page") -> None:
    """On paper there are no menus and no facets, and the text is there."""
    page.emulate_media(media="print")
    page.goto("/doc/intervention/expairs-project")
    assert not page.locator("header.top nav").first.is_visible()
    assert page.locator("#factors").is_visible()
    page.goto("/interventions")
    assert not page.locator(".side").is_visible()
    assert page.locator(".entry").first.is_visible()


def test_paper_is_white_whatever_the_screen_is(page: "Page") -> None:
    """Who prints from a dark screen gets dark letters on white, and no forms to fill in."""
    for path in ("/doc/intervention/expairs-project", "/gap-map", "/queries/success-factor-themes"):
        colours = []
        for scheme in ("light", "dark"):
            page.emulate_media(media="print", color_scheme=scheme)
            page.goto(path)
            of = "it => { const style = getComputedStyle(it); return [style.color, style.backgroundColor] }"
            colours.append(
                page.locator("h1, main p, main td, main dt, main a, .key, .card").evaluate_all(f"all => all.map({of})")
            )
        assert len(colours[0]) > 20
        assert colours[0] == colours[1]
        assert not page.locator("main form button").first.is_visible()
