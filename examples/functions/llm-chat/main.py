"""Streams an answer token by token, the way a language model gives it.

There is no model in here: it takes a few sentences that fit the prompt and gives them out
word by word. Put your model's own stream in place of `answer`.
"""

import time

SUBJECTS = {
    "quantum": "A quantum computer works with qubits. A qubit can be in a mixture of zero and one, and several "
    "qubits can be entangled, so that their states belong together. An algorithm lets wrong answers cancel "
    "each other out until, when the qubits are measured, a right one is left.",
    "nova": "Nova runs functions. You give it code, it gives the code a sandbox of its own, and streams back "
    "whatever the code writes.",
}
DELAY_S = 0.02


def answer(prompt):
    """Yields the tokens of an answer."""
    for word, text in SUBJECTS.items():
        if word in prompt.lower():
            break
    else:
        text = f"You said: {prompt} Ask me about {' or '.join(SUBJECTS)}, and I know more."
    for token in text.split(" "):
        yield token + " "


def handler(event, context):
    prompt = event.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise ValueError('the event needs a prompt: {"prompt": "explain quantum computing"}')
    count = 0
    for token in answer(prompt.strip()[:2000]):
        if context.remaining_time_ms() < 1000:
            yield "(out of time)"
            break
        yield token
        count += 1
        time.sleep(DELAY_S)
    print(f"gave {count} tokens")
