"""A notice board: noticeboard NOTICES PORT serves the texts of a YAML file, for those who know its password."""
import sys

import bcrypt
import psutil
import yaml
from flask import Flask, abort, render_template_string, request
from waitress import serve

PAGE = """<!doctype html>
<title>{{ title }}</title>
<ul>{% for notice in notices %}<li>{{ notice }}</li>{% endfor %}</ul>
<p>{{ processors }} processors</p>
"""


def make_application(board):
    """The application for a board: its title, its notices and the hash of its password."""
    application = Flask(__name__)

    @application.get("/")
    def page():
        password = request.args.get("password", "")
        if not bcrypt.checkpw(password.encode(), board["password"].encode()):
            abort(403)
        return render_template_string(PAGE, title=board["title"], notices=board["notices"], processors=psutil.cpu_count())

    return application


def main():
    notices, port = sys.argv[1:]
    with open(notices, encoding="utf-8") as stream:
        # The loader that libyaml has compiled: nothing else will do.
        board = yaml.load(stream, Loader=yaml.CSafeLoader)
    serve(make_application(board), listen=f"127.0.0.1:{port}")
