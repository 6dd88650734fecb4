"""Suggest labels by a chat model on this machine: a llama.cpp server, or Ollama.

For Ollama: --url http://localhost:11434/v1 --model NAME. Nothing leaves the machine.
"""

from functools import partial

from chat import answer_lines, asked, options

if __name__ == "__main__":
    parser = options(__doc__)
    parser.set_defaults(url="http://localhost:8080/v1", model="default", timeout=120.0)
    answer_lines(partial(asked, parser.parse_args(), ""))
