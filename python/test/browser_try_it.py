# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""The page of samples/python/try_it in headless Chromium: browser_try_it.py [FOLDER for screenshots]

Exit code 77: skipped, as a package or the browser is missing."""

import base64
import importlib.util
import io
import pathlib
import shutil
import sys
import tempfile
import unittest

from try_it_server import MISSING, PORTRAITS, Server

MISSING = MISSING + [package for package in ("selenium",) if importlib.util.find_spec(package) is None] + [
    program for program in ("chromium", "chromedriver") if not shutil.which(program)]
if not MISSING:
    from PIL import Image
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

SECONDS = 120
SHOTS = None  # folder for screenshots, or None
DESKTOP, PHONE = (1280, 900), (390, 844)
# Gives the file, in base64, to the page as if it were dropped there.
DROP = """
const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));
const data = new DataTransfer();
data.items.add(new File([bytes], arguments[1]));
const drop = new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
document.getElementById("drop").dispatchEvent(drop);
"""
SLIDE = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}));"


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.downloads = pathlib.Path(folder.name)
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {"download.default_directory": folder.name})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.binary_location = shutil.which("chromium")
        cls.browser = webdriver.Chrome(service=webdriver.chrome.service.Service(shutil.which("chromedriver")),
                                       options=options)
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.open(DESKTOP)

    def tearDown(self):
        said = [entry["message"] for entry in self.browser.get_log("browser")
                if "the server responded with a status of 4" not in entry["message"]]
        self.assertEqual(said, [])

    def open(self, size):
        """The page at a width; a window cannot be as narrow as a phone, what it shows can"""
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": size[0], "height": size[1], "deviceScaleFactor": 1,
                                      "mobile": size == PHONE})
        self.browser.get(self.server.url)

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def wait(self, condition):
        WebDriverWait(self.browser, SECONDS).until(lambda _: condition())

    def drop(self, content, name="photo.jpg"):
        self.browser.execute_script(DROP, base64.b64encode(content).decode(), name)

    def drop_portrait(self, name="man-bald"):
        self.drop((PORTRAITS / (name + ".jpg")).read_bytes(), name + ".jpg")
        self.wait(lambda: "found" in self.find("#status").text)
        self.wait(lambda: self.browser.execute_script("return [...document.images].every((i) => i.complete && "
                                                      "i.naturalWidth)"))

    def screenshot(self, name):
        if SHOTS:
            height = self.browser.execute_script("return document.documentElement.scrollHeight")
            shot = self.browser.execute_cdp_cmd("Page.captureScreenshot", {
                "captureBeyondViewport": True,
                "clip": {"x": 0, "y": 0, "width": self.browser.execute_script("return innerWidth"), "height": height,
                         "scale": 1}})
            (SHOTS / (name + ".png")).write_bytes(base64.b64decode(shot["data"]))

    def opposite(self):
        return self.browser.execute_script("return document.querySelector('#opposite img').src")

    def check_error(self, reason):
        self.wait(lambda: self.find("#error").is_displayed())
        self.assertIn(reason, self.find("#error").text)
        self.assertFalse(self.find("#results").is_displayed())

    def check_fits(self):
        self.assertLessEqual(*self.browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]"))

    def test_drop(self):
        self.screenshot("empty")
        self.drop_portrait()
        figures = {f.get_attribute("id"): f for f in self.browser.find_elements(By.TAG_NAME, "figure")}
        self.assertEqual(list(figures), ["original", "same", "neutral", "opposite"])
        self.assertEqual(len({f.location["y"] for f in figures.values()}), 1)  # side by side
        self.assertIn("male,", figures["original"].text)
        self.assertNotIn("female,", figures["original"].text)
        self.assertIn("female,", figures["opposite"].text)
        self.check_fits()
        self.screenshot("desktop")

    def test_sample_and_gender(self):
        self.find("#sample").click()
        self.wait(lambda: "1 face" in self.find("#status").text)
        self.assertIn("female,", self.find("#original").text)
        before = self.opposite()
        self.find("#label option[value=male]").click()
        self.wait(lambda: self.opposite() != before)

    def test_slide(self):
        self.drop_portrait("woman-glasses")
        before = self.opposite()
        self.browser.execute_script(SLIDE, self.find("#strength"), "0.5")
        self.assertEqual(self.find("#strength-value").text, "0.5")
        self.wait(lambda: self.opposite() != before)

    def test_several_faces_are_numbered(self):
        group = Image.new("RGB", (640, 384))
        for i, name in enumerate(("man-bald", "woman-curls")):
            group.paste(Image.open(PORTRAITS / (name + ".jpg")), (320 * i, 0))
        content = io.BytesIO()
        group.save(content, "PNG")
        self.drop(content.getvalue())
        self.wait(lambda: "2 faces" in self.find("#status").text)
        self.assertEqual([n.text for n in self.browser.find_elements(By.CSS_SELECTOR, "#same .picture b")], ["1", "2"])
        self.screenshot("group")

    def test_download(self):
        self.drop_portrait()
        self.find("#opposite .download").click()
        path = self.downloads / "man-bald-opposite.jpg"
        self.wait(path.exists)
        with Image.open(path) as image:
            self.assertEqual(image.size, (320, 384))

    def test_errors(self):
        self.drop(b"This is text.", "notes.txt")
        self.check_error("not an image")
        self.screenshot("error")
        content = io.BytesIO()
        Image.new("RGB", (300, 200), "green").save(content, "PNG")
        self.drop(content.getvalue(), "meadow.png")
        self.check_error("No face was found")
        content = io.BytesIO()
        Image.new("1", (9000, 9000)).save(content, "PNG")
        self.drop(content.getvalue(), "large.png")
        self.check_error("9000 x 9000 pixels")
        self.drop_portrait()
        self.assertFalse(self.find("#error").is_displayed())

    def test_keyboard(self):
        self.find("#file").send_keys(str(PORTRAITS / "woman-curls.jpg"))  # what Enter on the focused field leads to
        self.wait(lambda: "1 face" in self.find("#status").text)
        unnamed = self.browser.execute_script("return [...document.querySelectorAll('input, select')].filter((e) => "
                                              "!e.labels.length).length")
        self.assertEqual(unnamed, 0)
        self.assertEqual(self.browser.execute_script("return [...document.images].filter((i) => !i.alt).length"), 0)

    def test_phone(self):
        self.open(PHONE)
        self.drop_portrait("woman-curls")
        self.check_fits()
        self.assertEqual(len({f.location["y"] for f in self.browser.find_elements(By.TAG_NAME, "figure")}),
                         2)  # two rows of two
        self.screenshot("phone")


if __name__ == "__main__":
    if MISSING:
        print(f"skipped: not installed: {', '.join(MISSING)} (scripts/setup.sh browser)")
        sys.exit(77)
    if len(sys.argv) > 1:
        SHOTS = pathlib.Path(sys.argv.pop())
        SHOTS.mkdir(exist_ok=True)
    unittest.main()
