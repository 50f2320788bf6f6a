"""A student in JupyterLab and an instructor in nbgrader's Formgrader, with a real server and a real browser.

Screenshots are kept in build/screenshots/.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[1]
SHOTS = ROOT / "build" / "screenshots"
CLIP = """def clip(gradients, maxValue):
    for name in ("dWax", "dWaa", "dWya", "db", "dby"):
        gradients[name] = np.clip(gradients[name], -maxValue, maxValue)
    return gradients"""
NOTEBOOK = "jupyterapp.shell.currentWidget"


@pytest.fixture
def jupyter(tmp_path):
    """Starts `jupyter lab` in a directory, and returns its address."""
    servers = []

    def start(folder, *options):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            port = free.getsockname()[1]
        environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "HOME": str(tmp_path)}
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", *options,
        ]  # fmt: skip
        log = open(tmp_path / "server.log", "w")  # noqa: SIM115 - closed with the server
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        servers.append((server, log))
        address = f"http://localhost:{port}"
        _until(lambda: _answers(f"{address}/api/status"), 60, lambda: (tmp_path / "server.log").read_text())
        return address

    yield start
    for server, log in servers:
        server.terminate()
        server.wait(timeout=30)
        log.close()


def _answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def _until(condition, seconds, what=str):
    from selenium.webdriver.support.ui import WebDriverWait

    try:
        WebDriverWait(None, seconds, poll_frequency=0.3).until(lambda _: condition())
    except Exception as error:
        raise AssertionError(f"not within {seconds} s: {what()}") from error


def shot(browser, name):
    SHOTS.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(SHOTS / f"{name}.png"))


def run_cells(browser, *grade_ids):
    """Run the cells with these grade_ids; what each raised, or None."""
    script = """
        const [ids, done] = arguments, panel = jupyterapp.shell.currentWidget;
        (async () => {
            const raised = [];
            for (const id of ids) {
                const at = panel.content.widgets.findIndex(
                    one => (one.model.getMetadata('nbgrader') || {}).grade_id === id);
                panel.content.activeCellIndex = at;
                panel.content.deselectAll();
                await jupyterapp.commands.execute('notebook:run-cell');
                panel.content.scrollToItem(at);
                const outputs = panel.content.widgets[at].model.sharedModel.getOutputs();
                const error = outputs.find(one => one.output_type === 'error');
                raised.push(error ? error.ename : null);
            }
            done(raised);
        })().catch(error => done(String(error)));
    """
    return browser.execute_async_script(script, grade_ids)


def test_a_student_fills_in_clip_and_its_test_passes(browser, jupyter, tmp_path):
    folder = tmp_path / "release"
    shutil.copytree(ROOT / "release" / "dinosaur-island", folder)
    browser.get(f"{jupyter(folder)}/lab/tree/dinosaur-island.ipynb?reset")
    ready = (
        f"return !!(window.jupyterapp && {NOTEBOOK} && {NOTEBOOK}.sessionContext && {NOTEBOOK}.content.widgets.length)"
    )
    _until(lambda: browser.execute_script(ready), 90)
    started = f"const done = arguments[0]; {NOTEBOOK}.sessionContext.ready.then(() => done(true))"
    assert browser.execute_async_script(started)
    assert run_cells(browser, "imports", "clip", "test-clip") == [None, None, "NotImplementedError"]
    fill_in = """
        const cells = jupyterapp.shell.currentWidget.content.widgets;
        const cell = cells.find(one => (one.model.getMetadata('nbgrader') || {}).grade_id === 'clip');
        cell.model.sharedModel.setSource(arguments[0]);
    """
    browser.execute_script(fill_in, CLIP)
    assert run_cells(browser, "clip", "test-clip") == [None, None]
    shot(browser, "student")
    save = "const done = arguments[0]; jupyterapp.shell.currentWidget.context.save().then(() => done(true))"
    assert browser.execute_async_script(save)
    command = [sys.executable, "-m", "autograder", "check", "--json", str(folder / "dinosaur-island.ipynb")]
    report = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert report["functions"]["clip"]["score"] == 15
    assert report["score"] == 15


def test_an_instructor_sees_scores_and_opens_a_submission(browser, jupyter, small_class):
    extension = "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"
    address = jupyter(small_class.root, extension)

    def text():
        return browser.find_element("tag name", "body").text

    browser.get(f"{address}/formgrader/manage_assignments")
    _until(lambda: "dinosaur-island" in text(), 60, text)
    shot(browser, "formgrader-assignments")
    browser.get(f"{address}/formgrader/manage_submissions/dinosaur-island")
    _until(lambda: "half-finished" in text() and "100" in text(), 60, text)
    assert "40" in text()
    shot(browser, "formgrader-submissions")
    browser.get(f"{address}/formgrader/manage_students/half-finished/dinosaur-island")
    _until(lambda: browser.find_elements("css selector", "tbody td a"), 60, text)
    browser.find_element("css selector", "tbody td a").click()
    _until(lambda: "clip" in text() and "passed" in text(), 60, text)
    shot(browser, "formgrader-submission")
