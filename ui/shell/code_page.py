"""The page that asks for the code: all that somebody sees who has not been let in."""

from __future__ import annotations

from html import escape

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Enter the code · Format Matters</title><link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; --ground: #f2f5f9; --card: #fff; --ink: #1b2430; --gray: #5c6877; --edge: #8493a3;
  --blue: #1f66d1; --red: #b3261e; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ground: #10151c; --card: #1a222d; --ink: #e4e9f0; --gray: #a6b1bf;
  --edge: #66758a; --blue: #2f6fd0; --red: #ff9b92; }} }}
* {{ box-sizing: border-box }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 "Source Sans", system-ui, sans-serif }}
main {{ width: min(26rem, 100%); background: var(--card); border-radius: .75rem; padding: 2rem;
  box-shadow: 0 1px 4px rgb(0 0 0 / .15) }}
h1 {{ font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem }}
p {{ margin: 0 0 1.25rem; color: var(--gray) }}
p[role=alert] {{ color: var(--red); font-weight: 600 }}
label {{ display: block; font-weight: 600; margin-bottom: .35rem }}
input {{ width: 100%; padding: .7rem .8rem; font: 600 1.5rem/1.3 ui-monospace, monospace; letter-spacing: .12em;
  text-transform: uppercase; color: inherit; background: transparent;
  border: 1px solid var(--edge); border-radius: .5rem }}
button {{ width: 100%; margin-top: 1rem; padding: .75rem; font: inherit; font-weight: 600; color: #fff;
  background: var(--blue); border: 0; border-radius: .5rem; cursor: pointer }}
input:focus-visible, button:focus-visible {{ outline: 3px solid var(--blue); outline-offset: 2px }}
</style></head>
<body><main>
<h1>Format Matters</h1>
<p>The host shows this app to a class. Enter the code that the host shows.</p>
{told}<form method="post" action="/join">
<label for="code">Code</label>
<input id="code" name="code" required maxlength="40" autocomplete="off" autocapitalize="characters" spellcheck="false"
  autofocus placeholder="XXXX-XXXX">
<input type="hidden" name="next" value="{next}">
<button>Enter</button>
</form>
</main></body></html>
"""


def code_page(told: str, next_: str) -> str:
    """HTML without scripts. `told`: what was wrong, or nothing; `next_`: the page to go on to."""
    alert = f'<p role="alert">{escape(told)}</p>\n' if told else ""
    return _PAGE.format(told=alert, next=escape(next_, quote=True))


def wait_text(seconds: float) -> str:
    """When the next code is looked at."""
    return f"Wait {max(round(seconds + 0.5), 1)} s, then try again."
