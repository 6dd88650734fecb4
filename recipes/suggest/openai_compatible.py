"""Suggest labels by a chat model behind an address that speaks OpenAI's protocol.

The key is read from OPENAI_API_KEY (or the variable that --key-from names), and stored nowhere.
"""

import os
from functools import partial

from chat import answer_lines, asked, options

if __name__ == "__main__":
    parser = options(__doc__)
    parser.set_defaults(url="https://api.openai.com/v1", model="gpt-4o-mini")
    parser.add_argument("--key-from", default="OPENAI_API_KEY", help="environment variable")
    given = parser.parse_args()
    answer_lines(partial(asked, given, os.environ.get(given.key_from, "")))
