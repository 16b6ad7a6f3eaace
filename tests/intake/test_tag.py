"""The tag in a real browser: what it sends is what was in view, by the page's own clock."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from intake.tag import etag, headers, packed
from streams.events.campaign import Click, Exposure
from streams.events.decoding import read_campaign
from tests.intake.pages import KEY, slot, tag

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.intake.pages import Site
    from tests.intake.tabs import Tabs

pytestmark = [pytest.mark.browser]

HIGH = '<div class="high"></div>'
# Scrolling to 1700 px puts a slot between two high elements in the middle of the window.
SCROLLED = f"{HIGH}{{}}{HIGH}"
# The truth may be this many seconds away.
NEAR = 0.1
NEAR_COVERED = 0.25


def do(page: Page, steps: str) -> Any:
    """Run steps in the page, where `banner` is its advertisement; return what they return."""
    return page.evaluate(f"async () => {{ {steps} }}")


def view(event: dict[str, Any]) -> tuple[float | None, float | None]:
    return event["data"].get("pixels"), event["data"].get("seconds")


def assert_near(event: dict[str, Any], truth: dict[str, float], within: float = NEAR) -> None:
    pixels, seconds = view(event)
    assert pixels == pytest.approx(truth["pixels"], abs=0.02)
    assert seconds == pytest.approx(truth["seconds"], abs=within)


# What is measured.


def test_the_longest_time_in_view(page: Page, site: Site) -> None:
    page.goto(site.page(SCROLLED.format(slot()) + tag()))
    truth = do(
        page,
        """
        const watched = watch(banner);
        for (const [top, ms] of [[1700, 300], [0, 200], [1700, 1200], [0, 200], [1800, 500]]) {
          scrollTo(0, top);
          await stay(ms);
        }
        const truth = watched.end();
        banner.remove();
        return truth;
        """,
    )
    assert 1.1 < truth["seconds"] < 5
    (event,) = site.events(1)
    assert_near(event, truth)
    assert view(event)[0] == 1


def test_the_event_is_one_that_flowdrop_reads(page: Page, site: Site) -> None:
    page.goto(site.page(slot() + tag()))
    do(page, "await stay(100); banner.remove()")
    (event,) = site.events(1)
    read = read_campaign(b"cj:900", msgspec.json.encode(event))
    assert isinstance(read, Exposure)
    data = read.data
    assert (data.campaign, data.channel, data.creative, data.format) == (
        *("spring", "site", "banner"),
        "display",
    )
    assert (read.source, read.subject, data.paid, data.cost) == (site.url, "cj:900", False, None)
    (post,) = site.posts
    assert post.kind.startswith("text/plain")
    assert post.origin == site.url
    assert json.loads(post.body)["key"] == KEY


@pytest.mark.parametrize(
    ("shape", "share"), [("display", 0.5), ("large_display", 0.3), ("video", 0.5)]
)
def test_the_share_that_counts_is_the_formats(
    page: Page, site: Site, shape: str, share: float
) -> None:
    page.goto(site.page(SCROLLED.format(slot(shape=shape)) + tag()))
    truth = do(
        page,
        """
        const watched = watch(banner, 0.4);
        scrollTo(0, 1500);  // 100 of 250 pixels
        await stay(400);
        const truth = watched.end();
        banner.remove();
        return truth;
        """,
    )
    assert truth["pixels"] == 0.4
    assert truth["seconds"] > 0.3
    (event,) = site.events(1)
    assert_near(event, truth if share < truth["pixels"] else {"pixels": 0.4, "seconds": 0})


def test_smooth_scrolling(page: Page, site: Site) -> None:
    page.goto(site.page(SCROLLED.format(slot()) + tag()))
    truth = do(
        page,
        """
        const watched = watch(banner);
        for (let top = 1200; top <= 2400; top += 20) {
          scrollTo(0, top);
          await new Promise(requestAnimationFrame);
        }
        const truth = watched.end();
        banner.remove();
        return truth;
        """,
    )
    assert truth["pixels"] == 1
    assert_near(site.events(1)[0], truth)


def test_a_slot_that_is_resized(page: Page, site: Site) -> None:
    page.goto(site.page(slot() + tag()))
    truth = do(
        page,
        """
        await stay(400);
        banner.style.height = "1400px";  // less than half of it fits the window
        await stay(400);
        banner.style.height = "250px";
        await stay(300);
        const truth = early.end();
        banner.remove();
        return truth;
        """,
    )
    assert_near(site.events(1)[0], truth)


def test_a_window_that_is_resized(page: Page, site: Site) -> None:
    page.goto(site.page(slot() + tag()))
    do(page, "await stay(300)")
    page.set_viewport_size({"width": 800, "height": 100})
    do(page, "await stay(300)")
    page.set_viewport_size({"width": 800, "height": 500})
    truth = do(page, "await stay(600); const truth = early.end(); banner.remove(); return truth")
    assert_near(site.events(1)[0], truth)


def test_an_empty_slot_that_fills(page: Page, site: Site) -> None:
    page.goto(site.page(slot(style="empty") + tag()))
    truth = do(
        page,
        """
        const watched = watch(banner);
        await stay(500);
        banner.className = "slot";
        await stay(300);
        const truth = watched.end();
        banner.remove();
        return truth;
        """,
    )
    assert truth["seconds"] < 2
    assert_near(site.events(1)[0], truth)


def test_an_inline_link_is_measured_by_its_picture(page: Page, site: Site) -> None:
    link = slot(style="", inner='<canvas width="300" height="400"></canvas>')
    page.goto(site.page(link.replace("div", "a") + tag()))
    truth = do(
        page,
        """
        document.body.style.marginTop = "400px";  // the link's own line is out of view
        await stay(300);
        const truth = early.end();
        banner.remove();
        return truth;
        """,
    )
    assert_near(site.events(1)[0], truth)


@pytest.mark.parametrize("name", ["url", "other"])
def test_a_slot_in_an_iframe(page: Page, site: Site, name: str) -> None:
    """Of the page's own origin, and of another, where the page can't be looked at."""
    frame = f'<iframe id="frame" src="{getattr(site, name)}/inside"></iframe>'
    site.page(slot() + tag(), path="/inside")
    page.goto(site.page(SCROLLED.format(frame), csp="frame-src *"))
    truth = do(
        page,
        """
        const watched = watch(frame);
        for (const [top, ms] of [[1500, 300], [1700, 700], [0, 200]]) {
          scrollTo(0, top);
          await stay(ms);
        }
        return watched.end();
        """,
    )
    page.goto("about:blank")
    (event,) = site.events(1)
    assert_near(event, truth)
    assert event["source"] == getattr(site, name)


def test_a_video_counts_while_it_plays(page: Page, site: Site) -> None:
    video = slot(shape="video", inner='<video class="slot" muted></video>')
    page.goto(site.page(video + tag()))
    truth = do(
        page,
        """
        const [canvas, video] = [document.createElement("canvas"), banner.firstChild];
        const paint = canvas.getContext("2d");
        (function draw() { paint.fillRect(0, 0, 9, 9); requestAnimationFrame(draw); })();
        const told = (name) => new Promise((done) => video.addEventListener(name, done));
        await stay(300);
        video.srcObject = canvas.captureStream();
        const [playing, paused] = [told("playing"), told("pause")];
        video.play();
        const begin = (await playing).timeStamp;
        await stay(500);
        video.pause();
        const seconds = ((await paused).timeStamp - begin) / 1000;
        await stay(700);
        banner.remove();
        return { pixels: 1, seconds };
        """,
    )
    assert truth["seconds"] > 0.4
    assert_near(site.events(1)[0], truth)


# Tabs that are hidden: real ones, by the browser's own list of tabs.


def test_a_tab_that_is_hidden(tabs: Tabs, site: Site) -> None:
    site.scripts["/steps.js"] = """
        addEventListener("load", async () => {
          const note = (content) => navigator.sendBeacon("/note", JSON.stringify(content));
          document.addEventListener("visibilitychange", ({ timeStamp }) => {
            note({ [document.visibilityState]: early.end(timeStamp) });
          });
          await stay(700);
          note("seen");
        });
        """
    steps = tag() + '<script src="/steps.js"></script>'
    first = tabs.open(site.page(slot() + steps))
    site.wait(lambda: site.notes == ["seen"])
    tabs.open("about:blank")
    (event,) = site.events(1)
    site.wait(lambda: len(site.notes) == 2)
    assert_near(event, site.notes[1]["hidden"])
    # It is one impression, whenever somebody comes back to it.
    tabs.show(first)
    site.wait(lambda: len(site.notes) == 3)
    tabs.open(site.page(slot("second") + steps, path="/second"))
    site.wait(lambda: len(site.notes) == 5)  # the first is hidden again, the second was seen
    tabs.open("about:blank")
    assert [each["data"]["creative"] for each in site.events(2)] == ["banner", "second"]


def test_a_page_that_is_never_shown(page: Page, site: Site) -> None:
    page.add_init_script(
        "Object.defineProperty(Document.prototype, 'visibilityState', { get: () => 'hidden' })"
    )
    page.goto(site.page(slot() + tag()))
    do(page, "await stay(300); banner.remove()")
    assert view(site.events(1)[0]) == (0, 0)


# Covering.

COVER = """
const cover = document.createElement("div");
cover.className = "cover";
"""


def test_a_slot_that_is_covered(page: Page, site: Site) -> None:
    page.goto(site.page(slot() + tag()))
    truth = do(
        page,
        COVER
        + """
        await stay(600);
        document.body.append(cover);
        const truth = early.end();
        await stay(1000);
        banner.remove();
        return truth;
        """,
    )
    assert_near(site.events(1)[0], truth, NEAR_COVERED)


@pytest.mark.parametrize(
    "body",
    [slot() + '<div class="cover"></div>', f'<div class="clear">{slot()}</div>'],
    ids=["covered", "clear"],
)
def test_a_slot_that_nobody_sees(page: Page, site: Site, body: str) -> None:
    page.goto(site.page(body + tag()))
    do(page, "await stay(800); banner.remove()")
    assert view(site.events(1)[0]) == (0, 0)


def test_a_slot_that_is_uncovered(page: Page, site: Site) -> None:
    page.goto(site.page(slot() + '<div class="cover" id="cover"></div>' + tag()))
    truth = do(
        page,
        """
        await stay(500);
        cover.remove();
        const watched = watch(banner);
        await stay(600);
        const truth = watched.end();
        banner.remove();
        return truth;
        """,
    )
    assert_near(site.events(1)[0], truth, NEAR_COVERED)


@pytest.mark.parametrize("style", ["faint", "turned"])
def test_what_cannot_be_told_is_not_measured(page: Page, site: Site, style: str) -> None:
    page.goto(site.page(f'<div class="{style}">{slot()}</div>{tag()}'))
    do(page, "await stay(500); banner.remove()")
    assert view(site.events(1)[0]) == (None, None)


def test_what_is_covered_in_part_is_not_measured(page: Page, site: Site) -> None:
    page.goto(site.page(f'{slot()}<div class="bar"></div>{tag()}'))
    do(page, "await stay(500); banner.remove()")
    assert view(site.events(1)[0]) == (None, None)


def test_passing_below_a_bar_does_no_harm(page: Page, site: Site) -> None:
    page.goto(site.page(f'{SCROLLED.format(slot())}<div class="bar"></div>{tag()}'))
    truth = do(
        page,
        """
        const watched = watch(banner);
        scrollTo(0, 1700);
        await stay(900);
        const truth = watched.end();
        scrollTo(0, 2010);
        await stay(400);
        scrollTo(0, 0);
        await stay(100);
        banner.remove();
        return truth;
        """,
    )
    assert_near(site.events(1)[0], truth, NEAR_COVERED)


def test_a_page_around_that_cannot_be_looked_at(page: Page, site: Site) -> None:
    """It may alter what it shows; covered is for certain only what was visible before."""
    site.page(slot() + tag(), path="/inside")
    frame = f'<iframe src="{site.other}/inside"></iframe>'
    page.goto(site.page(f'<div class="faint">{frame}</div>', csp="frame-src *"))
    do(page, "await stay(500)")
    page.goto("about:blank")
    assert view(site.events(1)[0]) == (None, None)
    page.goto(site.page(SCROLLED.format(frame), path="/clear", csp="frame-src *"))
    truth = do(
        page,
        COVER
        + """
        const watched = watch(document.querySelector("iframe"));
        scrollTo(0, 1700);
        await stay(600);
        document.body.append(cover);
        const truth = watched.end();
        await stay(1200);
        return truth;
        """,
    )
    page.goto("about:blank")
    assert_near(site.events(2)[1], truth, NEAR_COVERED)


def test_what_cannot_be_told_for_a_moment_does_no_harm(page: Page, site: Site) -> None:
    around = f'<div id="around" class="faint">{slot()}</div>'
    page.goto(site.page(SCROLLED.format(around) + tag()))
    truth = do(
        page,
        """
        scrollTo(0, 1700);
        await stay(300);
        around.className = "";
        const watched = watch(banner);
        await stay(1000);
        const truth = watched.end();
        banner.remove();
        return truth;
        """,
    )
    assert_near(site.events(1)[0], truth, NEAR_COVERED)


def test_a_browser_that_cannot_tell(page: Page, site: Site) -> None:
    page.add_init_script("delete IntersectionObserverEntry.prototype.isVisible")
    page.goto(site.page(slot() + tag()))
    do(page, "await stay(300); banner.remove()")
    assert view(site.events(1)[0]) == (None, None)


# Which impressions there are.


def test_elements_that_come_later(page: Page, site: Site) -> None:
    page.goto(site.page('<div id="place"></div>' + tag()))
    do(
        page,
        """
        const made = (creative) => {
          const slot = document.createElement("div");
          slot.className = "slot";
          const names = { creative, campaign: "spring", channel: "app" };
          for (const name in names) slot.setAttribute("data-flowdrop-" + name, names[name]);
          return slot;
        };
        place.append(made("first"));
        const around = document.createElement("p");
        around.append(made("second"));
        place.append(around);
        await stay(200);
        place.remove();
        """,
    )
    first, second = site.events(2)
    assert [first["data"]["creative"], second["data"]["creative"]] == ["first", "second"]
    assert first["id"] != second["id"]
    assert all((view(each)[1] or 0) > 0 for each in (first, second))


def test_another_creative_in_the_same_slot_is_another_impression(page: Page, site: Site) -> None:
    page.goto(site.page(slot() + tag()))
    truths = do(
        page,
        """
        await stay(300);
        const truths = [early.end()];
        banner.setAttribute("data-flowdrop-creative", "next");
        const watched = watch(banner);
        await stay(600);
        truths.push(watched.end());
        banner.remove();
        return truths;
        """,
    )
    events = site.events(2)
    assert [each["data"]["creative"] for each in events] == ["banner", "next"]
    assert events[0]["time"] < events[1]["time"]
    for event, truth in zip(events, truths, strict=True):
        assert_near(event, truth)


def test_an_element_that_is_moved_or_comes_back_was_served_once(page: Page, site: Site) -> None:
    page.goto(site.page(f'{slot()}<div id="place"></div>{tag()}'))
    do(page, "window.kept = banner; place.append(banner); await stay(300)")
    assert site.posts == []
    do(page, "banner.remove()")
    (event,) = site.events(1)
    assert (view(event)[1] or 0) >= 0.25
    do(page, "place.append(kept); await stay(100); kept.remove(); await stay(100)")
    page.goto(site.page(slot("last") + tag(), path="/last"))
    page.goto("about:blank")
    assert [each["data"]["creative"] for each in site.events(2)] == ["banner", "last"]


def test_leaving_the_page_ends_all(page: Page, site: Site) -> None:
    count = 50  # in three requests
    page.goto(site.page("".join(slot(f"banner-{n}") for n in range(count)) + tag()))
    do(page, "await stay(200)")
    page.goto("about:blank")
    events = site.events(count)
    assert len({event["data"]["creative"] for event in events}) == count
    assert len(site.posts) == 3


def test_the_longest_names_fit_into_one_request(page: Page, site: Site) -> None:
    long = "\N{CJK UNIFIED IDEOGRAPH-6D41}" * 128  # three bytes each
    body = "".join(slot(f"{n:02}{long[2:]}") for n in range(20))
    body = body.replace('"spring"', f'"{long}"').replace('"site"', f'"{long}"')
    page.goto(site.page(body + tag(person=long)))
    page.goto("about:blank")
    for event in site.events(20):
        assert isinstance(read_campaign(long.encode(), msgspec.json.encode(event)), Exposure)
    (post,) = site.posts
    assert 30_000 < len(post.body) < 64_000


@pytest.mark.parametrize("attribute", ["campaign", "channel", "creative", "format"])
def test_an_advertisement_without_a_name_is_told(
    page: Page, site: Site, said: list[str], attribute: str
) -> None:
    body = slot("odd", shape="display") + slot()
    page.goto(site.page(re.sub(rf'({attribute})="[^"]*"', r'\1=""', body, count=1) + tag()))
    page.goto("about:blank")
    events = site.events(2 if attribute == "format" else 1)  # which is display if none is given
    assert events[-1]["data"]["creative"] == "banner"
    told = ["warning: flowdrop: not a valid advertisement"]
    assert [text.partition(" JSHandle")[0] for text in said] == (
        [] if attribute == "format" else told
    )
    said.clear()


# People and consent.

STORED = """
return [
  sessionStorage.length, localStorage.length, document.cookie, (await indexedDB.databases()).length,
];
"""


def test_without_consent_nothing_happens(page: Page, site: Site) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(site.url)))
    page.goto(site.page(slot() + tag(consent=False)))
    page.click("#banner")
    do(page, "await stay(300); banner.setAttribute('data-flowdrop-creative', 'next')")
    assert do(page, "banner.remove(); await stay(100);" + STORED) == [0, 0, "", 0]
    page.goto(site.page(slot("granted") + tag(), path="/granted"))
    page.goto("about:blank")
    (event,) = site.events(1)
    assert event["data"]["creative"] == "granted"
    files = ["/style.css", "/truth.js", "/flowdrop.js"]
    assert asked[:4] == ["/page", *files]
    assert set(asked[4:]) <= {"/granted", *files, "/v1/tag", "about:blank"}


def test_measuring_begins_with_consent(page: Page, site: Site) -> None:
    page.goto(site.page(slot() + tag(consent=False)))
    truth = do(
        page,
        """
        await stay(600);
        flowdrop.consent(true);
        const watched = watch(banner);
        await stay(300);
        const truth = watched.end();
        banner.remove();
        return truth;
        """,
    )
    assert_near(site.events(1)[0], truth)


def test_consent_that_is_withdrawn(page: Page, site: Site, said: list[str]) -> None:
    site.answers = [503]
    page.goto(site.page(slot() + slot("second") + tag()))
    do(page, "await stay(100); banner.remove()")
    page.wait_for_function("() => sessionStorage.length === 1")
    assert do(page, "flowdrop.consent(false);" + STORED) == [0, 0, "", 0]
    do(page, "second.click(); second.remove(); dispatchEvent(new Event('online'))")
    page.goto(site.page(slot("granted") + tag(), path="/granted"))
    page.goto("about:blank")
    events = site.events(2)
    assert [each["data"]["creative"] for each in events] == ["banner", "granted"]
    assert len(site.posts) == 2
    said.clear()


def test_the_person_is_whom_the_page_names(page: Page, site: Site) -> None:
    page.goto(site.page(slot() + tag(person=None)))
    do(page, "await stay(100); flowdrop.person(7); await stay(100); flowdrop.person('b')")
    (event,) = site.events(1)  # what was in view was the first one's
    assert event["subject"] == "7"
    page.click("#banner")
    assert site.events(1, "click")[0]["subject"] == "b"


# Clicks.


def test_clicks(page: Page, site: Site) -> None:
    link = '<a id="link" class="slot" href="/elsewhere"></a>'
    site.page("", path="/elsewhere")
    page.goto(site.page(slot(inner=link) + "<p id='outside'>text</p>" + tag()))
    do(page, "banner.click()")  # nobody's
    page.click("#outside")
    page.click("#link", button="right")
    do(page, "link.addEventListener('click', (event) => event.preventDefault(), { once: true })")
    page.click("#link")
    (first,) = site.events(1, "click")
    read = read_campaign(b"cj:900", msgspec.json.encode(first))
    assert isinstance(read, Click)
    assert first["data"] == {"campaign": "spring", "channel": "site", "creative": "banner"}
    page.click("#link")  # and the page goes
    page.wait_for_url("**/elsewhere")
    site.events(2, "click")
    site.events(1)


def test_a_double_click_is_one(page: Page, site: Site) -> None:
    page.goto(site.page(slot() + tag()))
    page.dblclick("#banner")
    page.goto("about:blank")
    site.events(1)
    site.events(1, "click")


# Sending.


@pytest.mark.parametrize("answer", [0, 429, 500, 503])
def test_what_fails_is_tried_again_as_the_same_event(
    page: Page, site: Site, said: list[str], answer: int
) -> None:
    site.answers = [answer, answer]
    page.goto(site.page(slot() + tag()))
    do(page, "await stay(100); banner.remove()")
    site.wait(lambda: len(site.posts) == 3)
    page.wait_for_function("() => sessionStorage.length === 0")
    site.events(1)
    assert len(site.posts) == 3
    said.clear()


def test_what_is_refused_is_not_tried_again(page: Page, site: Site, said: list[str]) -> None:
    site.answers = [403]
    page.goto(site.page(slot() + slot("second") + tag()))
    with page.expect_console_message(lambda message: message.text.startswith("flowdrop:")):
        do(page, "banner.remove()")
    assert said[-1] == "warning: flowdrop: refused 403"
    do(page, "second.remove()")
    site.events(2)
    assert [len(post.events) for post in site.posts] == [1, 1]
    said.clear()


def test_the_next_page_sends_what_an_earlier_one_could_not(
    page: Page, site: Site, said: list[str]
) -> None:
    page.goto(site.page(slot() + tag()))
    page.context.set_offline(offline=True)
    do(page, "await stay(100); banner.remove()")
    page.wait_for_function("() => sessionStorage.length === 1")
    assert site.posts == []
    page.context.set_offline(offline=False)
    page.route("**/v1/tag", lambda route: route.abort())
    page.goto(site.page(tag(), path="/next"))
    page.unroute("**/v1/tag")
    page.goto(site.page(tag(), path="/after"))
    site.events(1)
    page.wait_for_function("() => sessionStorage.length === 0")
    said.clear()


@pytest.mark.parametrize("beacon", ["() => false", "undefined"])
def test_a_beacon_that_is_not_taken(page: Page, site: Site, beacon: str) -> None:
    """A request outlives the page instead; the next page asks again, as nobody had the answer."""
    page.goto(site.page(slot() + tag()))
    do(page, f"navigator.sendBeacon = {beacon}; await stay(200)")
    page.goto(site.page(tag(), path="/next"))
    site.wait(lambda: len(site.posts) == 2)
    page.wait_for_function("() => sessionStorage.length === 0")
    (event,) = site.events(1)
    assert view(event)[0] == 1


def test_a_page_that_may_not_store(page: Page, site: Site, said: list[str]) -> None:
    site.answers = [503]
    page.goto(site.page(slot() + tag(), csp="sandbox allow-scripts"))
    do(page, "await stay(100); banner.remove()")
    site.wait(lambda: len(site.posts) == 2)
    (event,) = site.events(1)
    assert event["source"] == "null"
    said.clear()


def test_another_endpoint(page: Page, site: Site) -> None:
    own = tag().replace("<script", f'<script data-flowdrop-url="{site.other}/from/"')
    page.goto(site.page(slot() + own, csp=""))
    with page.expect_request(f"{site.other}/from/v1/tag"):
        do(page, "banner.remove()")
    site.events(1)


def test_the_script_twice_measures_once(page: Page, site: Site) -> None:
    page.goto(site.page(slot() + tag() + tag()))
    page.goto("about:blank")
    site.events(1)


# The file.


def test_it_is_small() -> None:
    assert len(packed()) < 4_000


def test_its_headers() -> None:
    told = headers()
    assert told["ETag"] == etag()
    assert etag().startswith('W/"')
    assert told["Content-Type"].startswith("text/javascript")
    assert "max-age=3600" in told["Cache-Control"]
    assert told["Access-Control-Allow-Origin"] == "*"
